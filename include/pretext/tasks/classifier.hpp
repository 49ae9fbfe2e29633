// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/linear.hpp"
#include "pretext/ops/loss.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/tasks/program.hpp"

namespace pretext::tasks {

/// How many rows of logits [N, C] are largest at their label; ties count for the first.
template <class T>
std::int64_t count_correct(const Tensor<T, Cpu>& logits, const Tensor<std::int32_t, Cpu>& labels) {
  std::int64_t correct = 0;
  for (std::int64_t i = 0; i < labels.size(); ++i) {
    const T* row = logits.data() + i * logits.dim(1);
    correct += std::max_element(row, row + logits.dim(1)) - row == labels.data()[i] ? 1 : 0;
  }
  return correct;
}

/// The loss of logits [N, C] by softmax cross-entropy, ready for backward.
template <Device D, class T>
Outcome<D, T> outcome_of(const Var<T, D>& logits, const Tensor<std::int32_t, D>& labels) {
  return {apply(ops::SoftmaxCrossEntropy{}, logits, labels), count_correct(logits.value(), labels),
          labels.size()};
}

/// The score of logits [N, C] by softmax cross-entropy.
template <Device D, class T>
Score score_of(const Tensor<T, D>& logits, const Tensor<std::int32_t, D>& labels) {
  return {static_cast<double>(apply(ops::SoftmaxCrossEntropy{}, logits, labels).item()),
          count_correct(logits, labels), labels.size()};
}

/// A task whose views are each told apart on their own: the views of a program, global average pooling over
/// the backbone's last tap, one linear layer, softmax cross-entropy.
template <class Program, Device D = Cpu, class T = float>
class ViewClassifier {
 public:
  struct Options {
    std::int64_t features;  ///< channels of the backbone's last tap
    Program program{};
    Normalization normalization = cifar_normalization;
    std::uint64_t seed = 0;
  };

  ViewClassifier(const Options& options, Rng& rng)
      : options_(options), head_({.in = options.features, .out = options.program.classes()}, rng) {}

  std::string name() const { return Program::name; }

  /// inputs [n * views, size, size, 3] and one label each, for the n pictures of the plan.
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    const int size = options_.program.crop.size;
    return draw_batch<D, T>(options_.program, dataset, plan,
                            {{size, size, options_.normalization}, options_.seed}, training);
  }

  /// logits [N, classes] of inputs [N, H, W, 3]; a Tensor infers, a Var trains.
  template <class X>
  X logits(nn::Sequential<D, T>& backbone, const X& inputs) {
    return head_(apply(ops::GlobalAvgPool{}, backbone(inputs)));
  }

  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    return outcome_of(logits(backbone, tape.constant(batch.inputs)), batch.labels);
  }

  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    return score_of(logits(backbone, batch.inputs), batch.labels);
  }

  void each(auto&& f) { head_.each(f); }

 private:
  Options options_;
  nn::Linear<D, T> head_;
};

}  // namespace pretext::tasks
