// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/autograd/apply.hpp"
#include "pretext/core/random.hpp"

namespace pretext {

/// The largest difference between the gradients of a tape and five-point finite differences, over all
/// coordinates of all inputs, relative to the largest derivative of each input. `f(vars)` computes one
/// Var of any shape from the inputs; it is contracted with fixed random numbers. Steps must stay clear of
/// kinks.
template <class F>
double gradcheck(F&& f, const std::vector<Tensor<double, Cpu>>& inputs, double step = 1e-3) {
  using X = Tensor<double, Cpu>;
  auto watch = [&](Tape<Cpu>& tape, const std::vector<X>& values) {
    std::vector<Var<double, Cpu>> vars;
    for (const X& value : values) vars.push_back(tape.leaf(value.clone()));
    return vars;
  };
  X weights;
  auto contracted = [&](const std::vector<X>& values) {
    Tape<Cpu> tape;
    const X y = f(watch(tape, values)).value();
    double sum = 0;
    for (std::int64_t i = 0; i < y.size(); ++i) sum += y.data()[i] * weights.data()[i];
    return sum;
  };

  Tape<Cpu> tape;
  const auto vars = watch(tape, inputs);
  const Var<double, Cpu> y = f(vars);
  weights = X(y.shape());
  Rng rng(1, Use::test);
  for (double& w : weights.span()) w = rng.uniform(0.5F, 1.5F) * (rng.chance(0.5F) ? 1 : -1);
  tape.backward(y, weights.clone());

  double worst = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    std::vector<X> moved = inputs;
    moved[k] = inputs[k].clone();
    const X gradient = tape.gradient(vars[k]);
    double difference = 0, scale = 1e-3;
    for (std::int64_t i = 0; i < inputs[k].size(); ++i) {
      const double x = inputs[k].data()[i];
      auto at = [&](double offset) { return moved[k].data()[i] = x + offset, contracted(moved); };
      const double numeric = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      moved[k].data()[i] = x;
      difference = std::max(difference, std::abs(numeric - (gradient.defined() ? gradient.data()[i] : 0)));
      scale = std::max(scale, std::abs(numeric));
    }
    worst = difference / scale > worst || std::isnan(difference) ? difference / scale : worst;
  }
  return worst;
}

}  // namespace pretext
