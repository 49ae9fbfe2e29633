// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tensor/tensor.hpp"

namespace pretext {

/// How a parameter is laid out here, so that files can hold it the way other tools do.
enum class ParamLayout {
  plain,       ///< as in files
  conv_kernel  ///< [KH, KW, Ci, Co] here, [Co, Ci, KH, KW] in files
};

/// A learnt tensor and the gradient of the last backward pass; an undefined value stands for "none".
/// Owned by one layer: it moves, but does not copy by accident.
template <class T, Device D>
struct Param {
  Tensor<T, D> value;
  Tensor<T, D> grad;
  ParamLayout layout = ParamLayout::plain;
  bool trainable = true;  ///< false: no gradient is computed and no optimiser touches it

  Param() = default;
  explicit Param(Tensor<T, D> v, ParamLayout l = ParamLayout::plain) : value(std::move(v)), layout(l) {}
  Param(Param&&) = default;
  Param& operator=(Param&&) = default;

  bool defined() const { return value.defined(); }
};

}  // namespace pretext
