// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/recompute.hpp"

namespace pretext::nn {

/// A layer whose activations are not kept for the backward pass, but computed once more from its input: less
/// memory, for the time of another forward pass. Everything else is as without it, names included. With `on`
/// false it is the layer itself.
template <class L>
struct Recompute {
  L layer;
  bool on;

  explicit Recompute(L l, bool recompute = true) : layer(std::move(l)), on(recompute) {}

  auto operator()(const auto& x) { return layer(x); }
  template <class T, Device D>
  Var<T, D> operator()(const Var<T, D>& x) {
    if (!on) return layer(x);
    return recompute(x, [this](const Var<T, D>& input) { return layer(input); });
  }

  void each(auto&& f) { layer.each(f); }
};

}  // namespace pretext::nn
