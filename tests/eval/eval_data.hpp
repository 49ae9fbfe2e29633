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

inline const std::vector<std::string> colours{"red", "green", "blue"};

/// Noisy pictures of one colour each, which stands out by `strength`; `shift` moves every label of the set to
/// another class.
inline pretext::data::Dataset coloured(int count, std::uint64_t seed, int shift = 0, int strength = 60) {
  pretext::data::DatasetBuilder builder("coloured", colours);
  pretext::Rng rng(seed, pretext::Use::test);
  for (int i = 0; i < count; ++i) {
    const auto colour = static_cast<int>(rng.below(3));
    std::uint8_t* pixels = builder.add(4, 4, (colour + shift) % 3);
    for (int p = 0; p < 48; ++p)
      pixels[p] = static_cast<std::uint8_t>(rng.below(140) + (p % 3 == colour ? strength : 0));
  }
  return std::move(builder).build();
}

/// coloured(), harder to tell.
inline pretext::data::Dataset faint(int count, std::uint64_t seed, int shift = 0) {
  return coloured(count, seed, shift, 40);
}

/// Coloured pictures as [n, 4, 4, 3], values from -1 to 1.
inline pretext::Tensor<float, pretext::Cpu> render_coloured(const pretext::data::Dataset& set,
                                                            pretext::Span<const std::int64_t> indices) {
  pretext::Tensor<float, pretext::Cpu> out({std::ssize(indices), 4, 4, 3});
  float* to = out.data();
  for (const std::int64_t i : indices)
    for (int p = 0; p < 48; ++p) *to++ = static_cast<float>(set.image(i).pixels[p]) / 128 - 1;
  return out;
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
