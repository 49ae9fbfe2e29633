// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// y = a + b, of equal shapes: a residual connection.
struct Add {
  static constexpr std::string_view name = "add";
  static constexpr std::size_t inputs = 2;

  template <class T, Device D>
  struct Saved {};

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& a, const Tensor<T, D>& b, Saved<T, D>*) const {
    require(a.defined(), name, ": a is undefined");
    require_shape(name, "b", b, a.shape());
    Tensor<T, D> y(a.shape());
    Kernel<Add, D>::forward(a, b, y);
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 2> backward(const Tensor<T, D>& dy, const Saved<T, D>&, Wanted<2>) const {
    return {dy, dy};
  }
};

/// sum[C] of the rows of x [..., C]: the gradient of a bias.
struct SumRows {
  static constexpr std::string_view name = "sum_rows";

  template <class T, Device D>
  static Tensor<T, D> forward(const Tensor<T, D>& x) {
    Tensor<T, D> sum({x.dim(-1)});
    Kernel<SumRows, D>::forward(x.reshape({x.size() / std::max<std::int64_t>(1, x.dim(-1)), x.dim(-1)}), sum);
    return sum;
  }
};

}  // namespace pretext::ops
