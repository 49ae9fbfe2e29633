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

inline data::BatchPlan plan_of(std::vector<std::int64_t> indices, std::int64_t epoch = 0) {
  return {epoch, 0, std::move(indices)};
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

/// The inputs and targets of a picture are a function of seed, epoch and picture: the same in any batch, at
/// any place of it, for any number of threads, and others in another epoch.
template <class Task>
void check_draws(const Task& task, const data::Dataset& dataset, std::int64_t views) {
  const auto whole = task.batch(dataset, plan_of({3, 1, 4}, 2), true);
  const auto one = task.batch(dataset, plan_of({4}, 2), true);
  CHECK(values_of(whole.inputs.rows(2 * views, 3 * views)) == values_of(one.inputs));
  if (one.targets.defined())
    CHECK(values_of(whole.targets.rows(2 * views, 3 * views)) == values_of(one.targets));
  CHECK_FALSE(values_of(one.inputs) == values_of(task.batch(dataset, plan_of({4}, 3), true).inputs));
  const int before = thread_pool().threads();
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    CHECK(same_batch(task.batch(dataset, plan_of({3, 1, 4}, 2), true), whole));
  }
  set_num_threads(before);
  CHECK(same_batch(task.batch(dataset, plan_of({3, 1, 4}), false),
                   task.batch(dataset, plan_of({3, 1, 4}), false)));
}

/// Training for some epochs in batches of 16 takes the loss of evaluation to `share` of what it was, or less.
template <class Task>
void check_learns(nn::Sequential<>& backbone, Task& task, const data::Dataset& dataset, std::int64_t epochs,
                  double lr, double share) {
  static_assert(tasks::PretextTask<Task>);
  const tasks::Score before = train::evaluate(backbone, task, dataset);
  train::fit(backbone, task, dataset, optim::Sgd{.momentum = 0.9},
             {.epochs = epochs,
              .batch = 16,
              .schedule = optim::Constant{lr},
              .stop_on_signals = false,
              .progress = {.out = nullptr}});
  const tasks::Score after = train::evaluate(backbone, task, dataset);
  MESSAGE(task.name(), ": loss ", before.loss, " -> ", after.loss, ", accuracy ", before.accuracy(), " -> ",
          after.accuracy());
  CHECK(after.loss < share * before.loss);
  CHECK(after.accuracy() > before.accuracy());
  CHECK(before.count == after.count);
}

/// The constants of a task by name; each has a meaning, and none is named twice.
template <class Options>
std::map<std::string, std::string> constants_of(const Options& options) {
  std::map<std::string, std::string> found;
  options.each_constant([&](const char* name, const auto& value, const char* meaning) {
    CHECK(std::string(meaning).size() > 5);
    CHECK(found.emplace(name, message(value)).second);
  });
  return found;
}

}  // namespace test
