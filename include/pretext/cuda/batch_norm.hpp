// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/column_tiles.hpp"
#include "pretext/cuda/device.hpp"
#include "pretext/ops/add.hpp"
#include "pretext/ops/batch_norm.hpp"

namespace pretext {
namespace cuda {

/// y[rows, C] of an operand with an affine map, in plain pointers: what its relu cuts has no gradient.
template <class T>
struct NormalizedMap {
  const T* x;
  const Wide<T>* affine;
  bool relu;
};

// `pack` is what pack_of says, `parts` is scratch memory for the sums of so many tiles.
template <class T>
void launch_moments(const ColumnTiles& tiles, int pack, const T* x, float* parts, double* moments);
template <class T>
void launch_gradient_sums(const ColumnTiles& tiles, int pack, const NormalizedMap<T>& y, const T* dy,
                          float* parts, double* sums);
template <class T>
void launch_sum_rows(const ColumnTiles& tiles, int pack, const T* x, float* parts, Wide<T>* sum);

/// step(c) for each c below `channels`.
template <class Step>
void launch_each_channel(std::int64_t channels, const Step& step);

/// dx[size] = dy * scale by channels; dx may be dy.
template <class T>
void launch_scale_channels(std::int64_t size, std::int64_t channels, const T* dy, const Wide<T>* scale,
                           T* dx);

/// Scratch memory for sums over the rows of a matrix.
inline Tensor<float, Cuda> scratch_of(const ColumnTiles& tiles) {
  return Tensor<float, Cuda>(Shape{tiles.scratch_size()});
}

}  // namespace cuda

template <>
struct Kernel<ops::BatchNorm, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;

  /// moments[2, C] of x: the mean and the sum of squared deviations in each channel.
  template <class T>
  static Tensor<double, Cuda> moments(const X<T>& x) {
    const std::int64_t channels = x.dim(-1);
    const int pack = cuda::pack_of(channels, x.data());
    const cuda::ColumnTiles tiles(x.size() / channels, channels, pack);
    Tensor<double, Cuda> moments(Shape{2, channels});
    cuda::launch_moments(tiles, pack, x.data(), cuda::scratch_of(tiles).data(), moments.data());
    return moments;
  }

  /// sums[2, C] of dy and of dy * (x - mean) in each channel, where y is not cut.
  template <class T>
  static Tensor<double, Cuda> gradient_sums(const ops::Operand<T, Cuda>& y, const X<T>& dy) {
    const std::int64_t channels = y.affine.dim(1);
    Tensor<double, Cuda> sums(Shape{2, channels});
    if (channels == 0) return sums;
    const int pack = cuda::pack_of(channels, y.x.data(), dy.data());
    const cuda::ColumnTiles tiles(dy.size() / channels, channels, pack);
    cuda::launch_gradient_sums(tiles, pack, cuda::NormalizedMap<T>{y.x.data(), y.affine.data(), y.relu},
                               dy.data(), cuda::scratch_of(tiles).data(), sums.data());
    return sums;
  }

  /// step(c) for each channel c; see ops/channel_steps.hpp.
  template <class Step>
  static void each_channel(std::int64_t channels, const Step& step) {
    if (channels > 0) cuda::launch_each_channel(channels, step);
  }
};

template <>
struct Kernel<ops::BatchNormInference, Cuda> {
  /// dx = dy * scale by channels, with the scale of affine[3, C]. dx may be dy.
  template <class T>
  static void scale(const Tensor<Wide<T>, Cuda>& affine, const Tensor<T, Cuda>& dy, Tensor<T, Cuda>& dx) {
    const std::int64_t channels = affine.dim(1);
    if (dy.size() > 0)
      cuda::launch_scale_channels(dy.size(), channels, dy.data(), affine.data() + channels, dx.data());
  }
};

template <>
struct Kernel<ops::SumRows, Cuda> {
  template <class T>
  static void forward(const Tensor<T, Cuda>& x, Tensor<Wide<T>, Cuda>& sum) {
    if (x.dim(1) == 0) return;
    const int pack = cuda::pack_of(x.dim(1), x.data());
    const cuda::ColumnTiles tiles(x.dim(0), x.dim(1), pack);
    cuda::launch_sum_rows(tiles, pack, x.data(), cuda::scratch_of(tiles).data(), sum.data());
  }
};

}  // namespace pretext
