// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/linear.hpp"
#include "pretext/ops/l2_normalize.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/ops/triplet_loss.hpp"
#include "pretext/tasks/classifier.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// Writes crops of one picture, all of them grey or none, labelled by the picture's place in the batch.
template <int Views>
struct ExemplarCrops {
  static constexpr int views = Views, labels = Views;
  static constexpr bool crisp = true;  // no view looks at neighbouring pixels
  ResizedCrop crop{};
  float grey = 0.66F;

  /// Evaluation draws as training does: one crop alone says nothing.
  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    const ColorMatrix color = rng.chance(grey) ? ColorMatrix::grey() : ColorMatrix{};
    for (int k = 0; k < views; ++k) {
      view[k] = {.source = source.index, .map = crop(source.picture, rng), .color = color};
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
  Normalization normalization{.statistics = Statistics::tile_rms};  // the code takes one mean, too
  std::int64_t embedding = 1000;
  double margin = 0.5;
  ops::Mining mining = ops::Mining::semi_hard;

  static constexpr int views = 8;

  /// Calls f(name, value, meaning) for every constant of the task.
  void each_constant(auto&& f) const {
    f("views", views, "crops of each picture in a step");
    crop.each_constant(f);
    f("grey", grey, "probability that the crops of a picture are shown in grey");
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
  static_assert(std::same_as<D, Cpu>, "exemplar_triplet: neighbours are found on the processor alone");

 public:
  using Options = ExemplarTripletOptions;

  ExemplarTriplet(const Options& options, Rng& rng)
      : options_(checked(options)), head_({.in = options.features, .out = options.embedding}, rng) {}

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

  /// A crop is solved where the crop nearest to it is of the same picture. Throws for a batch of one picture,
  /// which has no others to tell it from.
  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    require(batch.labels.size() > Options::views,
            "exemplar_triplet: a batch of one picture teaches nothing, ",
            "as there are no others to tell it from; use larger batches");
    const Var<T, D> embeddings = embed(backbone, tape.constant(batch.inputs));
    const std::int64_t solved = count_solved(embeddings.value(), batch.labels);
    return {apply(op(), embeddings, batch.labels),
            Tensor<std::int32_t, D>::full({1}, static_cast<std::int32_t>(solved)), batch.labels.size()};
  }

  /// A batch of one picture would always be right: it counts nothing.
  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    if (batch.labels.size() <= Options::views) return {};
    const Tensor<T, D> embeddings = embed(backbone, batch.inputs);
    return {static_cast<double>(apply(op(), embeddings, batch.labels).item()),
            count_solved(embeddings, batch.labels), batch.labels.size()};
  }

  void each(auto&& f) { head_.each(f); }

 private:
  static const Options& checked(const Options& o) {
    const char* const name = "exemplar_triplet";
    check_features(name, o.features);
    o.crop.check(name);
    require(o.grey >= 0 && o.grey <= 1, name, ": a probability of ", o.grey, " of grey");
    require(o.embedding >= 1, name, ": an embedding of ", o.embedding, " numbers");
    require(o.margin >= 0 && o.margin <= 4, name, ": a margin of ", o.margin,
            " between squared distances, which are 0 to 4");
    return o;
  }

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
