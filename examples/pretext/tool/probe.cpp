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
  RunSettings of;
  WeightSettings weights;
  std::string model, out;
  std::int64_t width = 0, size = 224;
  bool baselines = true;
};

/// The network that is measured, as if it had been trained with these settings.
struct Measured {
  TrainingSettings training;
  Restored restored;
  std::string name, from;
};

Measured network_of_run(const ProbeSettings& s) {
  TrainingSettings training = s.of.read();
  Restored restored = load_backbone(training, s.of.run);
  return {training, std::move(restored), training.task, s.of.run};
}

/// One that somebody else trained.
Measured network_of_weights(const ProbeSettings& s) {
  require(!s.model.empty(), "--weights needs the --model that they are of; 'pretext info' lists the models");
  require(!s.of.data.empty() && !s.out.empty(),
          "--weights needs --data and --out, as there is no run to take them from");
  TrainingSettings training;
  training.task = "supervised";
  training.model = s.model;
  training.width = s.width;
  training.epochs = 0;
  training.source.size = s.size;
  s.of.apply(training.source);
  require_known("model", training.model, model_names());
  Restored restored{make_backbone(training), {}};
  s.weights.load(restored.backbone);
  restored.hash = nn::hash_state(restored.backbone);
  return {training, std::move(restored), s.model, s.weights.file};
}

int run(const ProbeSettings& s, const Settings& settings, const std::string& verb) {
  const std::string name = verb + (s.measure.protocol.empty() ? "" : "-" + s.measure.protocol);
  const std::string out = s.out.empty() ? s.of.run + "/" + name + ".json" : s.out;
  Measured measured = s.weights.file.empty() ? network_of_run(s) : network_of_weights(s);
  const TrainingSettings& training = measured.training;
  Restored& trained = measured.restored;
  std::vector<std::string> taps = trained.backbone.taps();
  taps.push_back(eval::pixels_tap);
  s.measure.check(taps);
  require_writable(out);
  const JsonObject weights = weights_of(measured.from, training, trained);
  const data::Dataset train = training.source.open(data::Split::train),
                      test = training.source.open(data::Split::test);
  const std::int64_t k = s.measure.options().nearest.k.front();
  require(!s.measure.options().knn || k <= train.size(), "--k must be at most ", train.size(),
          ", the number of training pictures, not ", k);
  auto results = measure(trained.backbone, measured.name, train, test, training.inputs(), s.measure);
  const auto append = [&](nn::Sequential<>& net, const std::string& name) {
    for (auto& row : measure(net, name, train, test, training.inputs(), s.measure))
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
  s->of.add_to(verb.settings, "Labelled pictures with a train and a test part");
  s->weights.add_to(verb.settings, "Weights of anybody's network, instead of a run's");
  verb.settings.add("model", &s->model, "Backbone that the weights are of");
  verb.settings.add("width", &s->width, "Its width; 0: as published");
  verb.settings.add("size", &s->size, "Side of its inputs, in pixels");
  s->measure.add_to(verb.settings);
  verb.settings.add("seed", &s->measure.seed, "Draws the validation part");
  verb.settings.add("baselines", &s->baselines, "Measure random weights and raw pixels as well");
  verb.settings.add_unstored(
      "out", &s->out, "Result file (default: probe.json, probe-PROTOCOL.json or knn.json in the run folder)");
  return verb;
}

}  // namespace

Verb probe_verb() { return make_verb("probe", "Fit linear probes to the taps of a trained network", true); }

Verb knn_verb() { return make_verb("knn", "Classify by the nearest neighbours of features", false); }
