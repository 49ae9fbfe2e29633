// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "pretext/data/dataset.hpp"
#include "pretext/data/loader.hpp"
#include "pretext/nn/sequential.hpp"

namespace pretext::tasks {

/// What one step feeds the network: inputs [V, H, W, C], what each should be recognised as, and, where a task
/// predicts values, those.
template <Device D = Cpu, class T = float>
struct Batch {
  Tensor<T, D> inputs;
  Tensor<std::int32_t, D> labels;
  Tensor<T, D> targets{};
};

/// How well a batch was solved.
struct Score {
  double loss = 0;  ///< mean over the batch
  std::int64_t correct = 0, count = 0;

  double accuracy() const {
    return count == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(count);
  }
};

/// A training step's loss, ready for backward, and its score but for the loss: the number of right answers,
/// which waits on the device, of so many.
template <Device D = Cpu, class T = float>
struct Outcome {
  Var<Wide<T>, D> loss;
  Tensor<std::int32_t, D> correct;
  std::int64_t count = 0;
};

/// A pretext task: it makes its own labels, draws its own inputs, and owns the head that solves it.
template <class Task, class D = Cpu, class T = float>
concept PretextTask = requires(Task task, const Task fixed, const data::Dataset& dataset,
                               const data::BatchPlan& plan, nn::Sequential<D, T> backbone, Tape<D> tape,
                               Batch<D, T> batch) {
  { fixed.name() } -> std::convertible_to<std::string>;
  { fixed.batch(dataset, plan, true) } -> std::same_as<Batch<D, T>>;
  { task.loss(backbone, tape, batch) } -> std::same_as<Outcome<D, T>>;
  { task.evaluate(backbone, batch) } -> std::same_as<Score>;
};

}  // namespace pretext::tasks
