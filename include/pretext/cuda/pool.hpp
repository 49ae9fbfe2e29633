// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/channel_map.hpp"
#include "pretext/cuda/device.hpp"
#include "pretext/ops/pool.hpp"

namespace pretext {
namespace cuda {

/// The extents of a pooling as a kernel counts them.
struct PoolSizes {
  std::int64_t n;
  int c;
  ops::PoolAxis<int> rows, columns;

  /// Throws where one of them is not for 32 bits.
  static PoolSizes of(std::string_view op, const ops::PoolShape& s) {
    return {s.n, narrow(op, s.c), narrow(op, s.rows()), narrow(op, s.columns())};
  }

 private:
  static int narrow(std::string_view op, std::int64_t extent) {
    require(extent < std::int64_t{1} << 28, op, ": an extent of ", extent, " is too large for the GPU");
    return static_cast<int>(extent);
  }
  static ops::PoolAxis<int> narrow(std::string_view op, const ops::PoolAxis<std::int64_t>& a) {
    narrow(op, a.outputs * a.stride);
    return {narrow(op, a.extent), narrow(op, a.outputs), narrow(op, a.kernel),
            narrow(op, a.stride), narrow(op, a.padding), narrow(op, a.dilation)};
  }
};

/// y[N, OH, OW, C] = the largest value of each window of what the map makes of x[N, H, W, C], and the tap
/// that it came from; null: not wanted.
template <class T>
void launch_max_pool(const PoolSizes& s, const ChannelMap& map, const T* x, T* y,
                     ops::MaxPool2d::Tap* winner);
template <class T>
void launch_max_pool_backward(const PoolSizes& s, const T* dy, const ops::MaxPool2d::Tap* winner, T* dx);

/// y = the mean of each window of what the map makes of x.
template <class T>
void launch_avg_pool(const PoolSizes& s, bool count_padding, const ChannelMap& map, const T* x, T* y);
template <class T>
void launch_avg_pool_backward(const PoolSizes& s, bool count_padding, const T* dy, T* dx);

}  // namespace cuda

// What is to be evaluated on the way is so as it is read: windows that overlap evaluate a pixel again, which
// costs less than a map that is written and read once more.

template <>
struct Kernel<ops::MaxPool2d, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;
  using Tap = ops::MaxPool2d::Tap;

  /// An undefined winner is not wanted.
  template <class T>
  static void forward(const ops::PoolShape& s, const ops::Operand<T, Cuda>& x, X<T>& y, X<Tap>& winner) {
    cuda::launch_max_pool(cuda::PoolSizes::of(ops::MaxPool2d::name, s), cuda::channel_map(x), x.x.data(),
                          y.data(), winner.data());
  }

  template <class T>
  static void backward(const ops::PoolShape& s, const X<T>& dy, const X<Tap>& winner, X<T>& dx) {
    cuda::launch_max_pool_backward(cuda::PoolSizes::of(ops::MaxPool2d::name, s), dy.data(), winner.data(),
                                   dx.data());
  }
};

template <>
struct Kernel<ops::AvgPool2d, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;

  template <class T>
  static void forward(const ops::PoolShape& s, bool count_padding, const ops::Operand<T, Cuda>& x, X<T>& y) {
    cuda::launch_avg_pool(cuda::PoolSizes::of(ops::AvgPool2d::name, s), count_padding, cuda::channel_map(x),
                          x.x.data(), y.data());
  }

  template <class T>
  static void backward(const ops::PoolShape& s, bool count_padding, const X<T>& dy, X<T>& dx) {
    cuda::launch_avg_pool_backward(cuda::PoolSizes::of(ops::AvgPool2d::name, s), count_padding, dy.data(),
                                   dx.data());
  }
};

}  // namespace pretext
