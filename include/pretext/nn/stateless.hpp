// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"

namespace pretext::nn {

/// A layer without parameters: an op and its options.
template <class Op>
struct Stateless {
  Op op;

  explicit Stateless(const Op& o = {}) : op(o) {}

  auto operator()(const auto& x) { return apply(op, x); }
  void each(auto&&) {}
};

}  // namespace pretext::nn
