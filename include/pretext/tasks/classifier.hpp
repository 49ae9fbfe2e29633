// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/dropout.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/ops/loss.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/tasks/program.hpp"

namespace pretext::tasks {

/// How many rows of logits [N, C] are largest at their label; ties count for the first.
template <class T, Device D>
std::int64_t count_correct(const Tensor<T, D>& logits, const Tensor<std::int32_t, D>& labels) {
  return ops::CountCorrect::forward(logits, labels).item();
}

/// The loss of logits [N, C] by softmax cross-entropy, ready for backward.
template <Device D, class T>
Outcome<D, T> outcome_of(const Var<T, D>& logits, const Tensor<std::int32_t, D>& labels) {
  return {apply(ops::SoftmaxCrossEntropy{}, logits, labels),
          ops::CountCorrect::forward(logits.value(), labels), labels.size()};
}

/// The score of logits [N, C] by softmax cross-entropy.
template <Device D, class T>
Score score_of(const Tensor<T, D>& logits, const Tensor<std::int32_t, D>& labels) {
  return {static_cast<double>(apply(ops::SoftmaxCrossEntropy{}, logits, labels).item()),
          count_correct(logits, labels), labels.size()};
}

/// The number of features that a head takes; throws where there are none. `task` says whose.
inline std::int64_t check_features(std::string_view task, std::int64_t features) {
  require(features >= 1, task, ": features must be the channels of the backbone's last tap, not ", features);
  return features;
}

/// The number of classes that a head tells apart; throws where there are none.
inline std::int64_t check_classes(std::string_view task, std::int64_t classes) {
  require(classes >= 1, task, ": there are ", classes, " classes to tell apart");
  return classes;
}

/// What a PooledClassifier is made of.
struct PooledOptions {
  std::int64_t features = 0;  ///< channels of the backbone's last tap
  std::int64_t classes = 0;
  double dropout = 0;
};

/// What tasks whose inputs are told apart one by one have in common: global average pooling over the
/// backbone's last tap, dropout where there is a rate, one linear layer, softmax cross-entropy.
template <Device D = Cpu, class T = float>
class PooledClassifier {
 public:
  /// `task` is what errors call it.
  PooledClassifier(std::string_view task, const PooledOptions& o, Rng& rng)
      : head_({.in = check_features(task, o.features), .out = check_classes(task, o.classes)}, rng),
        dropout_{o.dropout} {
    nn::check_dropout(task, o.dropout);
  }

  /// logits [N, classes] of inputs [N, H, W, C]; a Tensor infers, a Var trains.
  template <class X>
  X logits(nn::Sequential<D, T>& backbone, const X& inputs) {
    const X pooled = apply(ops::GlobalAvgPool{}, backbone(inputs));
    return head_(dropout_.rate > 0 ? dropout_(pooled) : pooled);
  }

  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    return outcome_of(logits(backbone, tape.constant(batch.inputs)), batch.labels);
  }

  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    return score_of(logits(backbone, batch.inputs), batch.labels);
  }

  void each(auto&& f) { head_.each(f); }

 private:
  nn::Linear<D, T> head_;
  nn::Dropout dropout_;
};

/// What a ViewClassifier is made of.
template <class Program>
struct ViewOptions {
  std::int64_t features = 0;  ///< channels of the backbone's last tap
  Program program{};
  Normalization normalization = cifar_normalization;
  std::uint64_t seed = 0;

  /// Calls f(name, value, meaning) for every constant of the task.
  void each_constant(auto&& f) const {
    f("classes", program.classes(), "answers to tell apart");
    f("views", Program::views, "inputs drawn of each picture, in the same batch");
    Crop(program.crop).each_constant(f);
    const Normalization& n = normalization;
    f("mean", message(n.mean[0], " ", n.mean[1], " ", n.mean[2]), "of the colours, taken away");
    f("deviation", message(n.deviation[0], " ", n.deviation[1], " ", n.deviation[2]),
      "of the colours, by which they are divided");
  }
};

/// The task of a view program whose views are each told apart on their own.
template <class Program, Device D = Cpu, class T = float>
class ViewClassifier : public PooledClassifier<D, T> {
 public:
  using Options = ViewOptions<Program>;

  ViewClassifier(const Options& options, Rng& rng)
      : PooledClassifier<D, T>(Program::name,
                               {.features = options.features, .classes = options.program.classes()}, rng),
        options_(options) {
    Crop(options.program.crop).check(Program::name);
  }

  std::string name() const { return Program::name; }
  const Program& program() const { return options_.program; }
  DrawOptions draw_options() const {
    const int size = Crop(options_.program.crop).size();
    return {{size, size, options_.normalization}, options_.seed};
  }

  /// inputs [n * views, size, size, 3] and one label each, for the n pictures of the plan.
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    return draw_batch<D, T>(options_.program, dataset, plan, draw_options(), training);
  }

 private:
  Options options_;
};

}  // namespace pretext::tasks
