// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/map.hpp"
#include "pretext/ops/concat.hpp"

namespace pretext {

template <>
struct Kernel<ops::Concat, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(const ops::ConcatShape& s, const X<T>& a, const X<T>& b, X<T>& y) {
    each_row(s, [&](std::int64_t r) {
      T* to = y.data() + r * (s.a + s.b);
      std::copy_n(a.data() + r * s.a, s.a, to);
      std::copy_n(b.data() + r * s.b, s.b, to + s.a);
    });
  }

  /// Undefined gradients are not wanted.
  template <class T>
  static void backward(const ops::ConcatShape& s, const X<T>& dy, X<T>& da, X<T>& db) {
    each_row(s, [&](std::int64_t r) {
      const T* from = dy.data() + r * (s.a + s.b);
      if (da.defined()) std::copy_n(from, s.a, da.data() + r * s.a);
      if (db.defined()) std::copy_n(from + s.a, s.b, db.data() + r * s.b);
    });
  }

 private:
  template <class F>
  static void each_row(const ops::ConcatShape& s, F&& f) {
    parallel_for(s.rows, std::max<std::int64_t>(1, cpu::chunk / std::max<std::int64_t>(1, s.a + s.b)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t r = begin; r < end; ++r) f(r);
                 });
  }
};

}  // namespace pretext
