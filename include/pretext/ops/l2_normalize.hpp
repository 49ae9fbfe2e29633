// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// y = x / max(|x|, epsilon) for each row of x[..., C], where |x| is the Euclidean length of the row.
struct L2Normalize {
  static constexpr std::string_view name = "l2_normalize";
  static constexpr std::size_t inputs = 1;

  double epsilon = 1e-12;

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> x;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>* saved) const {
    require(x.defined() && x.shape().rank() >= 1, name, ": x must be [..., C]");
    require(epsilon > 0, name, ": epsilon must be positive, not ", epsilon);
    Tensor<T, D> y(x.shape());
    Kernel<L2Normalize, D>::forward(static_cast<T>(epsilon), x, y);
    if (saved != nullptr) saved->x = x;
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(dy.shape());
    Kernel<L2Normalize, D>::backward(static_cast<T>(epsilon), saved.x, dy, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
