// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"
#include "pretext/ops/dropout.hpp"

namespace pretext::nn {

/// In training each value is 0 with probability `rate` and x / (1 - rate) otherwise; in inference y = x.
struct Dropout {
  double rate = 0.5;

  template <class X>
  X operator()(const X& x) {
    return x;
  }
  template <class T, Device D>
  Var<T, D> operator()(const Var<T, D>& x) {
    return apply(ops::Dropout{rate, x.tape->next_draw()}, x);
  }

  void each(auto&&) {}
};

}  // namespace pretext::nn
