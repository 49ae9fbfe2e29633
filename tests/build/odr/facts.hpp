// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>

#include "pretext/pretext.hpp"

// What two translation units of one program must agree on: layouts, and the addresses of what exists once.
using Facts = std::array<std::uintptr_t, 8>;

inline std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

// Not inline: each translation unit answers for itself.
static Facts facts() {
  return {sizeof(pretext::Shape),
          sizeof(pretext::Tensor<float, pretext::Cpu>),
          sizeof(pretext::Rng),
          alignof(pretext::MemoryBlock),
          EIGEN_MAX_ALIGN_BYTES,
          address(&pretext::thread_pool()),
          address(&pretext::allocator<pretext::Cpu>()),
          address(reinterpret_cast<const void*>(&pretext::philox))};
}
