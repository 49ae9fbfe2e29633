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

/// Throws where a rate of dropout is none; `where` says whose.
inline void check_dropout(std::string_view where, double rate) {
  require(rate >= 0 && rate < 1, where, ": the rate of dropout must be 0 or more and below 1, not ", rate);
}

}  // namespace pretext::nn
