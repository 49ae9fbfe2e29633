// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/bf16.hpp"
#include "pretext/cuda/device.hpp"
#include "pretext/ops/op.hpp"

// Tensors as cuDNN and cuBLAS take them: aligned, of one type, in the order of axes that they know.
namespace pretext::cuda {

/// The tensor, or a copy of it where it does not begin at a multiple of 16 bytes: a view of some rows.
template <class T>
Tensor<T, Cuda> aligned(const Tensor<T, Cuda>& x) {
  return reinterpret_cast<std::uintptr_t>(x.data()) % 16 == 0 ? x : x.clone();
}

/// to[columns, rows] = from[rows, columns]^T.
template <class From, class To>
void launch_transpose(const From* from, To* to, std::int64_t rows, std::int64_t columns);

/// to[i] = from[i], rounded.
template <class To>
void launch_cast(const float* from, To* to, std::int64_t n);

/// A parameter in the type of the activations that it meets.
template <class T>
Tensor<T, Cuda> cast(const ops::WideTensor<T, Cuda>& x) {
  if constexpr (std::is_same_v<T, bf16>) {
    Tensor<T, Cuda> y(x.shape());
    launch_cast(x.data(), y.data(), x.size());
    return y;
  } else {
    return aligned(x);
  }
}

}  // namespace pretext::cuda
