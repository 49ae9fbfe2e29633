// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/operand.hpp"

namespace pretext::ops {

/// Tag of the kernel that evaluates a gradient.
struct AffineGradient {
  static constexpr std::string_view name = "affine_gradient";
};

/// A Gradient whose element type is not told: what a tape keeps.
template <Device D>
struct GradientBase {
  TensorBase<D> dy, x, affine, factors, sums;
  bool relu = false;
};

/// The gradient that reaches an op: dy[..., C] as it lies in memory, or what a batch norm makes of it on the
/// way to its own input, scale * (d - level - (x - center) * slope) by channels, where d is dy, or 0 where
/// the relu cuts. A convolution computes that as it reads, so that it is neither written nor read again.
template <class T, Device D>
struct Gradient {
  Tensor<T, D> dy;
  Operand<T, D> normalized;  ///< what the batch norm made of its input x; undefined: dy as it lies
  WideTensor<T, D> factors;  ///< [2, C]: level and slope
  /// [2, C]: the sums of d and of d * (x - center), where what wrote dy measured them for the batch norm that
  /// it reaches next.
  Tensor<double, D> sums;

  Gradient() = default;
  Gradient(Tensor<T, D> plain) : dy(std::move(plain)) {}
  Gradient(Tensor<T, D> raw, Operand<T, D> of, WideTensor<T, D> of_channels)
      : dy(std::move(raw)), normalized(std::move(of)), factors(std::move(of_channels)) {}

  explicit Gradient(GradientBase<D> b)
      : dy(std::move(b.dy)),
        normalized(Tensor<T, D>(std::move(b.x)), WideTensor<T, D>(std::move(b.affine)), b.relu),
        factors(std::move(b.factors)),
        sums(std::move(b.sums)) {}
  GradientBase<D> base() const {
    return {dy.base(),      normalized.x.base(), normalized.affine.base(),
            factors.base(), sums.base(),         normalized.relu};
  }

  const Shape& shape() const { return dy.shape(); }
  bool plain() const { return !factors.defined(); }

  /// The gradient in memory: that of dy where nobody else can see it. Afterwards this one is undefined.
  Tensor<T, D> take() {
    Tensor<T, D> from = std::exchange(dy, {});
    if (plain()) return from;
    Tensor<T, D> to = from.unique() ? from : Tensor<T, D>(from.shape());
    Kernel<AffineGradient, D>::forward(from, normalized, factors, to);
    return to;
  }
};

}  // namespace pretext::ops
