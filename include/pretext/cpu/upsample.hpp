// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/map.hpp"
#include "pretext/ops/upsample.hpp"

namespace pretext {

template <>
struct Kernel<ops::Upsample, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(std::int64_t factor, const X<T>& x, X<T>& y) {
    const std::int64_t width = y.dim(2), channels = y.dim(3);
    each_row(y, [&](std::int64_t row) {
      const T* from = x.data() + row / factor * (width / factor) * channels;
      T* to = y.data() + row * width * channels;
      for (std::int64_t i = 0; i < width; ++i)
        std::copy_n(from + i / factor * channels, channels, to + i * channels);
    });
  }

  template <class T>
  static void backward(std::int64_t factor, const X<T>& dy, X<T>& dx) {
    const std::int64_t width = dx.dim(2), channels = dx.dim(3);
    each_row(dx, [&](std::int64_t row) {
      T* to = dx.data() + row * width * channels;
      std::fill_n(to, width * channels, T(0));
      for (std::int64_t k = 0; k < factor; ++k) {
        const T* from = dy.data() + (row * factor + k) * width * factor * channels;
        for (std::int64_t i = 0; i < width * factor; ++i)
          for (std::int64_t c = 0; c < channels; ++c) to[i / factor * channels + c] += from[i * channels + c];
      }
    });
  }

 private:
  /// Calls f(row) for every row of pixels of all pictures, n * height + y.
  template <class T, class F>
  static void each_row(const X<T>& x, F&& f) {
    const std::int64_t pixels = std::max<std::int64_t>(1, x.dim(2) * x.dim(3));
    parallel_for(x.dim(0) * x.dim(1), std::max<std::int64_t>(1, cpu::chunk / pixels),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t row = begin; row < end; ++row) f(row);
                 });
  }
};

}  // namespace pretext
