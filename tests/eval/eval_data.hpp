// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/core/random.hpp"
#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/eval/features.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/pool.hpp"
#include "support.hpp"

namespace test {

using Matrix = pretext::Tensor<float, pretext::Cpu>;

/// A network of two taps without weights: relu, and pool, which halves a map.
inline pretext::nn::Sequential<> two_stages() {
  pretext::nn::Sequential<> net;
  net.add("relu", pretext::nn::Relu());
  net.add("pool", pretext::nn::MaxPool2d({.kernel = 2, .window = {.stride = 2}}));
  return net;
}

/// [rows, columns] of f(row, column).
template <class F>
Matrix matrix(std::int64_t rows, std::int64_t columns, F&& f) {
  Matrix x({rows, columns});
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) x.data()[r * columns + c] = static_cast<float>(f(r, c));
  return x;
}

inline Matrix normal_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  pretext::Rng rng(seed, pretext::Use::test);
  return matrix(rows, columns, [&](auto, auto) { return rng.normal(); });
}

/// Whole numbers of [-reach, reach]: sums of their products are exact in float.
inline Matrix whole_matrix(std::int64_t rows, std::int64_t columns, std::uint32_t reach, std::uint64_t seed) {
  pretext::Rng rng(seed, pretext::Use::test);
  return matrix(rows, columns, [&](auto, auto) {
    return static_cast<double>(rng.below(2 * reach + 1)) - static_cast<double>(reach);
  });
}

inline std::vector<int> drawn_labels(std::int64_t rows, std::uint32_t classes, std::uint64_t seed) {
  pretext::Rng rng(seed, pretext::Use::test, 1);
  std::vector<int> labels;
  for (std::int64_t i = 0; i < rows; ++i) labels.push_back(static_cast<int>(rng.below(classes)));
  return labels;
}

/// Rows around the centre of their class, `noise` away from it.
inline pretext::eval::Features clusters(std::int64_t rows, std::int64_t dims, std::uint32_t classes,
                                        double noise, std::uint64_t seed) {
  const Matrix centres = normal_matrix(classes, dims, 1000);
  pretext::eval::Features f{.tap = "test", .labels = drawn_labels(rows, classes, seed)};
  pretext::Rng rng(seed, pretext::Use::test, 2);
  f.x = matrix(rows, dims, [&](std::int64_t r, std::int64_t c) {
    return centres.data()[f.labels[static_cast<std::size_t>(r)] * dims + c] + noise * rng.normal();
  });
  return f;
}

/// Calls f with pools of 1, 2, 3 and 8 threads and gives what it returned.
template <class F>
auto with_each_pool(F&& f) {
  std::vector<decltype(f())> results;
  for (const int threads : {1, 2, 3, 8}) {
    pretext::set_num_threads(threads);
    results.push_back(f());
  }
  pretext::set_num_threads(2);
  return results;
}

}  // namespace test
