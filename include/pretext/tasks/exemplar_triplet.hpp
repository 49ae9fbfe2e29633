// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/linear.hpp"
#include "pretext/ops/l2_normalize.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/ops/triplet_loss.hpp"
#include "pretext/tasks/program.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// Writes crops of one picture, some of them grey, all labelled by the picture's place in the batch.
template <int Views>
struct ExemplarCrops {
  static constexpr int views = Views, labels = Views;
  ResizedCrop crop{};
  float grey = 0.66F;

  /// Evaluation draws as training does: one crop alone says nothing.
  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    for (int k = 0; k < views; ++k) {
      view[k] = {.source = source.index, .map = crop(source.picture, rng)};
      if (rng.chance(grey)) view[k].color = ColorMatrix::grey();
      label[k] = source.index;
    }
  }
};

/// What the triplet variant of the exemplar task is made of. The defaults are those of the revisit.
struct ExemplarTripletOptions {
  std::int64_t features = 0;  ///< channels of the backbone's last tap
  std::uint64_t seed = 0;

  ResizedCrop crop{};
  float grey = 0.66F;
  Normalization normalization{.statistics = Statistics::tile};
  std::int64_t embedding = 1000;
  double margin = 0.5;
  ops::Mining mining = ops::Mining::semi_hard;

  static constexpr int views = 8;

  /// Calls f(name, value, meaning) for every constant of the task.
  void each_constant(auto&& f) const {
    f("views", views, "crops of each picture in a step");
    crop.each_constant(f);
    f("grey", grey, "probability that a crop is shown in grey");
    f("embedding", embedding, "numbers that stand for a crop, at length 1");
    f("margin", margin, "by which the squared distance to other pictures must be larger");
    f("mining", mining == ops::Mining::hard ? "hard" : "semi_hard", "which triplets count");
  }
};

/// The constants of the revisit (Kolesnikov, Zhai and Beyer, CVPR 2019); throws for the others, which are no
/// triplets. Its released code normalises the embedding over the batch instead of over its own numbers, which
/// is taken for a slip: here each embedding has length 1.
inline ExemplarTripletOptions exemplar_triplet_options(Variant variant) {
  require(variant == Variant::revisited, "exemplar_triplet: there is no ", to_string(variant),
          " variant, only revisited; the paper's task is exemplar");
  return {};
}

/// Which crops are of the same picture? Crops of one picture are to lie nearer to each other than to those of
/// others: the exemplar task with a triplet loss in place of classes, so that there may be any number of
/// pictures (Kolesnikov et al., CVPR 2019).
template <Device D = Cpu, class T = float>
class ExemplarTriplet {
 public:
  using Options = ExemplarTripletOptions;

  ExemplarTriplet(const Options& options, Rng& rng)
      : options_(options), head_({.in = options.features, .out = options.embedding}, rng) {}

  std::string name() const { return "exemplar_triplet"; }

  /// inputs [8 n, size, size, 3], and for each the place of its picture in the batch.
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    const int size = options_.crop.size;
    const ExemplarCrops<Options::views> program{options_.crop, options_.grey};
    return draw_batch<D, T>(program, dataset, plan, {{size, size, options_.normalization}, options_.seed},
                            training);
  }

  /// embeddings [N, embedding], each of length 1, of inputs [N, H, W, 3].
  template <class X>
  X embed(nn::Sequential<D, T>& backbone, const X& inputs) {
    return apply(ops::L2Normalize{}, head_(apply(ops::GlobalAvgPool{}, backbone(inputs))));
  }

  /// A crop is solved where the crop nearest to it is of the same picture.
  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    const Var<T, D> embeddings = embed(backbone, tape.constant(batch.inputs));
    return {apply(op(), embeddings, batch.labels), count_solved(embeddings.value(), batch.labels),
            batch.labels.size()};
  }

  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    const Tensor<T, D> embeddings = embed(backbone, batch.inputs);
    return {static_cast<double>(apply(op(), embeddings, batch.labels).item()),
            count_solved(embeddings, batch.labels), batch.labels.size()};
  }

  void each(auto&& f) { head_.each(f); }

 private:
  ops::TripletLoss op() const { return {options_.margin, options_.mining}; }

  /// How many rows have their nearest other row, by the largest product, under the same label.
  static std::int64_t count_solved(const Tensor<T, D>& x, const Tensor<std::int32_t, D>& labels) {
    const Tensor<T, D> products = apply(ops::Linear{}, x, x, Tensor<T, D>());
    std::int64_t solved = 0;
    for (std::int64_t i = 0, n = labels.size(); i < n; ++i) {
      std::int64_t best = -1;
      for (std::int64_t j = 0; j < n; ++j)
        if (j != i && (best < 0 || products.data()[i * n + j] > products.data()[i * n + best])) best = j;
      solved += best >= 0 && labels.data()[best] == labels.data()[i] ? 1 : 0;
    }
    return solved;
  }

  Options options_;
  nn::Linear<D, T> head_;
};

}  // namespace pretext::tasks
