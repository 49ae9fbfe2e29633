// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "pretext/optim/adam.hpp"
#include "pretext/optim/lars.hpp"
#include "pretext/optim/optimizer.hpp"
#include "pretext/optim/sgd.hpp"

namespace test {

using namespace pretext;

/// One optimiser and what every optimiser is tested for: tests/optim/optimizer_test.cpp reads this table.
template <class T>
struct OptimizerRow {
  using Make = std::function<optim::Optimizer<Cpu, T>(const ParamList<T, Cpu>&)>;

  std::string name;

  // Five steps on Rosenbrock's function from (-1.2, 1), every option in use: x and y after each. The numbers
  // are PyTorch 1.13's in double, and for LARS those of its paper's formula worked out apart.
  Make golden;
  double golden_lr;
  std::array<double, 10> path;

  // Steps that reach the minimum from afar, at a rate that falls to zero on a cosine.
  Make plain;
  double parabola_lr, rosenbrock_lr;
  int parabola_steps, rosenbrock_steps;
};

/// Makes optimisers of a rule.
template <class T, class Rule>
typename OptimizerRow<T>::Make by(const Rule& rule) {
  return [rule](const ParamList<T, Cpu>& params) { return optim::Optimizer<Cpu, T>(params, rule); };
}

template <class T>
std::vector<OptimizerRow<T>> optimizer_table() {
  using optim::Adam, optim::AdamW, optim::Lars, optim::Sgd;
  return {
      {"sgd",
       by<T>(Sgd{.weight_decay = 0.1}),
       1e-3,
       {-0.9842799999999999, 1.0879, -1.0271013086004992, 1.06397263368, -1.026656560007832,
        1.0620591293064034, -1.0258004349160215, 1.060345835973615, -1.024961355302293, 1.0586239406500746},
       by<T>(Sgd{}),
       0.1,
       2e-3,
       1000,
       30000},
      {"sgd with momentum",
       by<T>(Sgd{.momentum = 0.9, .weight_decay = 0.1}),
       5e-4,
       {-1.0921399999999999, 1.04395, -0.9604128461815311, 1.0983347804599999, -0.8736453551555825,
        1.1296319716000278, -0.8576537826787192, 1.1211053855259625, -0.9074920054512167, 1.0748218653317427},
       by<T>(Sgd{.momentum = 0.9}),
       0.05,
       1e-3,
       400,
       6000},
      {"sgd with nesterov",
       by<T>(Sgd{.momentum = 0.9, .weight_decay = 0.1, .nesterov = true}),
       5e-4,
       {-0.995066, 1.083505, -0.93911171121328, 1.1012653224526399, -0.948372060522379, 1.083921571087549,
        -0.9841201947459076, 1.0529416045950113, -1.0143099664721358, 1.0255691433929428},
       by<T>(Sgd{.momentum = 0.9, .nesterov = true}),
       0.05,
       1e-3,
       400,
       6000},
      {"adam",
       by<T>(Adam{.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1}),
       0.1,
       {-1.1000004635617302, 1.0999988623565147, -1.0193716809535844, 1.180896269249846, -0.9791842806481491,
        1.215436373076936, -0.9778455025698484, 1.205737906897475, -1.0009319929599894, 1.1704697429702482},
       by<T>(Adam{}),
       0.1,
       0.02,
       1500,
       6000},
      {"adamw",
       by<T>(AdamW{.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1}),
       0.1,
       {-1.0880004638197411, 1.0899988636492768, -0.9986196307015109, 1.157871484887308, -0.9524893026717403,
        1.175972078376101, -0.9450390396117827, 1.1501704813663467, -0.9610600711355435, 1.100088221887485},
       by<T>(AdamW{.weight_decay = 0}),
       0.1,
       0.02,
       1500,
       6000},
      {"lars",
       by<T>(Lars{.momentum = 0.9, .weight_decay = 0.1, .trust = 0.02}),
       0.5,
       {-1.1855394479920525, 1.0058922794432532, -1.1581525674050317, 1.0171091313382021, -1.1192939007314429,
        1.0331540748230734, -1.070322635579984, 1.053568797285285, -1.012424961857296, 1.0777378447399215},
       by<T>(Lars{.momentum = 0.9, .trust = 0.001}),
       10,
       2,
       1500,
       6000},
  };
}

}  // namespace test
