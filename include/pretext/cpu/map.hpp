// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/thread_pool.hpp"
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
struct Kernel<ops::Add, Cpu> {
  template <class T>
  static void forward(const Tensor<T, Cpu>& a, const Tensor<T, Cpu>& b, Tensor<T, Cpu>& y) {
    cpu::map([](T p, T q) { return p + q; }, y.size(), y.data(), a.data(), b.data());
  }
};

}  // namespace pretext
