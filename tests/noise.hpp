// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/random.hpp"
#include "pretext/tensor/tensor.hpp"

namespace test {

/// Values spread evenly from -1 to 1, the same for the same seed.
template <class T>
pretext::Tensor<T, pretext::Cpu> noise(const pretext::Shape& shape, std::uint64_t seed) {
  pretext::Tensor<T, pretext::Cpu> x(shape);
  pretext::Rng rng(seed, pretext::Use::test);
  for (T& v : x.span()) v = rng.uniform(-1, 1);
  return x;
}

}  // namespace test
