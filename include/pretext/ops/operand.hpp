// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// Tag of the kernel that evaluates an operand.
struct Affine {
  static constexpr std::string_view name = "affine";
};

/// What an op reads: x[..., C] as it lies in memory, or what becomes of it on the way,
/// (x - center) * scale + shift by channels, with 0 in place of negatives if `relu`. A convolution computes
/// that as it reads, so that a normalised map is neither written nor kept.
template <class T, Device D>
struct Operand {
  Tensor<T, D> x;
  WideTensor<T, D> affine;  ///< [3, C]: center, scale and shift; undefined: x as it lies
  bool relu = false;
  /// [2, C]: mean and sum of squared deviations of x in each channel, where what wrote x measured them.
  Tensor<double, D> moments;

  Operand() = default;
  Operand(Tensor<T, D> plain) : x(std::move(plain)) {}
  Operand(Tensor<T, D> raw, WideTensor<T, D> of_channels, bool cut)
      : x(std::move(raw)), affine(std::move(of_channels)), relu(cut) {}

  const Shape& shape() const { return x.shape(); }
  bool plain() const { return !affine.defined(); }

  /// The values in memory.
  Tensor<T, D> value() const {
    if (plain()) return x;
    Tensor<T, D> y(x.shape());
    Kernel<Affine, D>::forward(*this, y);
    return y;
  }
};

}  // namespace pretext::ops
