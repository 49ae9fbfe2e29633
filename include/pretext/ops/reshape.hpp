// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// The same elements under another shape of the same size; no memory is touched.
struct Reshape {
  static constexpr std::string_view name = "reshape";
  static constexpr std::size_t inputs = 1;

  Shape shape;

  template <class T, Device D>
  struct Saved {
    Shape x;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>* saved) const {
    if (saved != nullptr) saved->x = x.shape();
    return x.reshape(shape);
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    return {dy.reshape(saved.x)};
  }
};

/// x[N, ...] as rows: y[N, product of the other axes]; no memory is touched.
struct Flatten {
  static constexpr std::string_view name = "flatten";
  static constexpr std::size_t inputs = 1;

  template <class T, Device D>
  using Saved = Reshape::Saved<T, D>;

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>* saved) const {
    require(x.defined() && x.shape().rank() >= 1, name, ": x must be [N, ...]");
    return Reshape{{x.dim(0), x.shape().row_size()}}.forward(x, saved);
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    return {dy.reshape(saved.x)};
  }
};

}  // namespace pretext::ops
