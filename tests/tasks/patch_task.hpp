// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "pretext/nn/freeze.hpp"
#include "pretext/tasks/patches.hpp"
#include "task_checks.hpp"

// What the tests of tasks about patches have in common, besides.
namespace test {

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

}  // namespace test
