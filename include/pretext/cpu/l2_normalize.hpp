// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/reduce.hpp"
#include "pretext/ops/l2_normalize.hpp"

namespace pretext {

template <>
struct Kernel<ops::L2Normalize, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(T epsilon, const X<T>& x, X<T>& y) {
    each_row(x, [&](std::int64_t offset, std::int64_t columns) {
      const T* v = x.data() + offset;
      const T divisor = ops::RowScale<T>(dot(v, v, columns), epsilon).divisor;
      for (std::int64_t c = 0; c < columns; ++c) y.data()[offset + c] = v[c] / divisor;
    });
  }

  template <class T>
  static void backward(T epsilon, const X<T>& x, const X<T>& dy, X<T>& dx) {
    each_row(x, [&](std::int64_t offset, std::int64_t columns) {
      const T *v = x.data() + offset, *d = dy.data() + offset;
      const ops::RowScale<T> scale(dot(v, v, columns), epsilon);
      const T along = scale.along(dot(v, d, columns));
      for (std::int64_t c = 0; c < columns; ++c)
        dx.data()[offset + c] = (d[c] - along * v[c]) / scale.divisor;
    });
  }

 private:
  template <class T>
  static T dot(const T* a, const T* b, std::int64_t n) {
    return cpu::sum_of<T>(n, [&](std::int64_t i) { return a[i] * b[i]; });
  }

  template <class T, class F>
  static void each_row(const X<T>& x, F&& f) {
    const std::int64_t columns = std::max<std::int64_t>(1, x.dim(-1));
    parallel_for(x.size() / columns, std::max<std::int64_t>(1, cpu::chunk / columns),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t r = begin; r < end; ++r) f(r * columns, columns);
                 });
  }
};

}  // namespace pretext
