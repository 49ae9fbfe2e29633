// SPDX-License-Identifier: MIT
// `pretext lowshot` says what the features of a trained network are worth where few pictures have labels.
#include <cstdio>
#include <memory>
#include <pretext/cpu/render.hpp>
#include <pretext/eval/probe.hpp>

#include "labels.hpp"
#include "network.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct LowshotSettings {
  MeasureSettings measure;
  LabelSettings labels;
  LabelTraining supervised{.epochs = 0};
  NetworkSettings network;
  std::string out;
  bool baselines = true;
};

std::vector<eval::Result> low_shot(const LowshotSettings& s, nn::Sequential<>& net,
                                   const std::string& network, const data::Dataset& train,
                                   const data::Dataset& test, const tasks::PlainInputs& inputs) {
  eval::LowShotOptions options{.labels = s.labels.counts(), .draws = s.labels.draws};
  options.order = label_order_of(s.labels.order);
  options.eval = options_of(s.measure, net, inputs);
  options.eval.seed = static_cast<std::uint64_t>(s.labels.seed);
  return eval::low_shot(net, network, train, eval::seal(train, test), inputs, options);
}

int run(LowshotSettings& s, const Settings& settings) {
  s.labels.check();
  require(s.supervised.epochs >= 0, "--supervised-epochs must be at least 0, not ", s.supervised.epochs);
  const TrainingSettings training = s.network.read(settings, s.labels.seed);
  const std::string out = s.network.place(s.out, "lowshot.json");
  for (const std::int64_t count : s.labels.counts()) {
    require(count >= 1, "--labels must be at least 1 a class, not ", count);
    if (s.supervised.epochs > 0) s.supervised.of(training, {}, s.labels, count, 0);
  }
  auto trained = s.network.load(training);
  s.measure.check(trained.backbone.taps());
  if (s.network.dry_run.asked()) return s.network.say_dry_run(settings, "lowshot", out);
  require_writable(out);
  const data::Dataset train = training.source.open(data::Split::train),
                      test = training.source.open(data::Split::test);
  auto results = low_shot(s, trained.backbone, s.network.name(training), train, test, training.inputs());
  const auto append = [&](std::vector<eval::Result> more) {
    results.insert(results.end(), more.begin(), more.end());
  };
  if (s.baselines) {
    auto random = make_network(training);
    append(low_shot(s, random, "random", train, test, training.inputs()));
  }
  if (s.supervised.epochs > 0) append(train_on_labels(s.supervised, training, {}, s.labels, train, test));
  print_table(results, true);
  write_results(out, results, settings.command(), settings.toml(),
                weights_of(s.network.from().file, training, trained));
  std::printf("\nmean, deviation and 95 %% interval of %s; every number with its protocol: %s\n",
              counted(s.labels.draws, "draw").c_str(), out.c_str());
  return 0;
}

}  // namespace

Verb lowshot_verb() {
  auto s = std::make_shared<LowshotSettings>();
  s->measure.knn = false;
  Verb verb{"lowshot",
            "Fit linear probes with few labels, several draws of them",
            {},
            [s](const Settings& settings) { return run(*s, settings); }};
  s->network.add_to(verb.settings, "Labelled pictures with a train and a test part");
  s->labels.add_to(verb.settings);
  s->measure.add_to(verb.settings);
  verb.settings.add("baselines", &s->baselines, "Measure random weights as well");
  verb.settings.add(
      "supervised-epochs", &s->supervised.epochs,
      "Train from random weights on the same labels as well, epochs as long as with all; 0: no");
  verb.settings.add("supervised-lr", &s->supervised.lr, "Its highest learning rate");
  verb.settings.add("supervised-batch", &s->supervised.batch, "Pictures in a step of it");
  verb.settings.add_unstored("out", &s->out, "Result file (default: lowshot.json in the run folder)");
  return verb;
}
