// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/map.hpp"
#include "pretext/ops/gather.hpp"

namespace pretext {

template <>
struct Kernel<ops::Gather, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  using Index = Tensor<std::int32_t, Cpu>;

  template <class T>
  static void forward(const X<T>& x, const Index& index, X<T>& y) {
    const std::int64_t row = x.shape().row_size(), rows = x.dim(0);
    for (std::int64_t m = 0; m < index.size(); ++m)
      require(0 <= index.data()[m] && index.data()[m] < rows, ops::Gather::name, ": index ", index.data()[m],
              " is not one of ", rows, " rows");
    parallel_for(index.size(), std::max<std::int64_t>(1, cpu::chunk / std::max<std::int64_t>(1, row)),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t m = begin; m < end; ++m)
                     std::copy_n(x.data() + index.data()[m] * row, row, y.data() + m * row);
                 });
  }

  /// Each thread takes some columns of all rows, so that no two add to the same place, and in one order.
  template <class T>
  static void backward(const X<T>& dy, const Index& index, X<T>& dx) {
    const std::int64_t row = dx.shape().row_size(), rows = dx.dim(0);
    parallel_for(row, 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = 0; r < rows; ++r) std::fill_n(dx.data() + r * row + begin, end - begin, T(0));
      for (std::int64_t m = 0; m < index.size(); ++m) {
        const T* from = dy.data() + m * row;
        T* to = dx.data() + index.data()[m] * row;
        for (std::int64_t c = begin; c < end; ++c) to[c] += from[c];
      }
    });
  }
};

}  // namespace pretext
