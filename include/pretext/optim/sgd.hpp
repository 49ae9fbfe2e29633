// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/optim/rule.hpp"

namespace pretext::optim {

/// Stochastic gradient descent: g += weight_decay w; m = momentum m + g; w -= lr m, or, looking ahead as
/// Nesterov does, w -= lr (g + momentum m).
struct Sgd {
  double momentum = 0, weight_decay = 0;
  bool nesterov = false;

  struct Update {
    static constexpr std::array<std::string_view, 1> slots{"momentum_buffer"};
    double lr, weight_decay, momentum;
    bool nesterov;

    template <class T>
    PRETEXT_HD void operator()(T& weight, T gradient, T* state) const {
      const T g = gradient + T(weight_decay) * weight;
      state[0] = T(momentum) * state[0] + g;
      weight -= T(lr) * (nesterov ? g + T(momentum) * state[0] : state[0]);
    }
  };

  Update update(const StepInfo& info) const { return {info.lr, info.weight_decay, momentum, nesterov}; }

  void check() const {
    require(momentum >= 0 && momentum < 1, "sgd: momentum must be at least 0 and below 1, not ", momentum);
    require(!nesterov || momentum > 0, "sgd: nesterov needs a momentum above 0");
  }
};

}  // namespace pretext::optim
