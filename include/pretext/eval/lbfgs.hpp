// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/cpu/reduce.hpp"

namespace pretext::eval {

/// A point of the space that a fit searches, or a direction in it.
using Vector = std::vector<double>;

struct LbfgsOptions {
  int history = 10;  ///< steps remembered
  int max_iterations = 500;
  double gradient_tolerance = 1e-8;  ///< stop where no component of the gradient is larger
  double decrease_tolerance = 1e-9;  ///< stop where two steps in a row lower the value by less than this part
};

/// Why a search ended; `precision` means that rounding hides any further decrease.
enum class Stop { gradient, decrease, precision, iterations };

struct LbfgsReport {
  double value = 0, gradient = 0;  ///< at the end; the largest component
  int iterations = 0, evaluations = 0;
  Stop stop = Stop::iterations;

  bool converged() const { return stop != Stop::iterations; }
};

namespace detail {

inline double dot(const Vector& a, const Vector& b) {
  return cpu::sum_of<double>(std::ssize(a), [&](std::int64_t i) { return a[i] * b[i]; });
}

/// y += scale * x
inline void add(Vector& y, double scale, const Vector& x) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += scale * x[i];
}

inline void multiply(Vector& x, double scale) {
  for (double& value : x) value *= scale;
}

inline Vector difference(const Vector& a, const Vector& b) {
  Vector result = a;
  add(result, -1, b);
  return result;
}

/// The largest of the absolute values; NaN where any is.
inline double steepness(const Vector& gradient) {
  double largest = 0;
  for (const double slope : gradient)
    if (std::isnan(slope) || std::abs(slope) > largest) largest = std::abs(slope);
  return largest;
}

/// What makes of a vector itself.
struct Unchanged {
  const Vector& operator()(const Vector& gradient) const { return gradient; }
};

/// The last steps and what they did to the gradient: an estimate of the inverse Hessian (Nocedal and Wright,
/// algorithm 7.4) that starts from a preconditioner P. What P makes of a gradient is handed in beside it, so
/// that P works once a step.
class LbfgsMemory {
 public:
  explicit LbfgsMemory(int history) : history_(static_cast<std::size_t>(history)) {}

  void add(Vector step, Vector change, Vector p_change) {
    const double product = dot(step, change), scale = product / dot(change, p_change);
    if (!(product > 0 && scale > 0)) return;  // no curvature that rounding has left visible
    pairs_.push_back({std::move(step), std::move(change), std::move(p_change), product, scale});
    if (pairs_.size() > history_) pairs_.erase(pairs_.begin());
  }

  void clear() { pairs_.clear(); }

  /// Minus the inverse Hessian times the gradient.
  Vector direction(const Vector& gradient, const Vector& p_gradient) const {
    Vector rest = gradient, d = p_gradient;  // d is P rest all the way down
    std::vector<double> weights(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      weights[i] = dot(pairs_[i].step, rest) / pairs_[i].product;
      detail::add(rest, -weights[i], pairs_[i].change);
      detail::add(d, -weights[i], pairs_[i].p_change);
    }
    multiply(d, pairs_.empty() ? -1 : -pairs_.back().scale);
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      detail::add(d, -weights[i] - dot(pairs_[i].change, d) / pairs_[i].product, pairs_[i].step);
    return d;
  }

 private:
  struct Pair {
    Vector step, change, p_change;
    double product, scale;
  };
  std::size_t history_;
  std::vector<Pair> pairs_;
};

struct LbfgsPoint {
  Vector x, gradient;
  double value = 0;
};

/// Goes along a descent direction to a point that fulfils the Wolfe conditions: too long a step is halved
/// into its bracket, as is one to where the function has no value or no slope, too short a one doubled. Near
/// the minimum, where rounding hides the decrease, the slope decides (Hager and Zhang 2005). Returns false
/// where no such step was found.
template <class F>
bool line_search(F& f, const LbfgsPoint& from, const Vector& direction, LbfgsPoint& to, int& evaluations) {
  const double start = dot(from.gradient, direction);
  double low = 0, high = std::numeric_limits<double>::infinity(), step = 1, slope = 0;
  for (int trial = 0; trial < 40; ++trial) {
    to.x = from.x;
    add(to.x, step, direction);
    to.value = f(to.x, to.gradient);
    ++evaluations;
    slope = dot(to.gradient, direction);
    const bool lower = to.value <= from.value + 1e-4 * step * start;
    const bool level = to.value <= from.value + 1e-6 * std::abs(from.value) && slope <= -0.8 * start;
    if (!std::isfinite(to.value) || !std::isfinite(slope) || !(lower || level))
      high = step;
    else if (slope < 0.9 * start)
      low = step;
    else
      return true;
    step = std::isfinite(high) ? 0.5 * (low + high) : 2 * step;
  }
  require(std::isfinite(to.value) && std::isfinite(slope), "lbfgs: beside a point of value ", from.value,
          " the value is ", to.value, " and the slope ", slope);
  return false;
}

/// Where the function falls from here: as the memory says, or, where that leads uphill, against the gradient
/// with nothing remembered.
inline Vector descent(LbfgsMemory& memory, const Vector& gradient, const Vector& p_gradient) {
  Vector direction = memory.direction(gradient, p_gradient);
  if (dot(gradient, direction) < 0) return direction;
  memory.clear();
  direction = memory.direction(gradient, p_gradient);
  const double slope = dot(gradient, direction);
  require(slope <= 0, "lbfgs: along the preconditioned gradient the slope is ", -slope,
          ", which must not be negative: the preconditioner is not positive definite");
  return direction;
}

}  // namespace detail

/// Minimises a smooth convex function by L-BFGS, from x, which ends at the minimum. f(x, gradient) returns
/// the value and fills the gradient; precondition(gradient) is the gradient times a guess at the inverse
/// Hessian. All else is sequential: as deterministic as these two. Throws where value or gradient are not
/// finite at the start or in any reach of a step, and where the preconditioner turns the gradient uphill.
template <class F, class P = detail::Unchanged>
LbfgsReport lbfgs(F&& f, Vector& x, const LbfgsOptions& options = {}, P&& precondition = {}) {
  require(options.history >= 1 && options.max_iterations >= 0, "lbfgs: history ", options.history,
          " and max_iterations ", options.max_iterations, " must be at least 1 and 0");
  detail::LbfgsMemory memory(options.history);
  detail::LbfgsPoint here{x, Vector(x.size()), 0}, next = here;
  here.value = f(here.x, here.gradient);
  require(std::isfinite(here.value), "lbfgs: the value at the start is ", here.value);
  const double steepest = detail::steepness(here.gradient);
  require(std::isfinite(steepest), "lbfgs: the gradient at the start has a component of ", steepest);
  Vector p_gradient = precondition(here.gradient);
  LbfgsReport report{.evaluations = 1};
  std::optional<Stop> reason;
  for (int small = 0; !reason;) {
    if (detail::steepness(here.gradient) <= options.gradient_tolerance) {
      reason = Stop::gradient;
    } else if (report.iterations == options.max_iterations) {
      reason = Stop::iterations;
    } else if (!detail::line_search(f, here, detail::descent(memory, here.gradient, p_gradient), next,
                                    report.evaluations)) {
      reason = Stop::precision;
    } else {
      small = here.value - next.value <= options.decrease_tolerance * std::abs(next.value) ? small + 1 : 0;
      if (small == 2) reason = Stop::decrease;
      Vector p_next = precondition(next.gradient);
      memory.add(detail::difference(next.x, here.x), detail::difference(next.gradient, here.gradient),
                 detail::difference(p_next, p_gradient));
      std::swap(p_gradient, p_next);
      std::swap(here, next);
      ++report.iterations;
    }
  }
  x = here.x;
  report.value = here.value;
  report.gradient = detail::steepness(here.gradient);
  report.stop = *reason;
  return report;
}

}  // namespace pretext::eval
