// SPDX-License-Identifier: MIT
// `pretext features` writes what a network makes of pictures as NumPy's arrays, for other programs.
#include <cstdio>
#include <memory>
#include <pretext/cpu/render.hpp>
#include <pretext/eval/features.hpp>
#include <pretext/tensor/npy.hpp>

#include "measure.hpp"
#include "network.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct FeaturesSettings {
  NetworkSettings network;
  MeasureSettings measure;
  std::string tap, part = "train", out;
};

data::Split split_of(const std::string& part) {
  require_known("part", part, {"train", "test", "unlabeled"});
  return part == "train" ? data::Split::train : part == "test" ? data::Split::test : data::Split::unlabeled;
}

/// What the arrays are, as a JSON file beside them.
JsonObject facts_of(const eval::Features& f, const data::Dataset& pictures) {
  return JsonObject()
      .add("tap", f.tap)
      .add("pooling", f.pooling)
      .add("rows", f.x.dim(0))
      .add("dims", f.x.dim(1))
      .add("dataset", pictures.name())
      .add("data_hash", hash_text(pictures.hash()))
      .add("classes", eval::list_text(pictures.classes()));
}

int run(const FeaturesSettings& s, const Settings& settings) {
  require(s.out.size() > 4 && s.out.ends_with(".npy"), "--out must name a .npy file, not '", s.out, "'");
  const data::Split split = split_of(s.part);
  const TrainingSettings training = s.network.read(settings, 0);
  Restored restored = s.network.load(training);
  std::vector<std::string> taps = restored.backbone.taps();
  const std::vector<std::string> tap{s.tap.empty() ? taps.back() : s.tap};
  taps.push_back(eval::pixels_tap);
  require_known("tap", tap.front(), taps);
  eval::FeatureOptions options = options_of(s.measure, restored.backbone, training.inputs()).features;
  if (s.network.dry_run.asked()) return s.network.say_dry_run(settings, "features", s.out);
  const std::string stem = s.out.substr(0, s.out.size() - 4);
  for (const char* end : {".npy", ".labels.npy", ".json"}) require_writable(stem + end);
  const data::Dataset pictures = training.source.open(split);
  const eval::Features f =
      eval::features(restored.backbone, tap, pictures, training.inputs(), options).front();
  options.watch = {};  // ends its bar
  write_npy<float>(s.out, f.x.shape(), f.x.span());
  write_npy<int>(stem + ".labels.npy", {std::ssize(f.labels)}, f.labels);
  const std::vector<JsonObject> rows{facts_of(f, pictures)};
  write_record(stem + ".json", rows, settings.command(), settings.toml(),
               weights_of(s.network.from().file, training, restored));
  std::printf("%s: [%lld, %lld], %s\n", s.out.c_str(), static_cast<long long>(f.x.dim(0)),
              static_cast<long long>(f.x.dim(1)), f.pooling.c_str());
  std::printf("labels: %s.labels.npy; what they are: %s.json\n", stem.c_str(), stem.c_str());
  return 0;
}

}  // namespace

Verb features_verb() {
  auto s = std::make_shared<FeaturesSettings>();
  s->out = "features.npy";
  Verb verb{"features",
            "Write a network's features as a .npy file, with the labels beside it",
            {},
            [s](const Settings& settings) { return run(*s, settings); }};
  s->network.add_to(verb.settings, "Pictures to compute features of");
  verb.settings.add("tap", &s->tap,
                    "Which features: a stage of the network, or pixels; empty: the last stage");
  verb.settings.add("part", &s->part, "Which pictures: train, test, or unlabeled where there are such");
  s->measure.add_features_to(verb.settings);
  verb.settings.add_unstored("out", &s->out, "The .npy file; NAME.labels.npy and NAME.json come beside it");
  return verb;
}
