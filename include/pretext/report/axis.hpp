// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "pretext/report/html.hpp"

namespace pretext::report {

/// A round number: 1, 2 or 5 times a power of ten.
struct Round {
  int digit = 1, exponent = 0;

  double value() const { return times(1); }

  /// k times the number, free of the error that a sum of steps would gather.
  double times(double k) const {
    return exponent >= 0 ? k * digit * std::pow(10, exponent) : k * digit / std::pow(10, -exponent);
  }

  /// The least round number that is not below a positive value.
  static Round above(double value) {
    const int exponent = static_cast<int>(std::floor(std::log10(value)));
    for (const int digit : {1, 2, 5})
      // Quotients of doubles miss a whole number by a few units in the last place.
      if (const Round r{digit, exponent}; r.value() >= value * (1 - 1e-12)) return r;
    return {1, exponent + 1};
  }

  /// The greatest round number that is not above a positive value.
  static Round below(double value) {
    const Round inverse = above(1 / value);
    return inverse.digit == 1 ? Round{1, -inverse.exponent}
                              : Round{10 / inverse.digit, -inverse.exponent - 1};
  }

  Round next() const {
    return digit == 1 ? Round{2, exponent} : digit == 2 ? Round{5, exponent} : Round{1, exponent + 1};
  }
  Round previous() const {
    return digit == 5 ? Round{2, exponent} : digit == 2 ? Round{1, exponent} : Round{5, exponent - 1};
  }
};

/// How values become places along a line, and which of them carry a label.
struct Axis {
  double low = 0, high = 1;
  bool log = false;
  std::vector<double> ticks{};
  std::vector<std::string> labels{};  // one a tick

  /// True where the value has a place: it is finite, and positive on a logarithmic axis.
  bool shows(double value) const { return std::isfinite(value) && (!log || value > 0); }

  /// 0 at the low end, 1 at the high end.
  double fraction(double value) const {
    return log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  }
};

namespace detail {

/// A number as a tick label, exact to a step, in thousands (k), millions (M) or billions (G) where `largest`
/// on the axis asks for it.
inline std::string tick_label(double value, double step, double largest) {
  if (largest >= 1e13 || step < 1e-6) return shown(value);
  const double unit = largest >= 1e10 ? 1e9 : largest >= 1e7 ? 1e6 : largest >= 1e4 ? 1e3 : 1;
  const char* suffix = value == 0 || unit == 1 ? "" : unit == 1e3 ? "k" : unit == 1e6 ? "M" : "G";
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step / unit) + 1e-9)));
  return (value == 0 ? "0" : unit == 1 ? fixed(value, decimals) : number(value / unit, decimals)) + suffix;
}

// Limits that any value fits and whose difference and logarithm stay finite and apart.
inline void widen(double& low, double& high) {
  constexpr double most = 1e300;
  low = std::clamp(low, -most, most);
  high = std::clamp(high, -most, most);
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low > 1e-9 * size) return;
  const double margin = size == 0 ? 1 : 0.1 * size;
  low -= margin;
  high += margin;
}

}  // namespace detail

/// A linear axis over [low, high] with ticks at multiples of one round step: about `count`, at least 2.
/// `outward` moves both ends out to the next tick. Where low equals high the axis is widened around it.
inline Axis linear_axis(double low, double high, int count, bool outward) {
  detail::widen(low, high);
  Round step = Round::above((high - low) / count);
  // Quotients of doubles miss a whole number by a few units in the last place.
  const auto first = [&] {
    return outward ? std::floor(low / step.value() + 1e-9) : std::ceil(low / step.value() - 1e-9);
  };
  const auto last = [&] {
    return outward ? std::ceil(high / step.value() - 1e-9) : std::floor(high / step.value() + 1e-9);
  };
  while (last() <= first()) step = step.previous();
  Axis axis{.low = low, .high = high};
  if (outward) axis.low = step.times(first()), axis.high = step.times(last());
  const double largest = std::max(std::abs(axis.low), std::abs(axis.high));
  for (double k = first(); k <= last(); ++k) {
    axis.ticks.push_back(step.times(k));
    axis.labels.push_back(detail::tick_label(step.times(k), step.value(), largest));
  }
  return axis;
}

/// A logarithmic axis that covers [low, high], both positive, from one round number to another; ticks at 1, 2
/// and 5 of each decade or, where that is crowded, at powers of ten.
inline Axis log_axis(double low, double high) {
  low = std::clamp(low, 1e-290, 1e290);
  high = std::clamp(high, low, 1e290);
  Round first = Round::below(low), last = Round::above(high);
  if (first.value() >= last.value()) last = last.next();
  const double decades = std::log10(last.value() / first.value());
  Axis axis{.low = first.value(), .high = last.value(), .log = true};
  const int every = std::max(1, static_cast<int>(std::ceil(decades / 8)));
  for (Round r = first; r.value() <= axis.high * (1 + 1e-12); r = r.next()) {
    if (decades > 3 && (r.digit != 1 || r.exponent % every != 0)) continue;
    axis.ticks.push_back(r.value());
    axis.labels.push_back(detail::tick_label(r.value(), std::pow(10, r.exponent), r.value() * 10));
  }
  return axis;
}

}  // namespace pretext::report
