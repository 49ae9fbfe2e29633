// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"
#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// y = x
struct Identity {
  template <class X>
  X operator()(const X& x) {
    return x;
  }
  void each(auto&&) {}
};

/// y = body(x) + shortcut(x), with 0 in place of negatives if the op says so. The members of the body keep
/// their names; those of the shortcut are called downsample.*, as in PyTorch's residual networks.
template <class Body, class Shortcut = Identity>
struct Residual {
  Body body;
  Shortcut shortcut;
  ops::Add op;

  explicit Residual(Body b, Shortcut s = {}, ops::Add o = {})
      : body(std::move(b)), shortcut(std::move(s)), op(o) {}

  auto operator()(const auto& x) { return apply(op, body(x), shortcut(x)); }

  void each(auto&& f) {
    body.each(f);
    shortcut.each(prefixed("downsample.", f));
  }
};

}  // namespace pretext::nn
