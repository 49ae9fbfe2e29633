// SPDX-License-Identifier: MIT
// `pretext probe` and `pretext knn` say what the features of a trained network are worth.
#include <cstdio>
#include <memory>
#include <pretext/eval/features.hpp>

#include "measure.hpp"
#include "network.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct ProbeSettings {
  MeasureSettings measure;
  NetworkSettings network;
  std::string out;
  bool baselines = true;
};

int run(const ProbeSettings& s, const Settings& settings, const std::string& verb) {
  const std::string name = verb + (s.measure.protocol.empty() ? "" : "-" + s.measure.protocol);
  const TrainingSettings training = s.network.read(settings, s.measure.seed);
  const std::string out = s.network.place(s.out, name + ".json");
  Restored trained = s.network.load(training);
  std::vector<std::string> taps = trained.backbone.taps();
  taps.push_back(eval::pixels_tap);
  s.measure.check(taps);
  if (s.network.dry_run.asked()) return s.network.say_dry_run(settings, verb, out);
  require_writable(out);
  const JsonObject weights = weights_of(s.network.from().file, training, trained);
  const data::Dataset train = training.source.open(data::Split::train),
                      test = training.source.open(data::Split::test);
  MeasureSettings how = s.measure;
  if (how.k == 0 && how.protocol.empty()) how.k = std::min<std::int64_t>(200, train.size());
  const std::int64_t k = how.options().nearest.k.front();
  require(!how.options().knn || k <= train.size(), "--k must be at most ", train.size(),
          ", the number of training pictures, not ", k);
  auto results = measure(trained.backbone, s.network.name(training), train, test, training.inputs(), how);
  const auto append = [&](nn::Sequential<>& net, const std::string& name) {
    for (auto& row : measure(net, name, train, test, training.inputs(), how))
      results.push_back(std::move(row));
  };
  if (s.baselines) {
    auto random = make_network(training);
    append(random, "random");
    nn::Sequential<> pixels;
    append(pixels, "raw pixels");
  }
  print_table(results);
  write_results(out, results, settings.command(), settings.toml(), weights);
  std::printf("\nevery number with its protocol: %s\n", out.c_str());
  return 0;
}

Verb make_verb(const std::string& name, const std::string& help, bool linear) {
  auto s = std::make_shared<ProbeSettings>();
  s->measure.linear = linear;
  s->measure.knn = !linear;
  Verb verb{name, help, {}, [s, name](const Settings& settings) { return run(*s, settings, name); }};
  s->network.add_to(verb.settings, "Labelled pictures with a train and a test part");
  s->measure.add_to(verb.settings);
  verb.settings.add("seed", &s->measure.seed,
                    "Draws the validation part and, beside --weights, the random weights");
  verb.settings.add("baselines", &s->baselines, "Measure random weights and raw pixels as well");
  verb.settings.add_unstored(
      "out", &s->out, "Result file (default: probe.json, probe-PROTOCOL.json or knn.json in the run folder)");
  return verb;
}

}  // namespace

Verb probe_verb() { return make_verb("probe", "Fit linear probes to the taps of a trained network", true); }

Verb knn_verb() { return make_verb("knn", "Classify by the nearest neighbours of features", false); }
