// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// y[m, ...] = x[index[m], ...] for index[M]: rows in any order, some left out, some repeated. The gradient
/// of a row is the sum over all its places. Indices must be 0 to N - 1 of x[N, ...].
struct Gather {
  static constexpr std::string_view name = "gather";
  static constexpr std::size_t inputs = 1;

  template <class T, Device D>
  struct Saved {
    Shape x;
    Tensor<std::int32_t, D> index;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, const Tensor<std::int32_t, D>& index,
                       Saved<T, D>* saved) const {
    require(x.defined() && x.shape().rank() >= 1, name, ": x must be [N, ...]");
    require_rank(name, "index", index, 1);
    Tensor<T, D> y(x.shape().with(0, index.dim(0)));
    Kernel<Gather, D>::forward(x, index, y);
    if (saved != nullptr) *saved = {x.shape(), index};
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(saved.x);
    Kernel<Gather, D>::backward(dy, saved.index, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
