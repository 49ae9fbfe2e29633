// SPDX-License-Identifier: MIT
#include "network.hpp"

using namespace pretext;

void NetworkSettings::add_to(Settings& settings, const std::string& pictures) {
  of.add_to(settings, pictures);
  weights.add_to(settings, "Weights of anybody's network, instead of a run's");
  settings.add("model", &model, "Backbone that the weights are of");
  settings.add("width", &width, "Its width; 0: as published");
  settings.add("size", &size, "Side of its inputs, in pixels");
  dry_run.add_to(settings);
  settings.add("colors-of", &colors_of,
               "TASK or TASK:VARIANT by whose colours its inputs are normalised; empty: CIFAR's");
}

TrainingSettings NetworkSettings::read(const Settings& given, std::int64_t seed) const {
  if (weights.file.empty()) {
    for (const char* flag : {"model", "width", "size", "colors-of", "weights-dict", "weights-prefix"})
      require(!given.given(flag), "--", flag, " is said of --weights; a run has its own");
    return of.read();
  }
  require(!given.given("run"), "--run and --weights name two networks; give one of them");
  require(!model.empty(), "--weights needs the --model that they are of; 'pretext info' lists the models");
  require(!of.data.empty(), "--weights needs --data, as there is no run to take it from");
  TrainingSettings training;
  training.task = "supervised";
  training.model = model;
  training.width = width;
  training.colors_of = colors_of;
  training.seed = seed;
  training.source.size = size;
  of.apply(training.source);
  training.resolve();
  training.epochs = 0;
  return training;
}

std::string NetworkSettings::name(const TrainingSettings& training) const {
  return weights.file.empty() ? training.task : model;
}

Restored NetworkSettings::load(const TrainingSettings& training) const {
  if (weights.file.empty()) return load_backbone(training, of.run);
  Restored restored{make_backbone(training), {}};
  weights.load(restored.backbone);
  restored.hash = nn::hash_state(restored.backbone);
  return restored;
}

WeightSettings NetworkSettings::from() const {
  return weights.file.empty() ? WeightSettings{of.run, {}, {}} : weights;
}

std::string NetworkSettings::place(const std::string& out, const std::string& file) const {
  require(!out.empty() || weights.file.empty(), "--weights needs --out FILE.json, as there is no run folder");
  return out.empty() ? of.run + "/" + file : out;
}

int NetworkSettings::say_dry_run(const Settings& given, const std::string& work,
                                 const std::string& out) const {
  const std::string file = weights.file.empty() ? of.run : weights.file;
  return dry_run.say(given, "would measure " + file + " by " + work + " and write " + out +
                                "; no picture was opened, nothing was measured or written");
}
