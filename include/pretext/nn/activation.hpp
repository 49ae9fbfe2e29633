// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"
#include "pretext/ops/elementwise.hpp"

namespace pretext::nn {

/// A layer without parameters: an op and its options.
template <class Op>
struct Stateless {
  Op op{};
  auto operator()(const auto& x) { return apply(op, x); }
  void each(auto&&) {}
};

/// y = max(x, 0)
using Relu = Stateless<ops::Relu>;
/// y = tanh(x)
using Tanh = Stateless<ops::Tanh>;

}  // namespace pretext::nn
