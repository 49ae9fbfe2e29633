// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "pretext/data/loader.hpp"
#include "pretext/tasks/task.hpp"

namespace pretext::train {

/// How well a network solves a task on a data set, each picture drawn once as evaluation always draws it.
/// `go_on` is asked before each batch; where it says no, what was seen so far counts.
template <Device D, class T, class Task>
tasks::Score evaluate(nn::Sequential<D, T>& backbone, Task& task, const data::Dataset& dataset,
                      data::LoaderOptions options = {}, const std::function<bool()>& go_on = {}) {
  options.shuffle = options.drop_last = false;
  const Task& maker = task;
  data::Loader<tasks::Batch<D, T>> loader(dataset.size(), options, [&](const data::BatchPlan& plan) {
    return maker.batch(dataset, plan, false);
  });
  tasks::Score total;
  while (!go_on || go_on()) {
    const auto batch = loader.next();
    if (!batch) break;
    const tasks::Score score = task.evaluate(backbone, *batch);
    total.loss += score.loss * static_cast<double>(score.count);
    total.correct += score.correct;
    total.count += score.count;
  }
  if (total.count > 0) total.loss /= static_cast<double>(total.count);
  return total;
}

}  // namespace pretext::train
