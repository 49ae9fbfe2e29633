// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/residual.hpp"

namespace pretext::nn {

/// The residual block of He et al. (2016), which normalises first: a = relu(norm(x)), y = body(a) + x, or
/// body(a) + shortcut(a) where a shortcut changes resolution or channels.
template <class Body, class Shortcut = Identity, Device D = Cpu, class T = float>
struct PreActivation {
  BatchNorm2d<D, T> norm;
  Body body;
  Shortcut shortcut;

  PreActivation(BatchNorm2d<D, T> n, Body b, Shortcut s = {})
      : norm(std::move(n)), body(std::move(b)), shortcut(std::move(s)) {}

  auto operator()(const auto& x) {
    const auto a = apply(ops::Relu{}, norm(x));
    if constexpr (std::same_as<Shortcut, Identity>)
      return apply(ops::Add{}, body(a), x);
    else
      return apply(ops::Add{}, body(a), shortcut(a));
  }

  void each(auto&& f) {
    norm.each(prefixed("norm.", f));
    body.each(f);
    shortcut.each(prefixed("downsample.", f));
  }
};

}  // namespace pretext::nn
