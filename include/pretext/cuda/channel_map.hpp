// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "pretext/cuda/device.hpp"
#include "pretext/ops/operand.hpp"

namespace pretext::cuda {

/// What becomes of an operand on the way to an op, in plain pointers: affine[3, C], and the relu after it.
/// Null: nothing, elements are as they lie.
struct ChannelMap {
  const float* affine = nullptr;
  int channels = 1;
  bool relu = false;

  bool plain() const { return affine == nullptr; }
};

template <class T>
ChannelMap channel_map(const ops::Operand<T, Cuda>& operand) {
  if (operand.plain()) return {};
  const std::int64_t channels = operand.affine.dim(1);
  require(channels <= std::numeric_limits<int>::max() / 4, "cuda: ", channels, " channels are too many");
  return {operand.affine.data(), static_cast<int>(channels), operand.relu};
}

}  // namespace pretext::cuda
