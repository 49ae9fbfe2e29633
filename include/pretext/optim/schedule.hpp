// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "pretext/core/error.hpp"

namespace pretext::optim {

/// A learning rate as a function of the epoch; 1.5 is half-way through the second one.
using Schedule = std::function<double(double epoch)>;

/// lr, always.
struct Constant {
  double lr;
  double operator()(double) const { return lr; }
};

/// lr times `factor` for every `every` epochs that have passed.
struct StepDecay {
  double lr, every, factor = 0.1;
  double operator()(double epoch) const {
    require(every > 0, "schedule: a step must be longer than 0 epochs, not ", every);
    return lr * std::pow(factor, std::floor(epoch / every));
  }
};

/// lr times `factor` for every milestone that has been reached.
struct MultiStep {
  double lr;
  std::vector<double> milestones;  ///< epochs
  double factor = 0.1;
  double operator()(double epoch) const {
    double result = lr;
    for (const double milestone : milestones) result *= epoch >= milestone ? factor : 1;
    return result;
  }
};

/// From lr down to `last` on half a cosine, between epochs `begin` and `end`; level before and after.
struct Cosine {
  double lr, end;
  double begin = 0, last = 0;
  double operator()(double epoch) const {
    require(end > begin, "schedule: a cosine must end after it begins, not from ", begin, " to ", end);
    const double progress = std::clamp((epoch - begin) / (end - begin), 0.0, 1.0);
    return last + (lr - last) * (1 + std::cos(3.141592653589793 * progress)) / 2;
  }
};

/// A straight line over the first `epochs`, from `from` times the rate that the schedule has when they are
/// over up to that rate; then the schedule.
struct WarmUp {
  Schedule schedule;
  double epochs, from = 0;
  double operator()(double epoch) const {
    if (epoch >= epochs) return schedule(epoch);
    return schedule(epochs) * (from + (1 - from) * epoch / epochs);
  }
};

}  // namespace pretext::optim
