// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/gemm.hpp"
#include "pretext/cpu/im2row.hpp"
#include "pretext/cpu/reduce.hpp"

namespace pretext {

/// Convolution as a matrix product over gathered taps, a block of output rows at a time. A 1x1 convolution
/// reads x where it lies.
template <>
struct Kernel<ops::Conv2d, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(const ops::ConvShape& s, const X<T>& x, const X<T>& weight, const X<T>& bias, X<T>& y) {
    parallel_for(s.n * s.oh, block_rows(s), [&](std::int64_t first, std::int64_t last) {
      T* out = y.data() + first * s.ow * s.co;
      const std::int64_t pixels = (last - first) * s.ow;
      if (bias.defined())
        for (std::int64_t p = 0; p < pixels; ++p) std::copy_n(bias.data(), s.co, out + p * s.co);
      each_group(s, first, last, x,
                 [&](const T* lines, std::int64_t k, std::int64_t column, std::int64_t width) {
                   cpu::gemm<T>({lines, pixels, k, k}, {weight.data() + column, k, width, s.co},
                                {out + column, pixels, width, s.co}, bias.defined());
                 });
    });
  }

  template <class T>
  static void grad_input(const ops::ConvShape& s, const X<T>& dy, const X<T>& weight, X<T>& dx) {
    const std::int64_t width = s.co / s.groups;
    parallel_for(s.n, picture_grain(s), [&](std::int64_t begin, std::int64_t end) {
      if (!direct(s))
        std::fill_n(dx.data() + begin * s.h * s.w * s.ci, (end - begin) * s.h * s.w * s.ci, T(0));
      for (std::int64_t first = begin * s.oh; first < end * s.oh; first += block_rows(s)) {
        const std::int64_t last = std::min(first + block_rows(s), end * s.oh), pixels = (last - first) * s.ow;
        for (std::int64_t i = 0; i < s.groups; ++i) {
          const cpu::ConvGroup g(s, i);
          X<T> buffer = direct(s) ? X<T>() : X<T>({pixels, g.line});
          T* lines = direct(s) ? dx.data() + first * s.ow * s.ci : buffer.data();
          cpu::gemm_nt<T>({dy.data() + first * s.ow * s.co + i * width, pixels, width, s.co},
                          {weight.data() + i * width, g.line, width, s.co}, {lines, pixels, g.line, g.line});
          if (!direct(s)) cpu::row2im(s, g, first, last, lines, dx.data());
        }
      }
    });
  }

  template <class T>
  static void grad_weight(const ops::ConvShape& s, const X<T>& x, const X<T>& dy, X<T>& dw) {
    constexpr std::int64_t partials = 8;  // fixed, so that the sum does not depend on the threads
    const std::int64_t rows = s.n * s.oh, grain = std::max<std::int64_t>(1, (rows + partials - 1) / partials);
    cpu::reduce_rows<T>(
        rows, grain, dw.size(), dw.data(), [&](std::int64_t begin, std::int64_t end, T* partial) {
          for (std::int64_t first = begin; first < end; first += block_rows(s)) {
            const std::int64_t last = std::min(first + block_rows(s), end), pixels = (last - first) * s.ow;
            const T* d = dy.data() + first * s.ow * s.co;
            each_group(s, first, last, x,
                       [&](const T* lines, std::int64_t k, std::int64_t column, std::int64_t width) {
                         cpu::gemm_tn<T>({lines, pixels, k, k}, {d + column, pixels, width, s.co},
                                         {partial + column, k, width, s.co}, true);
                       });
          }
        });
  }

 private:
  static bool direct(const ops::ConvShape& s) {
    return s.kh == 1 && s.kw == 1 && s.groups == 1 && s.window.stride == 1 && s.window.padding == 0;
  }

  /// Output rows whose gathered lines stay near the cache: about 256 pixels.
  static std::int64_t block_rows(const ops::ConvShape& s) {
    return std::max<std::int64_t>(1, 256 / std::max<std::int64_t>(1, s.ow));
  }

  static std::int64_t picture_grain(const ops::ConvShape& s) {
    return std::max<std::int64_t>(1, 256 / std::max<std::int64_t>(1, s.oh * s.ow));
  }

  /// Calls f(lines, line length, first output channel, output channels) for each group of a block of output
  /// rows.
  template <class T, class F>
  static void each_group(const ops::ConvShape& s, std::int64_t first, std::int64_t last, const X<T>& x,
                         F&& f) {
    if (direct(s)) return f(x.data() + first * s.ow * s.ci, s.ci, 0, s.co);
    const std::int64_t width = s.co / s.groups;
    X<T> lines({(last - first) * s.ow, cpu::ConvGroup(s, 0).line});
    for (std::int64_t i = 0; i < s.groups; ++i) {
      const cpu::ConvGroup g(s, i);
      cpu::im2row(s, g, first, last, x.data(), lines.data());
      f(lines.data(), g.line, i * width, width);
    }
  }
};

}  // namespace pretext
