// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/optim/rule.hpp"

namespace pretext::optim {
namespace detail {

/// Kingma and Ba's step for one element, with weight decay in the gradient, in the weight, or in neither.
struct AdamUpdate {
  static constexpr std::array<std::string_view, 2> slots{"exp_avg", "exp_avg_sq"};
  double step_size, second_scale;  // lr and 1 / sqrt, both freed from the bias of a start at zero
  double beta1, beta2, epsilon;
  double gradient_decay, weight_factor;

  template <class T>
  PRETEXT_HD void operator()(T& weight, T gradient, T* state) const {
    const T g = gradient + T(gradient_decay) * weight;
    state[0] = T(beta1) * state[0] + T(1 - beta1) * g;
    state[1] = T(beta2) * state[1] + T(1 - beta2) * g * g;
    weight = T(weight_factor) * weight -
             T(step_size) * state[0] / (std::sqrt(state[1]) * T(second_scale) + T(epsilon));
  }
};

/// The options that Adam and AdamW share; `Decoupled` takes weight decay out of the gradient.
template <bool Decoupled>
struct AdamRule {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = Decoupled ? 0.01 : 0;

  using Update = AdamUpdate;

  Update update(const StepInfo& info) const {
    const auto step = static_cast<double>(info.step);
    const double first = 1 - std::pow(beta1, step), second = 1 - std::pow(beta2, step);
    return {info.lr / first,
            1 / std::sqrt(second),
            beta1,
            beta2,
            epsilon,
            Decoupled ? 0 : info.weight_decay,
            Decoupled ? 1 - info.lr * info.weight_decay : 1};
  }

  void check() const {
    require(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1,
            "adam: both betas must be at least 0 and below 1, not ", beta1, " and ", beta2);
    require(epsilon > 0, "adam: epsilon must be positive, not ", epsilon);
  }
};

}  // namespace detail

/// Adam (Kingma and Ba 2015): the running mean of the gradient over the root of that of its square. Weight
/// decay is added to the gradient.
using Adam = detail::AdamRule<false>;

/// AdamW (Loshchilov and Hutter 2019): Adam whose weight decay shrinks the weights themselves, by lr times
/// weight_decay.
using AdamW = detail::AdamRule<true>;

}  // namespace pretext::optim
