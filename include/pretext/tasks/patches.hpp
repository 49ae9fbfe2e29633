// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tasks/classifier.hpp"
#include "pretext/tasks/patch_head.hpp"

namespace pretext::tasks {

// A view program whose answers are about several of its views has, besides what program.hpp asks of it,
//
//   static constexpr int group;                    how many views one answer is about
//   PRETEXT_HD void members(const std::int32_t* labels, std::int32_t first, std::int32_t* members) const;
//
// which writes the numbers of the views that each label of a picture is about, the picture's first view being
// number `first`. Its `views` and `labels` need not be constants.

/// A task whose answers are each about several patches: the patches of a program, every one through the
/// backbone once and in one batch, a PatchHead over the groups, softmax cross-entropy.
template <class Program, Device D = Cpu, class T = float>
class PatchClassifier {
 public:
  struct Options {
    Program program{};
    int tile = 0;
    Normalization normalization{};
    PatchHeadOptions head{};
    std::uint64_t seed = 0;
  };

  PatchClassifier(const Options& o, Rng& rng)
      : options_(o), head_(Program::name, o.head, Program::group, o.program.classes(), rng) {}

  std::string name() const { return Program::name; }
  const Program& program() const { return options_.program; }
  PatchHead<D, T>& head() { return head_; }

  /// inputs [n * views, tile, tile, 3] and labels [n * labels], for the n pictures of the plan.
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    const RenderOptions form{options_.tile, options_.tile, options_.normalization};
    return draw_batch<D, T>(options_.program, dataset, plan, {form, options_.seed}, training);
  }

  /// [labels * group]: which views each label is about. Throws where one is no class, or a picture lacks
  /// some.
  Tensor<std::int32_t, D> members(const Tensor<std::int32_t, D>& labels) const {
    const Program& p = options_.program;
    require(labels.size() % p.labels == 0, name(), ": ", labels.size(), " labels, of which each picture has ",
            p.labels);
    for (const std::int32_t label : labels.span())
      require(label >= 0 && label < p.classes(), name(), ": label ", label, " is none of the ", p.classes());
    std::vector<std::int32_t> all(static_cast<std::size_t>(labels.size() * Program::group));
    for (std::int64_t i = 0; i < labels.size() / p.labels; ++i)
      p.members(labels.data() + i * p.labels, static_cast<std::int32_t>(i * p.views),
                all.data() + i * p.labels * Program::group);
    return Tensor<std::int32_t, D>::from({static_cast<std::int64_t>(all.size())}, all);
  }

  /// [labels * group, tile, tile, 3]: the patches of every label, as the head meets them.
  Tensor<T, D> shown(const Batch<D, T>& batch) const {
    return apply(ops::Gather{}, batch.inputs, members(batch.labels));
  }

  /// logits [labels, classes] of a batch's inputs; the labels say which patches belong together, and nothing
  /// else is read of them. A Tensor infers, a Var trains.
  template <class X>
  X logits(nn::Sequential<D, T>& backbone, const X& inputs, const Tensor<std::int32_t, D>& labels) {
    return head_(backbone(inputs), members(labels));
  }

  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    return outcome_of(logits(backbone, tape.constant(batch.inputs), batch.labels), batch.labels);
  }

  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    return score_of(logits(backbone, batch.inputs, batch.labels), batch.labels);
  }

  void each(auto&& f) { head_.each(f); }

 private:
  Options options_;
  PatchHead<D, T> head_;
};

}  // namespace pretext::tasks
