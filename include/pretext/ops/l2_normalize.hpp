// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/config.hpp"
#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// What a row of so long a square is divided by, and how its gradient turns.
template <class T>
struct RowScale {
  T divisor;
  bool turns;

  PRETEXT_HD RowScale(T square, T epsilon) {
    const T length = std::sqrt(square);
    divisor = length < epsilon ? epsilon : length;
    turns = length > epsilon;
  }

  /// How much of the row is taken from its gradient, of which `dot` is the product with the row: a row below
  /// epsilon is divided by a constant; only a longer one turns with x.
  PRETEXT_HD T along(T dot) const { return turns ? dot / divisor / divisor : T(0); }
};

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
    Kernel<L2Normalize, D>::forward(static_cast<Wide<T>>(epsilon), x, y);
    if (saved != nullptr) saved->x = x;
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(dy.shape());
    Kernel<L2Normalize, D>::backward(static_cast<Wide<T>>(epsilon), saved.x, dy, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
