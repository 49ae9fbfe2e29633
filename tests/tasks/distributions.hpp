// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace test {

/// The largest distance of the values' distribution from a uniform one on [low, high], times the root of
/// their number: above 1.95 in one of a thousand fair trials (Kolmogorov and Smirnov).
inline double kolmogorov(std::vector<float> values, float low, float high) {
  std::ranges::sort(values);
  double worst = 0;
  const double n = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = static_cast<double>((values[i] - low) / (high - low));
    worst = std::max(worst, std::abs(expected - (static_cast<double>(i) + 0.5) / n));
  }
  return worst * std::sqrt(n);
}

/// By how many deviations the counts are from even.
inline double unevenness(const std::vector<int>& counts) {
  double sum = 0, chi = 0;
  for (const int count : counts) sum += count;
  const double free = static_cast<double>(counts.size()) - 1, expected = sum / (free + 1);
  for (const int count : counts) chi += (count - expected) * (count - expected) / expected;
  return (chi - free) / std::sqrt(2 * free);
}

}  // namespace test
