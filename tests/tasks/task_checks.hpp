// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "../support.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/gather.hpp"
#include "pretext/cpu/l2_normalize.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/reduce.hpp"
#include "pretext/cpu/render.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/data/shapes.hpp"
#include "pretext/models/nin.hpp"
#include "pretext/optim/sgd.hpp"
#include "pretext/tasks/task.hpp"
#include "pretext/train/fit.hpp"
#include "statistics.hpp"

// What every pretext task is tested for.
namespace test {

using namespace pretext;

/// What is written are the picture's own values.
inline const Normalization raw{{0, 0, 0}, {1.0F / 255, 1.0F / 255, 1.0F / 255}};

inline data::BatchPlan plan(std::vector<std::int64_t> indices, std::int64_t epoch = 0) {
  return {epoch, 0, std::move(indices)};
}

/// The network that small tests train: two blocks of NIN with 16 channels.
inline nn::Sequential<> small_backbone(std::int64_t channels = 3) {
  Rng rng(2);
  return models::nin({.blocks = 2, .width = 16, .channels = channels}, rng);
}

template <class T>
std::vector<T> values_of(const Tensor<T, Cpu>& x) {
  return {x.span().begin(), x.span().end()};
}

inline bool same_batch(const tasks::Batch<>& a, const tasks::Batch<>& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return x.defined() == y.defined() &&
           (!x.defined() || (x.shape() == y.shape() && values_of(x) == values_of(y)));
  };
  return equal(a.inputs, b.inputs) && equal(a.labels, b.labels) && equal(a.targets, b.targets);
}

/// What a picture gives is a function of seed, epoch and picture: the same in any batch, at any place of it,
/// for any number of threads, and something else in another epoch. `labels` of a picture are compared, too; 0
/// where they speak of places in the batch.
template <class Task>
void check_draws(const Task& task, const data::Dataset& dataset, std::int64_t views,
                 std::int64_t labels = 0) {
  for (const bool training : {true, false}) {
    CAPTURE(training);
    const auto whole = task.batch(dataset, plan({3, 1, 4}, 2), training);
    const auto one = task.batch(dataset, plan({4}, 2), training);
    CHECK(values_of(whole.inputs.rows(2 * views, 3 * views)) == values_of(one.inputs));
    if (one.targets.defined())
      CHECK(values_of(whole.targets.rows(2 * views, 3 * views)) == values_of(one.targets));
    if (labels > 0) CHECK(values_of(whole.labels.rows(2 * labels, 3 * labels)) == values_of(one.labels));
    const int before = thread_pool().threads();
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      CHECK(same_batch(task.batch(dataset, plan({3, 1, 4}, 2), training), whole));
    }
    set_num_threads(before);
    CHECK_FALSE(values_of(whole.inputs.rows(0, views)) == values_of(one.inputs));
    CHECK_FALSE(values_of(task.batch(dataset, plan({4}, 3), true).inputs) == values_of(one.inputs));
  }
}

/// What check_learns() asks of a training.
struct Learning {
  std::int64_t epochs;
  double lr;
  double share;         ///< of the loss before: the loss of evaluation ends below it
  double accuracy = 0;  ///< that of evaluation ends above it, and above what it was before
};

/// Trains in batches of 16; the score of evaluation afterwards.
template <class Task>
tasks::Score check_learns(nn::Sequential<>& backbone, Task& task, const data::Dataset& dataset,
                          const Learning& asked) {
  static_assert(tasks::PretextTask<Task>);
  const tasks::Score before = train::evaluate(backbone, task, dataset);
  train::fit(backbone, task, dataset, optim::Sgd{.momentum = 0.9},
             {.epochs = asked.epochs,
              .batch = 16,
              .schedule = optim::Constant{asked.lr},
              .stop_on_signals = false,
              .progress = {.out = nullptr}});
  const tasks::Score after = train::evaluate(backbone, task, dataset);
  MESSAGE(task.name(), ": loss ", before.loss, " -> ", after.loss, ", accuracy ", before.accuracy(), " -> ",
          after.accuracy());
  CHECK(after.loss < asked.share * before.loss);
  CHECK(after.accuracy() > std::max(asked.accuracy, before.accuracy()));
  CHECK(before.count == after.count);
  return after;
}

/// The constants of a task by name; each has a meaning, and none is named twice.
template <class Options>
std::map<std::string, std::string> constants_of(const Options& options) {
  std::map<std::string, std::string> found;
  options.each_constant([&](const std::string& name, const auto& value, const std::string& meaning) {
    CHECK(meaning.size() > 5);
    CHECK(found.emplace(name, message(value)).second);
  });
  return found;
}

}  // namespace test
