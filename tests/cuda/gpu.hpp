// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "op_case.hpp"
#include "poison.hpp"
#include "pretext/cuda/cuda.hpp"
#include "support.hpp"

// What the tests of the GPU share. Without one each case is skipped, and says why.
namespace test {

/// True where no GPU can be used: the test case is reported as skipped.
inline bool no_gpu() {
  if (cuda::why_not().empty()) return false;
  skip("no GPU: " + cuda::why_not());
  return true;
}

/// The values on the host, in double; none of an undefined tensor.
template <class T, Device D>
std::vector<double> values(const Tensor<T, D>& x) {
  const Tensor<T, Cpu> here = x.template to<Cpu>();
  std::vector<double> all;
  for (const T v : here.span()) all.push_back(static_cast<double>(v));
  return all;
}

/// k / 64 for drawn k in [low, high]: exact in bf16 where |k| is at most 256.
template <class T, Device D>
Tensor<T, D> drawn(const Shape& shape, std::uint32_t stream, int low = -64, int high = 64) {
  Rng rng(11, Use::test, 0, stream);
  Tensor<T, Cpu> x(shape);
  for (T& v : x.span()) v = static_cast<T>(static_cast<float>(rng.between(low, high)) / 64);
  return x.template to<D>();
}

/// The largest difference by the largest expected value, or by a hundredth where all are smaller; infinite
/// where one is not a number or the numbers of values differ. Infinite values must be equal.
inline double difference(const std::vector<double>& is, const std::vector<double>& should) {
  double worst = 0, scale = 0.01;
  if (is.size() != should.size()) return INFINITY;
  for (std::size_t i = 0; i < is.size(); ++i) {
    if (is[i] == should[i]) continue;
    const double d = std::abs(is[i] - should[i]);
    if (!(d < INFINITY)) return INFINITY;
    worst = std::max(worst, d);
  }
  for (const double v : should)
    if (std::abs(v) < INFINITY) scale = std::max(scale, std::abs(v));
  return worst / scale;
}

/// The same, by the Euclidean norms of difference and expectation.
inline double distance(const std::vector<double>& is, const std::vector<double>& should) {
  double squares = 0, scale = 0;
  if (is.size() != should.size()) return INFINITY;
  for (std::size_t i = 0; i < is.size(); ++i) {
    squares += (is[i] - should[i]) * (is[i] - should[i]);
    scale += should[i] * should[i];
  }
  return !(squares < INFINITY) ? INFINITY : squares == 0 ? 0 : std::sqrt(squares / scale);
}

}  // namespace test
