// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/linear.hpp"
#include "pretext/ops/add.hpp"
#include "pretext/ops/l2_normalize.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/tasks/classifier.hpp"
#include "pretext/tasks/jitter.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// What the contrastive task is made of. The defaults are the paper's for ImageNet; for small pictures it
/// halves the jitter, leaves out the blur and takes a temperature of 0.5.
struct ContrastiveOptions {
  std::int64_t features = 0;  ///< channels of the backbone's last tap
  std::uint64_t seed = 0;
  Normalization normalization = cifar_normalization;

  ResizedCrop crop{};
  ColorJitter jitter{.brightness = 0.8F, .contrast = 0.8F, .saturation = 0.8F, .hue = 0.2F};
  float jittered = 0.8F, grey = 0.2F, blurred = 0.5F;
  float blur_low = 0.1F, blur_high = 2;
  std::int64_t embedding = 128;
  double temperature = 0.1;

  /// Calls f(name, value, meaning) for every constant of the task.
  void each_constant(auto&& f) const {
    crop.each_constant(f);
    f("brightness", jitter.brightness, "factor within 1 +- this");
    f("contrast", jitter.contrast, "factor within 1 +- this");
    f("saturation", jitter.saturation, "factor within 1 +- this");
    f("hue", jitter.hue, "largest turn of the hue to either side, whole turns");
    f("jittered", jittered, "probability that colours are changed so");
    f("grey", grey, "probability of grey");
    f("blurred", blurred, "probability of a blur");
    f("blur_low", blur_low, "smallest deviation of a blur in pixels");
    f("blur_high", blur_high, "largest deviation of a blur in pixels");
    f("embedding", embedding, "numbers that stand for a view, at length 1");
    f("temperature", temperature, "by which cosines are divided");
  }
};

/// The paper's constants, believed; throws for other variants.
inline ContrastiveOptions contrastive_options(Variant variant) {
  require(variant == Variant::paper, "contrastive: there is no ", to_string(variant), " variant, only paper");
  return {};
}

/// Writes two views of one picture, each labelled by the place of the other in the batch.
struct ContrastiveViews {
  static constexpr int views = 2, labels = 2;
  ContrastiveOptions o{};

  /// Evaluation draws as training does: equal views would say nothing.
  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    for (int k = 0; k < views; ++k) {
      view[k] = {.source = source.index, .map = o.crop(source.picture, rng)};
      if (rng.chance(o.jittered)) o.jitter(view[k], rng);
      if (rng.chance(o.grey)) view[k].color = ColorMatrix::grey().after(view[k].color);
      if (rng.chance(o.blurred)) view[k].blur = rng.uniform(o.blur_low, o.blur_high);
      label[k] = 2 * source.index + 1 - k;
    }
  }
};

/// Which view shows the same picture as this one? Each picture of a batch is shown in two views, and the
/// embedding of each is to be most similar to that of the other: the normalised, temperature-scaled
/// cross-entropy of SimCLR (Chen et al., ICML 2020).
template <Device D = Cpu, class T = float>
class Contrastive {
 public:
  using Options = ContrastiveOptions;

  Contrastive(const Options& options, Rng& rng)
      : options_(checked(options)),
        hidden_({.in = options.features, .out = options.features}, rng),
        head_({.in = options.features, .out = options.embedding, .bias = false}, rng) {}

  std::string name() const { return "contrastive"; }

  /// inputs [2 n, size, size, 3], and for each the place of the other view of its picture.
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    const int size = options_.crop.size;
    return draw_batch<D, T>(ContrastiveViews{options_}, dataset, plan,
                            {{size, size, options_.normalization}, options_.seed}, training);
  }

  /// logits [N, N]: the cosines between the embeddings of inputs [N, H, W, 3] by the temperature; of each
  /// input with itself a number that cannot win.
  template <class X>
  X logits(nn::Sequential<D, T>& backbone, const X& inputs) {
    const X pooled = apply(ops::GlobalAvgPool{}, backbone(inputs));
    const X z = apply(ops::L2Normalize{}, head_(apply(ops::Relu{}, hidden_(pooled))));
    const X cosines = apply(ops::Linear{}, z, z, Tensor<T, D>());
    return apply(ops::Add{}, apply(ops::Scale{{1 / options_.temperature}}, cosines), self_mask(z.dim(0)));
  }

  /// Throws for a batch of one picture, which has no others to tell it from.
  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    require(batch.labels.size() > 2, "contrastive: a batch of one picture teaches nothing, as there are no ",
            "others to tell it from; use larger batches");
    return outcome_of(logits(backbone, tape.constant(batch.inputs)), batch.labels);
  }

  /// A batch of one picture would always be right: it counts nothing.
  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    if (batch.labels.size() <= 2) return {};
    return score_of(logits(backbone, batch.inputs), batch.labels);
  }

  void each(auto&& f) {
    hidden_.each(nn::prefixed("hidden.", f));
    head_.each(nn::prefixed("out.", f));
  }

 private:
  static const Options& checked(const Options& o) {
    const char* const name = "contrastive";
    check_features(name, o.features);
    o.crop.check(name);
    o.jitter.check(name);
    for (const float p : {o.jittered, o.grey, o.blurred})
      require(p >= 0 && p <= 1, name, ": a probability of ", p, " of a change");
    require(o.blur_low >= 0 && o.blur_low <= o.blur_high && o.blur_high <= 16, name, ": blurs of ",
            o.blur_low, " to ", o.blur_high, " pixels; expected 0 <= blur_low <= blur_high <= 16");
    require(o.embedding >= 1, name, ": an embedding of ", o.embedding, " numbers");
    require(o.temperature > 0 && o.temperature <= 1e6, name, ": temperature must be positive, not ",
            o.temperature);
    return o;
  }

  static Tensor<T, D> self_mask(std::int64_t n) {
    std::vector<T> mask(static_cast<std::size_t>(n * n));
    for (std::int64_t i = 0; i < n; ++i) mask[static_cast<std::size_t>(i * n + i)] = T(-1e9);
    return Tensor<T, D>::from({n, n}, mask);
  }

  Options options_;
  nn::Linear<D, T> hidden_, head_;
};

}  // namespace pretext::tasks
