// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <vector>

#include "pretext/tensor/tensor.hpp"

namespace test {

/// Fills the allocator's free blocks of up to `largest` bytes with NaN, so that what a kernel leaves
/// unwritten, or reads before it writes, shows.
template <pretext::Device D = pretext::Cpu>
void poison_free_memory(std::int64_t largest = 1 << 16) {
  std::vector<pretext::Tensor<std::uint8_t, D>> blocks;
  // The sizes that the allocator rounds up to: eight an octave.
  for (std::uint64_t lines = 1; lines * 64 <= static_cast<std::uint64_t>(largest);
       lines += std::max<std::uint64_t>(1, std::bit_floor(lines) / 8))
    for (int copy = 0; copy < 6; ++copy)
      blocks.push_back(pretext::Tensor<std::uint8_t, D>::full({static_cast<std::int64_t>(lines * 64)}, 0xFF));
}

}  // namespace test
