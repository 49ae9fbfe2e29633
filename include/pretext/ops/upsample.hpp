// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// y[N, factor H, factor W, C]: every pixel of x[N, H, W, C] as a square of factor x factor equal ones.
struct Upsample {
  static constexpr std::string_view name = "upsample";
  static constexpr std::size_t inputs = 1;

  std::int64_t factor = 2;

  template <class T, Device D>
  struct Saved {
    Shape x;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>* saved) const {
    require_rank(name, "x", x, 4);
    require(factor >= 1 && factor <= 64, name, ": the factor must be 1 to 64, not ", factor);
    Tensor<T, D> y({x.dim(0), factor * x.dim(1), factor * x.dim(2), x.dim(3)});
    Kernel<Upsample, D>::forward(factor, x, y);
    if (saved != nullptr) saved->x = x.shape();
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(saved.x);
    Kernel<Upsample, D>::backward(factor, dy, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
