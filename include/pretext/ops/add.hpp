// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/elementwise.hpp"
#include "pretext/ops/operand.hpp"

namespace pretext::ops {

/// y = a + b, of equal shapes: a residual connection; with `relu`, 0 in place of negatives.
struct Add {
  static constexpr std::string_view name = "add";
  static constexpr std::size_t inputs = 2, operands = 2;

  bool relu = false;

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> y;  // only with relu
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Operand<T, D>& a, const Operand<T, D>& b, Saved<T, D>* saved) const {
    require(a.x.defined(), name, ": a is undefined");
    require_shape(name, "b", b.x, a.shape());
    Tensor<T, D> y(a.shape());
    Kernel<Add, D>::forward(a, b, relu, y);
    if (saved != nullptr && relu) saved->y = y;
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 2> backward(Tensor<T, D> dy, const Saved<T, D>& saved, Wanted<2>) const {
    if (!relu) return {dy, dy};
    Tensor<T, D> dx = dy.unique() ? dy : Tensor<T, D>(dy.shape());
    Kernel<Elementwise<ReluFunctor>, D>::backward(ReluFunctor(), saved.y, dy, dx);
    return {dx, dx};
  }
};

/// sum[C] of the rows of x [..., C]: the gradient of a bias.
struct SumRows {
  static constexpr std::string_view name = "sum_rows";

  template <class T, Device D>
  static WideTensor<T, D> forward(const Tensor<T, D>& x) {
    WideTensor<T, D> sum({x.dim(-1)});
    Kernel<SumRows, D>::forward(x.reshape({x.size() / std::max<std::int64_t>(1, x.dim(-1)), x.dim(-1)}), sum);
    return sum;
  }
};

}  // namespace pretext::ops
