// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "pretext/cpu/pool_window.hpp"

namespace pretext {

template <>
struct Kernel<ops::MaxPool2d, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  using Tap = ops::MaxPool2d::Tap;

  /// An undefined winner is not wanted.
  template <class T>
  static void forward(const ops::PoolShape& s, const ops::Operand<T, Cpu>& x, X<T>& y, X<Tap>& winner) {
    cpu::each_window(s, x, [&](std::int64_t out, const cpu::Taps& ys, const cpu::Taps& xs, auto&& input) {
      T* best = y.data() + out;
      Tap* tap = winner.defined() ? winner.data() + out : nullptr;
      if (ys.empty() || xs.empty()) {
        std::fill_n(best, s.c, -std::numeric_limits<T>::infinity());
        if (tap != nullptr) std::fill_n(tap, s.c, ops::MaxPool2d::no_tap);
        return;
      }
      std::copy_n(input(ys.first, xs.first), s.c, best);
      if (tap != nullptr) std::fill_n(tap, s.c, static_cast<Tap>(ys.first * s.kernel + xs.first));
      for (std::int64_t ky = ys.first; ky < ys.last; ++ky)
        for (std::int64_t kx = xs.first; kx < xs.last; ++kx)
          take_larger(s.c, input(ky, kx), static_cast<Tap>(ky * s.kernel + kx), best, tap);
    });
  }

  template <class T>
  static void backward(const ops::PoolShape& s, const X<T>& dy, const X<Tap>& winner, X<T>& dx) {
    cpu::each_reader(
        s, [&](std::int64_t pixel) { std::fill_n(dx.data() + pixel, s.c, T(0)); },
        [&](std::int64_t pixel, std::int64_t, std::int64_t, std::int64_t out, std::int64_t tap) {
          T* __restrict to = dx.data() + pixel;
          const T* from = dy.data() + out;
          const Tap* won = winner.data() + out;
          const Tap mine = static_cast<Tap>(tap);
          for (std::int64_t c = 0; c < s.c; ++c) to[c] += won[c] == mine ? from[c] : T(0);
        });
  }

 private:
  template <class T>
  static void take_larger(std::int64_t n, const T* x, Tap tap, T* __restrict best, Tap* __restrict winner) {
    if (winner == nullptr)
      for (std::int64_t c = 0; c < n; ++c) best[c] = ops::wins(x[c], best[c]) ? x[c] : best[c];
    else
      for (std::int64_t c = 0; c < n; ++c) {
        const bool take = ops::wins(x[c], best[c]);
        best[c] = take ? x[c] : best[c];
        winner[c] = take ? tap : winner[c];
      }
  }
};

template <>
struct Kernel<ops::AvgPool2d, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(const ops::PoolShape& s, bool count_padding, const ops::Operand<T, Cpu>& x, X<T>& y) {
    const cpu::Axis rows = s.rows(), columns = s.columns();
    cpu::each_window(s, x, [&](std::int64_t out, const cpu::Taps& ys, const cpu::Taps& xs, auto&& input) {
      T* __restrict sum = y.data() + out;
      std::fill_n(sum, s.c, T(0));
      for (std::int64_t ky = ys.first; ky < ys.last; ++ky)
        for (std::int64_t kx = xs.first; kx < xs.last; ++kx) {
          const T* from = input(ky, kx);
          for (std::int64_t c = 0; c < s.c; ++c) sum[c] += from[c];
        }
      const T scale = T(1) / static_cast<T>(ys.count(rows, count_padding) * xs.count(columns, count_padding));
      for (std::int64_t c = 0; c < s.c; ++c) sum[c] *= scale;
    });
  }

  template <class T>
  static void backward(const ops::PoolShape& s, bool count_padding, const X<T>& dy, X<T>& dx) {
    const cpu::Axis rows = s.rows(), columns = s.columns();
    cpu::each_reader(
        s, [&](std::int64_t pixel) { std::fill_n(dx.data() + pixel, s.c, T(0)); },
        [&](std::int64_t pixel, std::int64_t oy, std::int64_t ox, std::int64_t out, std::int64_t) {
          T* __restrict to = dx.data() + pixel;
          const T* from = dy.data() + out;
          const T scale = T(1) / static_cast<T>(cpu::Taps(rows, oy).count(rows, count_padding) *
                                                cpu::Taps(columns, ox).count(columns, count_padding));
          for (std::int64_t c = 0; c < s.c; ++c) to[c] += scale * from[c];
        });
  }
};

template <>
struct Kernel<ops::GlobalAvgPool, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(const X<T>& x, X<T>& y) {
    each_picture(x, [&](std::int64_t n, std::int64_t pixels, std::int64_t channels) {
      T* __restrict sum = y.data() + n * channels;
      std::fill_n(sum, channels, T(0));
      const T* from = x.data() + n * pixels * channels;
      for (std::int64_t p = 0; p < pixels; ++p, from += channels)
        for (std::int64_t c = 0; c < channels; ++c) sum[c] += from[c];
      for (std::int64_t c = 0; c < channels; ++c) sum[c] /= static_cast<T>(pixels);
    });
  }

  template <class T>
  static void backward(const X<T>& dy, X<T>& dx) {
    each_picture(dx, [&](std::int64_t n, std::int64_t pixels, std::int64_t channels) {
      const T* from = dy.data() + n * channels;
      T* __restrict to = dx.data() + n * pixels * channels;
      for (std::int64_t c = 0; c < channels; ++c) to[c] = from[c] / static_cast<T>(pixels);
      for (std::int64_t p = 1; p < pixels; ++p) std::copy_n(to, channels, to + p * channels);
    });
  }

 private:
  template <class T, class F>
  static void each_picture(const X<T>& x, F&& f) {
    const std::int64_t pixels = x.dim(1) * x.dim(2), channels = x.dim(3);
    parallel_for(x.dim(0), cpu::picture_rows(pixels, channels), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) f(n, pixels, channels);
    });
  }
};

}  // namespace pretext
