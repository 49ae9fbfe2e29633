// SPDX-License-Identifier: MIT
// `pretext demo` does the main job from end to end: learn from unlabelled pictures by rotation prediction,
// then measure what the features are worth beside random weights, raw pixels and supervised training.
#include "demo.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <pretext/pretext.hpp>

#include "measure.hpp"
#include "page_parts.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct DemoSettings {
  TrainingSettings training;
  MeasureSettings measure;
  std::int64_t seeds = 3, supervised_epochs = 6, threads = 0;
  std::string out = "runs/demo";
  bool force = false, resume = false;

  DemoSettings() {
    training.source.data = "shapes:32:3500";
    training.source.size = 32;
    training.width = 32;
    training.epochs = 3;
    training.batch = 8;
    training.momentum = 0.8;
    training.padding = 0;
    training.mirror = false;
    measure.budget = 1024;
    measure.l2 = "0.1,0.01,0.001";
  }

  /// The same network trained with labels: in batches of as many views.
  TrainingSettings supervised(TrainingSettings settings) const {
    settings.task = "supervised";
    settings.epochs = supervised_epochs;
    settings.batch *= tasks::RotationViews::views;
    return settings;
  }
};

/// The demo at work on one data set.
class Demo {
 public:
  explicit Demo(const DemoSettings& s)
      : s_(s),
        train_(s.training.source.open(data::Split::train)),
        test_(s.training.source.open(data::Split::test)) {
    require(train_.labelled() && test_.labelled(), "demo: the pictures of ", train_.name(),
            " need labels, which measure the features; expected class folders with a train and a test part");
    // Before the first of many minutes, not after.
    s.training.check(train_);
    try {
      TrainingSettings supervised = s.supervised(s.training);
      supervised.resolve();
      supervised.check(train_);
    } catch (const Error& error) {
      fail(error.what(), "; supervised training takes --supervised-epochs ", s.supervised_epochs,
           " and four times --batch ", s.training.batch);
    }
    outcome_.train_pictures = train_.size();
    outcome_.test_pictures = test_.size();
  }

  DemoOutcome run() {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < s_.seeds; ++i) run_seed(s_.training.seed + i, i == 0);
    outcome_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(outcome_);
  }

 private:
  train::RunMode mode(const std::filesystem::path& out) const {
    if (s_.force) return train::RunMode::force;
    return s_.resume && std::filesystem::exists(out) ? train::RunMode::resume : train::RunMode::fresh;
  }

  Trained train(const TrainingSettings& settings) {
    const auto out = std::filesystem::path(s_.out) / ("seed" + std::to_string(settings.seed)) / settings.task;
    std::fprintf(stderr, "\nseed %lld: %s\n", static_cast<long long>(settings.seed), settings.task.c_str());
    Settings stored;
    TrainingSettings copy = settings;
    stored.add("task", &copy.task, "");
    copy.add_to(stored);
    return train_network(settings, train_, test_, {.out = out, .mode = mode(out), .config = stored.toml()});
  }

  void run_seed(std::int64_t seed, bool shown) {
    TrainingSettings settings = s_.training;
    settings.seed = seed;
    Trained rotation = train(settings);
    auto random = make_backbone(settings);
    if (shown) {
      keep_answers(rotation);
      outcome_.filters = first_filters(rotation.backbone).value();
      outcome_.parameters = rotation.parameters;
    }
    add_score("rotation", "rotation task", rotation.test, seed);
    add_probes(rotation.backbone, "rotation", settings);
    add_probes(random, "random", settings);
    if (shown) keep_neighbours(rotation.backbone, random, settings);
    if (shown) {
      nn::Sequential<> pixels;
      add_probes(pixels, "raw pixels", settings);
    }
    outcome_.rotation_epochs.push_back(std::move(rotation.epochs));

    settings = s_.supervised(settings);
    Trained supervised = train(settings);
    add_score("supervised", "supervised training", supervised.test, seed);
    add_probes(supervised.backbone, "supervised", settings);
    outcome_.supervised_epochs.push_back(std::move(supervised.epochs));
  }

  void add_probes(nn::Sequential<>& net, const std::string& network, const TrainingSettings& settings) {
    MeasureSettings measure_settings = s_.measure;
    measure_settings.seed = settings.seed;
    for (auto& row : measure(net, network, train_, test_, settings.inputs(), measure_settings)) {
      // The labels of the validation part are no secret to a network that learnt from them.
      if (network == "supervised") row.validation_accuracy = std::numeric_limits<double>::quiet_NaN();
      outcome_.results.push_back(std::move(row));
    }
  }

  void add_score(const std::string& network, const std::string& protocol, const tasks::Score& score,
                 std::int64_t seed) {
    eval::Result row{.network = network, .tap = "head", .protocol = protocol, .dataset = train_.name()};
    row.train_hash = train_.hash();
    row.test_hash = test_.hash();
    row.seed = static_cast<std::uint64_t>(seed);
    row.train = train_.size();
    row.test = test_.size();
    row.views = score.count / test_.size();
    row.correct = score.correct;
    outcome_.results.push_back(row);
  }

  void keep_answers(Trained& rotation) {
    const tasks::Batch<> batch = rotation.task.batch(test_, {0, 0, some_indices(test_.size(), 6)}, false);
    const std::vector<int> answers = answers_of(rotation, batch.inputs);
    for (std::int64_t v = 0; v < batch.inputs.dim(0); ++v)
      outcome_.asked.push_back(
          {picture(batch.inputs, v), batch.labels.data()[v], answers[static_cast<std::size_t>(v)]});
  }

  static Image picture(const Tensor<float, Cpu>& inputs, std::int64_t i) {
    return to_image(inputs.rows(i, i + 1).reshape({inputs.dim(1), inputs.dim(2), 3}), cifar_normalization);
  }

  void keep_neighbours(nn::Sequential<>& trained, nn::Sequential<>& random,
                       const TrainingSettings& settings) {
    outcome_.neighbour_tap = best_probe(outcome_.results, "rotation").first;
    outcome_.neighbours = neighbours_of(trained, settings);
    outcome_.random_neighbours = neighbours_of(random, settings);
  }

  std::vector<NeighbourRow> neighbours_of(nn::Sequential<>& net, const TrainingSettings& settings) {
    const std::vector<std::string> taps{outcome_.neighbour_tap};
    const tasks::PlainInputs inputs = settings.inputs();
    const eval::FeatureOptions options = s_.measure.options().features;
    const auto asked = some_indices(test_.size(), 6);
    const data::Dataset queries = test_.subset(asked);
    const eval::Bank bank(eval::features(net, taps, train_, inputs, options).front().x);
    const auto found = bank.nearest(eval::features(net, taps, queries, inputs, options).front().x, 7);
    const auto shown = [&](const data::Dataset& set, std::int64_t i) {
      const std::int64_t one[] = {i};
      return picture(inputs(set, one), 0);
    };
    const auto label = [&](const data::Dataset& set, std::int64_t i) {
      return set.classes()[static_cast<std::size_t>(set.label(i))];
    };
    std::vector<NeighbourRow> rows;
    for (std::int64_t q = 0; q < queries.size(); ++q) {
      NeighbourRow row{shown(queries, q), label(queries, q), {}, {}};
      for (std::int64_t k = 0; k < found.k; ++k) {
        const std::int64_t i = found.index[static_cast<std::size_t>(q * found.k + k)];
        row.images.push_back(shown(train_, i));
        row.labels.push_back(label(train_, i));
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

  const DemoSettings& s_;
  data::Dataset train_, test_;
  DemoOutcome outcome_;
};

int run(DemoSettings& s, const Settings& settings) {
  require(s.seeds >= 1 && s.seeds <= 100, "--seeds must be 1 to 100, not ", s.seeds);
  require(!(s.force && s.resume), "--force starts anew and --resume continues: give one of them");
  require(s.threads >= 0, "--threads must be at least 1, or 0 for one a core, not ", s.threads);
  if (s.threads > 0) set_num_threads(narrow<int>(s.threads, "--threads"));
  const std::filesystem::path out = s.out;
  require(
      s.force || s.resume || !std::filesystem::exists(out), s.out,
      ": the demo was run there before; --force runs it anew and deletes those runs, --resume goes on where "
      "it stopped, or give another --out");
  s.training.resolve();
  const DemoOutcome outcome = Demo(s).run();
  write_results(out / "results.json", outcome.results, settings.command(), settings.toml());
  write_demo_page(out / "report.html", outcome, s.training, settings.command());
  print_table(outcome.results);
  const auto [tap, accuracy] = best_probe(outcome.results, "rotation");
  const auto random = best_probe(outcome.results, "random");
  std::printf(
      "\nlinear probe at the tap that validation chose: %s with %.1f %%, random weights %.1f %% at %s\n",
      tap.c_str(), 100 * accuracy, 100 * random.second, random.first.c_str());
  std::printf("page: %s\nnumbers: %s\n", (out / "report.html").c_str(), (out / "results.json").c_str());
  return 0;
}

}  // namespace

std::pair<std::string, double> best_probe(const std::vector<eval::Result>& results,
                                          const std::string& network) {
  std::pair<std::string, double> best{"", std::numeric_limits<double>::quiet_NaN()};
  double validation = -1;
  for (const eval::Summary& s : eval::summarize(results)) {
    if (s.first.network != network || !s.first.protocol.starts_with("linear probe")) continue;
    if (!(s.validation > validation)) continue;
    validation = s.validation;
    best = {s.first.tap, s.accuracy.mean};
  }
  return best;
}

Verb demo_verb() {
  auto s = std::make_shared<DemoSettings>();
  Verb verb{"demo",
            "The main job from end to end: pretrain, probe, compare, and a page that shows it",
            {},
            [s](const Settings& settings) { return run(*s, settings); }};
  s->training.add_to(verb.settings);
  verb.settings.add("supervised-epochs", &s->supervised_epochs, "Epochs of the supervised baseline");
  verb.settings.add("seeds", &s->seeds, "How often everything is done, with this many seeds from --seed on");
  verb.settings.add("budget", &s->measure.budget, "Most features of a tap");
  verb.settings.add_unstored("out", &s->out, "Where the runs, the page and the numbers go");
  verb.settings.add_unstored("force", &s->force, "Delete the runs that are there");
  verb.settings.add_unstored("resume", &s->resume, "Go on where an earlier demo stopped");
  verb.settings.add_unstored("threads", &s->threads, "Threads of all kernels; 0: one a core");
  return verb;
}
