// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/source.hpp"
#include "pretext/ops/add.hpp"
#include "pretext/ops/elementwise.hpp"

namespace pretext {
namespace cpu {

/// Elements in one chunk of an elementwise loop: big enough to pay for handing it over, small enough to stay
/// in cache.
inline constexpr std::int64_t chunk = 16384;

/// out[i] = f(in[i]...) for all i, in parallel.
template <class F, class Out, class... In>
void map(const F& f, std::int64_t n, Out* out, const In*... in) {
  parallel_for(n, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = f(in[i]...);
  });
}

/// f(first element, rows, channels) for all rows of y[..., C], some at a time, in parallel.
template <class T, class F>
void each_row_block(const Tensor<T, Cpu>& y, F&& f) {
  const std::int64_t channels = std::max<std::int64_t>(1, y.dim(-1)), rows = y.size() / channels;
  parallel_for(rows, std::max<std::int64_t>(1, chunk / channels),
               [&](std::int64_t begin, std::int64_t end) { f(begin * channels, end - begin, channels); });
}

}  // namespace cpu

template <class F>
struct Kernel<ops::Elementwise<F>, Cpu> {
  template <class T>
  static void forward(const F& f, const Tensor<T, Cpu>& x, Tensor<T, Cpu>& y) {
    cpu::map([&](T v) { return f.value(v); }, x.size(), y.data(), x.data());
  }
  template <class T>
  static void backward(const F& f, const Tensor<T, Cpu>& v, const Tensor<T, Cpu>& dy, Tensor<T, Cpu>& dx) {
    // By reference, as gcc makes vectors of the choice only where dy is read after it.
    cpu::map([&](const T& value, const T& d) { return f.derivative(value) * d; }, dy.size(), dx.data(),
             v.data(), dy.data());
  }
};

template <>
struct Kernel<ops::Affine, Cpu> {
  template <class T>
  static void forward(const ops::Operand<T, Cpu>& operand, Tensor<T, Cpu>& y) {
    cpu::each_row_block(y, [&](std::int64_t first, std::int64_t rows, std::int64_t channels) {
      cpu::evaluate<T>(cpu::Source<T>(operand).from(first), rows, channels, y.data() + first);
    });
  }
};

template <>
struct Kernel<ops::AffineGradient, Cpu> {
  /// dx may be dy.
  template <class T>
  static void forward(const Tensor<T, Cpu>& dy, const ops::Operand<T, Cpu>& normalized,
                      const Tensor<T, Cpu>& factors, Tensor<T, Cpu>& dx) {
    const cpu::GradientSource<T> source(dy.data(), normalized, factors);
    cpu::each_row_block(dx, [&](std::int64_t first, std::int64_t count, std::int64_t columns) {
      cpu::evaluate<T>(source.from(first), count, columns, dx.data() + first);
    });
  }
};

template <>
struct Kernel<ops::Add, Cpu> {
  template <class T>
  static void forward(const ops::Operand<T, Cpu>& a, const ops::Operand<T, Cpu>& b, bool relu,
                      Tensor<T, Cpu>& y) {
    if (a.plain() && b.plain() && !relu)
      return cpu::map([](T p, T q) { return p + q; }, y.size(), y.data(), a.x.data(), b.x.data());
    cpu::each_row_block(y, [&](std::int64_t first, std::int64_t rows, std::int64_t channels) {
      cpu::evaluate_sum<T>(cpu::Source<T>(a).from(first), cpu::Source<T>(b).from(first), relu, rows, channels,
                           y.data() + first);
    });
  }
};

}  // namespace pretext
