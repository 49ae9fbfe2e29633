// SPDX-License-Identifier: MIT
// `pretext probe` and `pretext knn` say what the features of a trained network are worth.
#include <cstdio>
#include <memory>
#include <pretext/eval/features.hpp>

#include "measure.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct ProbeSettings {
  MeasureSettings measure;
  std::string run = "runs/rotation", data, out;
  std::int64_t limit = 0;
  bool baselines = true;
};

int run(const ProbeSettings& s, const Settings& settings, const std::string& verb) {
  TrainingSettings training = read_run(s.run, s.data);
  if (s.limit != 0) training.source.limit = s.limit;
  auto trained = load_backbone(training, s.run);
  std::vector<std::string> taps = trained.backbone.taps();
  taps.push_back(eval::pixels_tap);
  s.measure.check(taps);
  const JsonObject weights = weights_of(s.run, training, trained);
  const data::Dataset train = training.source.open(data::Split::train),
                      test = training.source.open(data::Split::test);
  require(!s.measure.knn || s.measure.k <= train.size(), "--k must be at most ", train.size(),
          ", the number of training pictures, not ", s.measure.k);
  auto results = measure(trained.backbone, training.task, train, test, training.inputs(), s.measure);
  const auto append = [&](nn::Sequential<>& net, const std::string& name) {
    for (auto& row : measure(net, name, train, test, training.inputs(), s.measure))
      results.push_back(std::move(row));
  };
  if (s.baselines) {
    auto random = make_backbone(training);
    append(random, "random");
    nn::Sequential<> pixels;
    append(pixels, "raw pixels");
  }
  print_table(results);
  const std::string out = s.out.empty() ? s.run + "/" + verb + ".json" : s.out;
  write_results(out, results, settings.command(), settings.toml(), weights);
  std::printf("\nevery number with its protocol: %s\n", out.c_str());
  return 0;
}

Verb make_verb(const std::string& name, const std::string& help, bool linear) {
  auto s = std::make_shared<ProbeSettings>();
  s->measure.linear = linear;
  s->measure.knn = !linear;
  Verb verb{name, help, {}, [s, name](const Settings& settings) { return run(*s, settings, name); }};
  verb.settings.add("run", &s->run, "Run folder of the network");
  verb.settings.add("data", &s->data,
                    "Labelled pictures with a train and a test part; empty: those of the run");
  verb.settings.add("limit", &s->limit, "At most so many pictures of a part; 0: as many as the run took");
  s->measure.add_to(verb.settings);
  verb.settings.add("baselines", &s->baselines, "Measure random weights and raw pixels as well");
  verb.settings.add_unstored("out", &s->out,
                             "Result file (default: probe.json or knn.json in the run folder)");
  return verb;
}

}  // namespace

Verb probe_verb() { return make_verb("probe", "Fit linear probes to the taps of a trained network", true); }

Verb knn_verb() { return make_verb("knn", "Classify by the nearest neighbours of features", false); }
