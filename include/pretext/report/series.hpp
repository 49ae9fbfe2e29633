// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"

namespace pretext::report {

/// One line of a plot: points (x, y) in the order of x, and around them a band from low to high where those
/// are given. A value that is not finite leaves a gap.
struct Series {
  std::string name;
  std::vector<double> x{}, y{};
  std::vector<double> low{}, high{};  // as many as y, or none

  void check() const {
    require(x.size() == y.size(), "plot: series '", name, "' has ", x.size(), " x, but ", y.size(), " y");
    require(low.size() == high.size() && (low.empty() || low.size() == y.size()), "plot: series '", name,
            "' has ", y.size(), " y, so its band needs as many low and high, not ", low.size(), " and ",
            high.size());
  }
};

namespace detail {

/// Mean, least and greatest of the finite values among some; NaN where there are none.
struct Summary {
  double mean = std::numeric_limits<double>::quiet_NaN(), low = mean, high = mean;
  std::size_t count = 0;

  void add(double value) {
    if (!std::isfinite(value)) return;
    ++count;
    const double n = static_cast<double>(count);
    mean = count == 1 ? value : mean + (value / n - mean / n);
    low = count == 1 ? value : std::min(low, value);
    high = count == 1 ? value : std::max(high, value);
  }
};

inline void append(Series& series, double x, const Summary& y) {
  series.x.push_back(x);
  series.y.push_back(y.mean);
  series.low.push_back(y.low);
  series.high.push_back(y.high);
}

}  // namespace detail

/// The mean of several runs at the same x, in a band from the least to the greatest of them.
inline Series over_runs(std::string name, const std::vector<double>& x,
                        const std::vector<std::vector<double>>& runs) {
  Series result{.name = std::move(name)};
  for (const auto& run : runs)
    require(run.size() == x.size(), "plot: a run of series '", result.name, "' has ", run.size(),
            " values, but there are ", x.size(), " x");
  for (std::size_t i = 0; i < x.size(); ++i) {
    detail::Summary y;
    for (const auto& run : runs) y.add(run[i]);
    detail::append(result, x[i], y);
  }
  return result;
}

/// The series in at most `count` points: means over equal stretches of its points, in a band from the least
/// to the greatest value of each stretch. A series that is short enough stays as it is.
inline Series thinned(const Series& series, std::size_t count) {
  series.check();
  require(count > 0, "plot: a series cannot be thinned to 0 points");
  const std::size_t points = series.y.size();
  if (points <= count) return series;
  Series result{.name = series.name};
  const auto& low = series.low.empty() ? series.y : series.low;
  const auto& high = series.high.empty() ? series.y : series.high;
  for (std::size_t i = 0; i < count; ++i) {
    detail::Summary x, y, floor, ceiling;
    for (std::size_t j = points * i / count; j < points * (i + 1) / count; ++j) {
      x.add(series.x[j]);
      y.add(series.y[j]);
      floor.add(low[j]);
      ceiling.add(high[j]);
    }
    detail::append(result, x.mean, {y.mean, floor.low, ceiling.high, y.count});
  }
  return result;
}

}  // namespace pretext::report
