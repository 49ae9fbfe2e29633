// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "pretext/core/config.hpp"
#include "pretext/core/random.hpp"

// What the host compiler and nvcc must agree on. Filled by one function, compiled by both and run on both
// devices.
struct Facts {
  std::size_t sizes[6];
  pretext::Words philox;
  std::uint32_t bits[5];
  float uniform;
  std::uint64_t order[4];
};

PRETEXT_HD inline Facts facts() {
  using namespace pretext;
  Facts f{
      {sizeof(Words), alignof(Words), sizeof(Rng), alignof(Rng), sizeof(Permutation), alignof(Permutation)},
      philox({{1, 2, 3, 4}}, 0x0123456789abcdef),
      {},
      0,
      {}};
  Rng rng(42, Use::test, 3, 7);
  for (auto& b : f.bits) b = rng.bits();
  f.uniform = rng.uniform(-1, 1);
  const Permutation order(1000, 42, 3);
  for (std::uint64_t i = 0; i < 4; ++i) f.order[i] = order(i);
  return f;
}

Facts facts_of_nvcc();

/// The facts as a kernel computes them; false, with the reason printed, where there is no GPU.
bool facts_of_gpu(Facts& facts);
