// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "pretext/cuda/device.hpp"
#include "pretext/ops/l2_normalize.hpp"
#include "pretext/ops/local_response_norm.hpp"

namespace pretext {
namespace cuda {

/// y = x / max(|x|, epsilon) by rows.
template <class T>
void launch_l2_normalize(std::int64_t rows, std::int64_t columns, float epsilon, const T* x, T* y);
template <class T>
void launch_l2_normalize_backward(std::int64_t rows, std::int64_t columns, float epsilon, const T* x,
                                  const T* dy, T* dx);

/// A local response norm over `channels` as a kernel computes it.
struct ResponseNorm {
  int channels, before, after;
  float scale, k, beta, slope;

  static ResponseNorm of(const ops::LocalResponseNorm& op, std::int64_t channels) {
    const auto within = [&](std::int64_t reach) { return static_cast<int>(std::min(reach, channels)); };
    return {static_cast<int>(channels),     within(op.before()),      within(op.after()),
            static_cast<float>(op.scale()), static_cast<float>(op.k), static_cast<float>(op.beta),
            static_cast<float>(op.slope())};
  }
};

template <class T>
void launch_local_response_norm(const ResponseNorm& norm, std::int64_t n, const T* x, T* y);
/// pulls[n] is scratch memory: what a channel's neighbours feel of its gradient.
template <class T>
void launch_local_response_norm_backward(const ResponseNorm& norm, std::int64_t n, const T* x, const T* dy,
                                         float* pulls, T* dx);

}  // namespace cuda

template <>
struct Kernel<ops::L2Normalize, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;

  template <class T>
  static void forward(Wide<T> epsilon, const X<T>& x, X<T>& y) {
    cuda::launch_l2_normalize(rows(x), x.dim(-1), epsilon, x.data(), y.data());
  }

  template <class T>
  static void backward(Wide<T> epsilon, const X<T>& x, const X<T>& dy, X<T>& dx) {
    cuda::launch_l2_normalize_backward(rows(x), x.dim(-1), epsilon, x.data(), dy.data(), dx.data());
  }

 private:
  template <class T>
  static std::int64_t rows(const X<T>& x) {
    return x.size() / std::max<std::int64_t>(1, x.dim(-1));
  }
};

template <>
struct Kernel<ops::LocalResponseNorm, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;

  template <class T>
  static void forward(const ops::LocalResponseNorm& op, const X<T>& x, X<T>& y) {
    cuda::launch_local_response_norm(cuda::ResponseNorm::of(op, x.dim(-1)), x.size(), x.data(), y.data());
  }

  template <class T>
  static void backward(const ops::LocalResponseNorm& op, const X<T>& x, const X<T>& dy, X<T>& dx) {
    Tensor<float, Cuda> pulls(x.shape());
    cuda::launch_local_response_norm_backward(cuda::ResponseNorm::of(op, x.dim(-1)), x.size(), x.data(),
                                              dy.data(), pulls.data(), dx.data());
  }
};

}  // namespace pretext
