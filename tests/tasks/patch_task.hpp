// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "../support.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/gather.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/render.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/data/shapes.hpp"
#include "pretext/models/nin.hpp"
#include "pretext/nn/freeze.hpp"
#include "pretext/optim/sgd.hpp"
#include "pretext/tasks/patches.hpp"
#include "pretext/train/fit.hpp"

// What the tests of tasks about patches have in common.
namespace test {

using namespace pretext;

/// What is written are the picture's own values.
inline const Normalization raw{{0, 0, 0}, {1.0F / 255, 1.0F / 255, 1.0F / 255}};

inline data::BatchPlan plan(std::vector<std::int64_t> indices, std::int64_t epoch = 0) {
  return {epoch, 0, std::move(indices)};
}

/// One picture of square cells, each of one colour: 10 + 20 times the number of the cell, row by row.
inline data::Dataset numbered_cells(int rows, int columns, int cell) {
  data::DatasetBuilder builder("cells");
  std::uint8_t* pixel = builder.add(rows * cell, columns * cell);
  for (int y = 0; y < rows * cell; ++y)
    for (int x = 0; x < columns * cell; ++x)
      for (int c = 0; c < 3; ++c)
        *pixel++ = static_cast<std::uint8_t>(10 + 20 * (y / cell * columns + x / cell));
  return std::move(builder).build();
}

/// The cell that patch i shows; -1 where it does not show one cell alone.
inline int cell_of(const Tensor<float, Cpu>& patches, std::int64_t i) {
  const auto values = patches.rows(i, i + 1).span();
  if (!std::ranges::all_of(values, [&](float v) { return std::abs(v - values[0]) < 1e-3F; })) return -1;
  const int level = static_cast<int>(std::lround(values[0])) - 10;
  return level % 20 == 0 ? level / 20 : -1;
}

inline nn::Sequential<> small_backbone(std::uint64_t seed = 1) {
  Rng rng(seed);
  return models::nin({.blocks = 2, .width = 16}, rng);
}

/// Batches of a task do not depend on what else is in them, on threads or on order; they do on the epoch.
template <class Task>
void check_draws(const Task& task, const data::Dataset& dataset) {
  const auto& p = task.program();
  const auto one = task.batch(dataset, plan({3, 1}, 2), true);
  const int threads = thread_pool().threads();
  set_num_threads(3);
  const auto two = task.batch(dataset, plan({7, 0, 3}, 2), true);
  set_num_threads(threads);
  CHECK(std::ranges::equal(one.inputs.rows(0, p.views).span(),
                           two.inputs.rows(2 * p.views, 3 * p.views).span()));
  CHECK(std::ranges::equal(one.labels.rows(0, p.labels).span(),
                           two.labels.rows(2 * p.labels, 3 * p.labels).span()));
  const auto later = task.batch(dataset, plan({3, 1}, 3), true);
  CHECK_FALSE(std::ranges::equal(one.inputs.span(), later.inputs.span()));
}

/// What is computed once for each patch and put into groups is what each group gives by itself.
template <class Task>
void check_groups(Task& task, const data::Dataset& dataset) {
  auto net = small_backbone();
  nn::freeze(net);
  const auto batch = task.batch(dataset, plan({0, 1, 2}), true);
  const auto together = task.logits(net, batch.inputs, batch.labels);
  const auto shown = task.shown(batch);
  const std::int64_t group = task.program().group;
  REQUIRE(shown.dim(0) == batch.labels.size() * group);
  REQUIRE(together.dim(0) == batch.labels.size());
  std::vector<std::int32_t> in_order(static_cast<std::size_t>(shown.dim(0)));
  for (std::size_t i = 0; i < in_order.size(); ++i) in_order[i] = static_cast<std::int32_t>(i);
  const auto apart = task.head()(net(shown), Tensor<std::int32_t, Cpu>::from({shown.dim(0)}, in_order));
  REQUIRE(apart.shape() == together.shape());
  for (std::int64_t i = 0; i < apart.size(); ++i)
    CHECK(apart.data()[i] == doctest::Approx(together.data()[i]).epsilon(1e-4));
  const auto score = task.evaluate(net, batch);
  CHECK(score.count == batch.labels.size());
  CHECK(score.correct == tasks::count_correct(together, batch.labels));
}

/// The mean loss of the first and the last epoch of a short training.
template <class Task>
std::pair<double, double> losses(Task& task, const data::Dataset& dataset, std::int64_t epochs) {
  auto net = small_backbone();
  const auto records = train::fit(net, task, dataset, optim::Sgd{.momentum = 0.9},
                                  {.epochs = epochs,
                                   .batch = 16,
                                   .seed = 1,
                                   .schedule = optim::Constant{0.05},
                                   .progress = {.out = nullptr}});
  return {records.front().loss, records.back().loss};
}

/// The constants of options as text, by name.
template <class Options>
std::map<std::string, std::string> constants(const Options& options) {
  std::map<std::string, std::string> found;
  options.each_constant([&](const std::string& name, const auto& value, const std::string& meaning) {
    CHECK_FALSE(meaning.empty());
    CHECK(found.emplace(name, message(value)).second);
  });
  return found;
}

}  // namespace test
