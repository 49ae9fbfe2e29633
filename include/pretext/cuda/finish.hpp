// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/elementwise.hpp"

namespace pretext::cuda {

/// What becomes of the sums of a convolution or a product: a bias[C], where it is not null, then
/// ops::Epilogue.
struct Finish {
  const float* bias;
  ChannelMap sums, addend;
  bool relu;
};

/// Finishes y[n] in place, in rows of so many channels; a null addend is none.
template <class T>
void launch_finish(const Finish& finish, const T* addend, T* y, std::int64_t n, std::int64_t channels);

}  // namespace pretext::cuda
