// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/tensor/tensor.hpp"

namespace test {

/// Fills the allocator's free blocks of up to `largest` bytes with NaN, so that what a kernel leaves
/// unwritten, or reads before it writes, shows.
inline void poison_free_memory(std::int64_t largest = 1 << 16) {
  std::vector<pretext::Tensor<std::uint8_t, pretext::Cpu>> blocks;
  for (std::int64_t bytes = 64; bytes <= largest; bytes += std::max<std::int64_t>(64, bytes / 9))
    for (int copy = 0; copy < 6; ++copy)
      blocks.push_back(pretext::Tensor<std::uint8_t, pretext::Cpu>::full({bytes}, 0xFF));
}

}  // namespace test
