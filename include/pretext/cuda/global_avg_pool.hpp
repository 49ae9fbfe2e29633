// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/device.hpp"
#include "pretext/ops/pool.hpp"

namespace pretext {
namespace cuda {

/// y[N, C] = the mean of x[N, pixels, C] over the pixels.
template <class T>
void launch_global_avg_pool(std::int64_t n, std::int64_t pixels, std::int64_t channels, const T* x, T* y);
template <class T>
void launch_global_avg_pool_backward(std::int64_t n, std::int64_t pixels, std::int64_t channels, const T* dy,
                                     T* dx);

}  // namespace cuda

template <>
struct Kernel<ops::GlobalAvgPool, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;

  template <class T>
  static void forward(const X<T>& x, X<T>& y) {
    cuda::launch_global_avg_pool(x.dim(0), x.dim(1) * x.dim(2), x.dim(3), x.data(), y.data());
  }

  template <class T>
  static void backward(const X<T>& dy, X<T>& dx) {
    cuda::launch_global_avg_pool_backward(dx.dim(0), dx.dim(1) * dx.dim(2), dx.dim(3), dy.data(), dx.data());
  }
};

}  // namespace pretext
