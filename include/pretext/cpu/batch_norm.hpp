// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/gradient_sums.hpp"
#include "pretext/ops/batch_norm.hpp"

namespace pretext {

template <>
struct Kernel<ops::BatchNorm, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  /// moments[2, C] of x: the mean and the sum of squared deviations in each channel.
  template <class T>
  static Tensor<double, Cpu> moments(const X<T>& x) {
    return cpu::column_moments(x.data(), x.size() / x.dim(-1), x.dim(-1));
  }

  /// sums[2, C] of dy and of dy * (x - mean) in each channel, where y is not cut.
  template <class T>
  static Tensor<double, Cpu> gradient_sums(const ops::Operand<T, Cpu>& y, const X<T>& dy) {
    const cpu::Source<T> source(y);
    const std::int64_t columns = y.affine.dim(1), rows = dy.size() / std::max<std::int64_t>(1, columns);
    return cpu::gradient_sums(dy.data(), source, source.center, rows, columns);
  }

  /// step(c) for each channel c; see ops/channel_steps.hpp.
  template <class Step>
  static void each_channel(std::int64_t channels, const Step& step) {
    for (std::int64_t c = 0; c < channels; ++c) step(c);
  }
};

template <>
struct Kernel<ops::BatchNormInference, Cpu> {
  /// dx = dy * scale by channels, with the scale of affine[3, C]. dx may be dy.
  template <class T>
  static void scale(const Tensor<T, Cpu>& affine, const Tensor<T, Cpu>& dy, Tensor<T, Cpu>& dx) {
    const std::int64_t columns = affine.dim(1), width = std::max<std::int64_t>(1, columns);
    const T *factor = affine.data() + columns, *from = dy.data();
    T* to = dx.data();
    parallel_for(dy.size() / width, std::max<std::int64_t>(1, cpu::chunk / width),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin * columns; i < end * columns; i += columns)
                     for (std::int64_t c = 0; c < columns; ++c) to[i + c] = from[i + c] * factor[c];
                 });
  }
};

}  // namespace pretext
