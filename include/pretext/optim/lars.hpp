// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/optim/rule.hpp"

namespace pretext::optim {

/// LARS (You et al. 2017), for large batches: stochastic gradient descent with momentum, where each tensor
/// has a rate of its own, lr trust |w| / (|g| + weight_decay |w|), that enters the momentum. Biases and the
/// scales of norms (at most one axis) take lr as it is.
struct Lars {
  double momentum = 0.9, weight_decay = 0, trust = 0.001;

  struct Update {
    static constexpr std::array<std::string_view, 1> slots{"momentum_buffer"};
    double lr, weight_decay, momentum, trust;
    bool adaptive;

    /// The update with the rate of a tensor; where a norm is zero there is no ratio, and lr stays.
    PRETEXT_HD Update scaled(double weight_norm, double gradient_norm) const {
      Update result = *this;
      if (adaptive && weight_norm > 0 && gradient_norm > 0)
        result.lr *= trust * weight_norm / (gradient_norm + weight_decay * weight_norm);
      return result;
    }

    template <class T>
    PRETEXT_HD void operator()(T& weight, T gradient, T* state) const {
      state[0] = T(momentum) * state[0] + T(lr) * (gradient + T(weight_decay) * weight);
      weight -= state[0];
    }
  };

  Update update(const StepInfo& info) const {
    return {info.lr, info.weight_decay, momentum, trust, info.axes > 1};
  }

  void check() const {
    require(momentum >= 0 && momentum < 1, "lars: momentum must be at least 0 and below 1, not ", momentum);
    require(trust > 0, "lars: trust must be positive, not ", trust);
  }
};

}  // namespace pretext::optim
