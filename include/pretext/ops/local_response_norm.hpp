// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// y = x / (k + alpha / size * s)^beta for x[..., C], where s is the sum of squares over `size` neighbouring
/// channels, from size / 2 before to (size - 1) / 2 after; channels outside count as zero (Krizhevsky et al.
/// 2012).
struct LocalResponseNorm {
  static constexpr std::string_view name = "local_response_norm";
  static constexpr std::size_t inputs = 1;

  std::int64_t size = 5;
  double alpha = 1e-4, beta = 0.75, k = 1;

  /// How many of the neighbours come before the channel itself, and after it.
  std::int64_t before() const { return size / 2; }
  std::int64_t after() const { return (size - 1) / 2; }
  /// What the sum of squares is multiplied by, and what the gradient that comes by way of it is.
  double scale() const { return alpha / static_cast<double>(size); }
  double slope() const { return 2 * beta * scale(); }

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> x;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>* saved) const {
    require(x.defined() && x.shape().rank() >= 1, name, ": x must be [..., C]");
    require(size >= 1, name, ": size must be at least 1, not ", size);
    Tensor<T, D> y(x.shape());
    Kernel<LocalResponseNorm, D>::forward(*this, x, y);
    if (saved != nullptr) saved->x = x;
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(dy.shape());
    Kernel<LocalResponseNorm, D>::backward(*this, saved.x, dy, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
