// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "pretext/ops/update.hpp"

namespace pretext::optim {

/// What a rule is told about one parameter at one step.
struct StepInfo {
  double lr, weight_decay;
  std::int64_t step;  ///< of this parameter, from 1
  int axes;           ///< of this parameter
};

/// What an optimiser is: options, a check of them, and the update of one element at one step (see
/// ops/update.hpp).
template <class Rule>
concept UpdateRule = requires(const Rule rule, const StepInfo& info) {
  typename Rule::Update;
  { rule.weight_decay } -> std::convertible_to<double>;
  { rule.update(info) } -> std::same_as<typename Rule::Update>;
  rule.check();
};

}  // namespace pretext::optim
