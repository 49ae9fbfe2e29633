// SPDX-License-Identifier: MIT
#include "pretext/report/axis.hpp"

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "pretext/core/random.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

// A value whose size is spread evenly over 200 powers of ten.
double any_value(Rng& rng) {
  const double value = rng.uniform(-1, 1) * std::pow(10, rng.uniform(-100, 100));
  return rng.chance(0.1F) ? 0 : value;
}

// True for 1, 2 or 5 times a power of ten.
bool round_number(double value) {
  const double digit = value / std::pow(10, std::floor(std::log10(value) + 1e-9));
  return std::abs(digit - 1) < 1e-6 || std::abs(digit - 2) < 1e-6 || std::abs(digit - 5) < 1e-6;
}

}  // namespace

TEST_CASE("a linear axis has a few ticks at multiples of a round step, inside its range") {
  Rng rng(1, Use::test);
  for (int trial = 0; trial < 3000; ++trial) {
    double low = any_value(rng), high = any_value(rng);
    if (low > high) std::swap(low, high);
    const int count = 3 + static_cast<int>(rng.below(8));
    const bool outward = rng.chance(0.5F);
    const Axis axis = linear_axis(low, high, count, outward);
    CAPTURE(low);
    CAPTURE(high);
    CAPTURE(count);
    REQUIRE(axis.ticks.size() >= 2);
    REQUIRE(static_cast<int>(axis.ticks.size()) <= std::max(count, 5) + (outward ? 2 : 1));
    REQUIRE(axis.labels.size() == axis.ticks.size());
    const double step = axis.ticks[1] - axis.ticks[0];
    REQUIRE(axis.low <= low + 1e-6 * step);
    REQUIRE(axis.high >= high - 1e-6 * step);
    REQUIRE(round_number(step));
    for (std::size_t i = 0; i < axis.ticks.size(); ++i) {
      REQUIRE(std::abs(axis.ticks[i] - (axis.ticks[0] + static_cast<double>(i) * step)) <= 1e-6 * step);
      REQUIRE(axis.fraction(axis.ticks[i]) >= -1e-6);
      REQUIRE(axis.fraction(axis.ticks[i]) <= 1 + 1e-6);
    }
    if (outward) REQUIRE(axis.ticks.front() == axis.low);
    if (outward) REQUIRE(axis.ticks.back() == axis.high);
  }
}

TEST_CASE("labels of a linear axis differ from each other") {
  Rng rng(2, Use::test);
  for (int trial = 0; trial < 2000; ++trial) {
    const double low = rng.uniform(-1, 1) * std::pow(10, rng.uniform(-5, 12));
    const Axis axis = linear_axis(low, low + std::abs(low) * rng.uniform(0.05F, 3) + 1e-4, 5, true);
    const std::set<std::string> labels(axis.labels.begin(), axis.labels.end());
    CAPTURE(axis.low);
    CAPTURE(axis.high);
    REQUIRE(labels.size() == axis.labels.size());
  }
}

TEST_CASE("ticks are the numbers that a person would write") {
  CHECK(linear_axis(0, 100, 5, true).labels == std::vector<std::string>{"0", "20", "40", "60", "80", "100"});
  CHECK(linear_axis(0.41, 1.39, 5, true).labels ==
        std::vector<std::string>{"0.4", "0.6", "0.8", "1.0", "1.2", "1.4"});
  CHECK(linear_axis(0, 30000, 4, false).labels == std::vector<std::string>{"0", "10k", "20k", "30k"});
  CHECK(linear_axis(0, 25'000'000, 5, false).labels ==
        std::vector<std::string>{"0", "5M", "10M", "15M", "20M", "25M"});
  CHECK(linear_axis(-0.2, 0.2, 4, false).labels ==
        std::vector<std::string>{"-0.2", "-0.1", "0", "0.1", "0.2"});
  CHECK(linear_axis(0, 0.3, 3, false).ticks == std::vector<double>{0, 0.1, 0.2, 0.3});
}

TEST_CASE("an axis over one value is widened around it") {
  for (const double value : {0.0, 1.0, -3.5, 1e-200, 1e300, std::numeric_limits<double>::max()}) {
    const Axis axis = linear_axis(value, value, 5, true);
    CAPTURE(value);
    CHECK(axis.high > axis.low);
    CHECK(axis.ticks.size() >= 2);
    CHECK(std::isfinite(axis.fraction(axis.ticks[0])));
  }
}

TEST_CASE("a logarithmic axis runs from one round number to another and covers its range") {
  Rng rng(3, Use::test);
  for (int trial = 0; trial < 3000; ++trial) {
    const double low = std::pow(10, rng.uniform(-200, 200)), high = low * std::pow(10, rng.uniform(0, 12));
    const Axis axis = log_axis(low, high);
    CAPTURE(low);
    CAPTURE(high);
    REQUIRE(axis.low <= low * (1 + 1e-9));
    REQUIRE(axis.high >= high * (1 - 1e-9));
    REQUIRE(axis.low < axis.high);
    REQUIRE(axis.ticks.size() >= 2);
    REQUIRE(axis.ticks.size() <= 12);
    REQUIRE(axis.labels.size() == axis.ticks.size());
    for (const double tick : axis.ticks) {
      REQUIRE(round_number(tick));
      REQUIRE(axis.fraction(tick) >= -1e-9);
      REQUIRE(axis.fraction(tick) <= 1 + 1e-9);
    }
  }
}

TEST_CASE("a logarithmic axis names its decades") {
  CHECK(log_axis(20, 5000).labels ==
        std::vector<std::string>{"20", "50", "100", "200", "500", "1k", "2k", "5k"});
  CHECK(log_axis(0.001, 10).labels == std::vector<std::string>{"0.001", "0.01", "0.1", "1", "10"});
  CHECK(log_axis(0.3, 0.3).labels == std::vector<std::string>{"0.2", "0.5"});
  CHECK(log_axis(1, 1).ticks.size() == 2);
  CHECK_FALSE(log_axis(1, 10).shows(0));
  CHECK_FALSE(log_axis(1, 10).shows(-1));
  CHECK(log_axis(1, 100).fraction(10) == doctest::Approx(0.5));
}

TEST_CASE("round numbers are found on either side of any value") {
  Rng rng(4, Use::test);
  for (int trial = 0; trial < 3000; ++trial) {
    const double value = std::pow(10, rng.uniform(-200, 200));
    REQUIRE(Round::above(value).value() >= value * (1 - 1e-9));
    REQUIRE(Round::above(value).value() <= value * 2.5 * (1 + 1e-9));
    REQUIRE(Round::below(value).value() <= value * (1 + 1e-9));
    REQUIRE(Round::below(value).value() >= value / 2.5 * (1 - 1e-9));
    REQUIRE(Round::above(value).next().value() > Round::above(value).value());
  }
}
