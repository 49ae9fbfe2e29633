// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/array.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/ops/l2_normalize.hpp"

namespace pretext {

template <>
struct Kernel<ops::L2Normalize, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(T epsilon, const X<T>& x, X<T>& y) {
    each_row(x, [&](std::int64_t offset, std::int64_t columns) {
      const auto v = cpu::array(x.data() + offset, columns);
      cpu::array(y.data() + offset, columns) = v / std::max(v.matrix().norm(), epsilon);
    });
  }

  template <class T>
  static void backward(T epsilon, const X<T>& x, const X<T>& dy, X<T>& dx) {
    each_row(x, [&](std::int64_t offset, std::int64_t columns) {
      const auto v = cpu::array(x.data() + offset, columns), d = cpu::array(dy.data() + offset, columns);
      const T length = v.matrix().norm(), scale = std::max(length, epsilon);
      // A row below epsilon is divided by a constant; only a longer one turns with x.
      const T along = length > epsilon ? (v * d).sum() / scale / scale : T(0);
      cpu::array(dx.data() + offset, columns) = (d - along * v) / scale;
    });
  }

 private:
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
