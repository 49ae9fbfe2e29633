// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>

#include "pretext/core/config.hpp"
#include "pretext/tensor/kernel.hpp"

namespace pretext::ops {

/// One tensor of an optimiser step: its weights, their gradient and the F::slots arrays of state, `size`
/// elements each, on the device.
template <class F, class T>
struct UpdateItem {
  F f;
  T* weight;
  const T* gradient;
  std::array<T*, F::slots.size()> state;
  std::int64_t size;
};

/// One optimiser step over many tensors, in place. F is a named, trivially copyable struct with `slots`, the
/// names of its state, and
///
///   template <class T> PRETEXT_HD void operator()(T& weight, T gradient, T* state) const;
///
/// for one element, its gradient and its F::slots values of state. Where F also has `F scaled(weight_norm,
/// gradient_norm)` each tensor is updated by what that returns for its Euclidean norms.
template <class F>
struct Update {
  static_assert(std::is_trivially_copyable_v<F>);
};

/// True for an update that depends on the norms of each tensor.
template <class F>
concept ScaledByNorms = requires(const F f) {
  { f.scaled(1.0, 1.0) } -> std::same_as<F>;
};

}  // namespace pretext::ops
