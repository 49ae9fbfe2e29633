// SPDX-License-Identifier: MIT
#include "pretext/core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

using namespace pretext;

namespace {

bool equal(const Words& a, const Words& b) { return std::equal(a.w, a.w + 4, b.w); }

constexpr int draws = 1'000'000;

/// The largest distance between the distribution of the values and `cumulative`, times the root of their
/// number: above 1.95 in one of a thousand fair trials (Kolmogorov and Smirnov).
template <class F>
double kolmogorov(std::vector<double> values, F&& cumulative) {
  std::ranges::sort(values);
  const double n = static_cast<double>(values.size());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double c = cumulative(values[i]), at = static_cast<double>(i);
    worst = std::max({worst, c - at / n, (at + 1) / n - c});
  }
  return worst * std::sqrt(n);
}

/// How many deviations the counts are from even, by chi-square: beyond 4 in fewer than one of ten thousand
/// fair trials.
template <std::size_t n>
double unevenness(const std::array<int, n>& counts) {
  double sum = 0, chi = 0;
  for (int count : counts) sum += count;
  const double expected = sum / n;
  for (int count : counts) chi += (count - expected) * (count - expected) / expected;
  return (chi - (n - 1)) / std::sqrt(2.0 * (n - 1));
}

}  // namespace

TEST_CASE("Philox gives the published answers of its authors") {
  CHECK(equal(philox({{0, 0, 0, 0}}, 0), {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}));
  CHECK(equal(philox({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, 0xffffffffffffffff),
              {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}));
  CHECK(equal(philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822),
              {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));
}

TEST_CASE("a stream is a function of seed, use, epoch, sample and draw") {
  Rng rng(17, Use::views, 3, 5), copy = rng;
  for (std::uint32_t draw = 0; draw < 9; ++draw) {
    const std::uint32_t expected =
        philox({{draw / 4, 5, 3, static_cast<std::uint32_t>(Use::views)}}, 17).w[draw % 4];
    CHECK(rng.bits() == expected);
  }
  CHECK(copy.bits() == Rng(17, Use::views, 3, 5).bits());
  const std::uint32_t first = Rng(17, Use::views, 3, 5).bits();
  for (Rng other : {Rng(18, Use::views, 3, 5), Rng(17, Use::order, 3, 5), Rng(17, Use::views, 4, 5),
                    Rng(17, Use::views, 3, 6)})
    CHECK(other.bits() != first);
}

TEST_CASE("uniform numbers are even over a million draws, in [0, 1) and within bounds") {
  Rng rng(1, Use::test);
  std::vector<double> values;
  std::array<int, 256> bins{}, pairs{};
  int last = 0;
  for (int i = 0; i < draws; ++i) {
    const float u = rng.uniform();
    REQUIRE((u >= 0 && u < 1));
    values.push_back(u);
    const int bin = static_cast<int>(u * 256);
    ++bins[static_cast<std::size_t>(bin)];
    if (i % 2 == 1) ++pairs[static_cast<std::size_t>(last / 16 * 16 + bin / 16)];
    last = bin;
  }
  CHECK(kolmogorov(values, [](double x) { return x; }) < 1.95);
  CHECK(std::abs(unevenness(bins)) < 4);
  CHECK(std::abs(unevenness(pairs)) < 4);
  for (int i = 0; i < 1000; ++i) {
    const float u = rng.uniform(-3, 2);
    REQUIRE((u >= -3 && u <= 2));
  }
}

TEST_CASE("the same draw of neighbouring samples is even too") {
  std::array<int, 256> bins{};
  for (std::uint32_t sample = 0; sample < 100'000; ++sample)
    ++bins[Rng(1, Use::views, 0, sample).bits() >> 24];
  CHECK(std::abs(unevenness(bins)) < 4);
}

TEST_CASE("below(n) hits every number evenly, and chance(p) is true with its probability") {
  Rng rng(2, Use::test);
  std::array<int, 7> counts{};
  for (int i = 0; i < draws; ++i) ++counts[rng.below(7)];
  CHECK(std::abs(unevenness(counts)) < 4);
  CHECK(rng.below(1) == 0);
  int hits = 0;
  for (int i = 0; i < draws; ++i) hits += rng.chance(0.2F);
  CHECK(std::abs(hits - 200'000) < 4 * 400);
  CHECK_FALSE(rng.chance(0));
  CHECK(rng.chance(1));
}

TEST_CASE("normal numbers follow the normal distribution") {
  Rng rng(3, Use::test);
  std::vector<double> values(draws);
  for (double& v : values) v = rng.normal();
  CHECK(kolmogorov(values, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }) < 1.95);
  for (double v : values) REQUIRE(std::isfinite(v));
}

TEST_CASE("between(low, high) hits every whole number evenly, both ends too") {
  Rng rng(4, Use::test);
  std::array<int, 15> counts{};
  for (int i = 0; i < draws; ++i) ++counts[static_cast<std::size_t>(rng.between(-7, 7) + 7)];
  CHECK(std::abs(unevenness(counts)) < 4);
  CHECK(rng.between(3, 3) == 3);
}

TEST_CASE("log_uniform has a uniform logarithm") {
  Rng rng(5, Use::test);
  std::vector<double> values(draws);
  for (double& v : values) v = static_cast<double>(rng.log_uniform(0.75F, 1.0F / 0.75F));
  CHECK(kolmogorov(values, [](double x) { return std::log(x / 0.75) / std::log(16.0 / 9); }) < 1.95);
}

TEST_CASE("pairs of normal numbers in float follow the normal distribution, and are independent") {
  Rng rng(6, Use::test);
  std::vector<double> first(draws), second(draws);
  double product = 0, of_squares = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    float x, y;
    normal_pair(rng.bits(), rng.bits(), x, y);
    first[i] = static_cast<double>(x);
    second[i] = static_cast<double>(y);
    product += first[i] * second[i];
    of_squares += (first[i] * first[i] - 1) * (second[i] * second[i] - 1);
  }
  const auto normal = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  CHECK(kolmogorov(first, normal) < 1.95);
  CHECK(kolmogorov(second, normal) < 1.95);
  CHECK(std::abs(product) < 4 * std::sqrt(draws));
  CHECK(std::abs(of_squares) < 4 * 2 * std::sqrt(draws));
  float x, y;
  normal_pair(0, 0, x, y);  // the smallest uniform number
  CHECK(std::isfinite(x));
  CHECK(std::abs(x) < 6);
  normal_pair(0xffffffff, 0, x, y);
  CHECK(std::abs(x) < 1e-3F);
}

TEST_CASE("a permutation is one for all sizes from 1 to 300") {
  for (std::uint64_t size = 1; size <= 300; ++size) {
    const Permutation order(size, 11, 2);
    std::vector<bool> seen(size);
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::uint64_t to = order(i);
      REQUIRE(to < size);
      REQUIRE_FALSE(seen[to]);
      seen[to] = true;
    }
  }
}

TEST_CASE("a permutation is one for a large size, and stays inside for a huge one") {
  const std::uint64_t size = 1'281'167;
  const Permutation order(size, 4, 0);
  std::vector<bool> seen(size);
  for (std::uint64_t i = 0; i < size; ++i) seen[order(i)] = true;
  CHECK(std::ranges::all_of(seen, [](bool hit) { return hit; }));

  const std::uint64_t huge = (std::uint64_t{1} << 45) + 12345;
  const Permutation far(huge, 4, 0);
  std::set<std::uint64_t> images;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::uint64_t to = far(huge - 1 - i);
    CHECK(to < huge);
    images.insert(to);
  }
  CHECK(images.size() == 2000);
}

TEST_CASE("permutations differ by seed and by epoch, and move every place evenly") {
  const std::uint64_t size = 1000;
  const auto fixed = [&](const Permutation& a, const Permutation& b) {
    int same = 0;
    for (std::uint64_t i = 0; i < size; ++i) same += a(i) == b(i);
    return same;
  };
  CHECK(fixed(Permutation(size, 1, 0), Permutation(size, 1, 0)) == 1000);
  CHECK(fixed(Permutation(size, 1, 0), Permutation(size, 2, 0)) < 10);
  CHECK(fixed(Permutation(size, 1, 0), Permutation(size, 1, 1)) < 10);
  // Where the first three of 1000 go, over many epochs.
  std::array<int, 100> places{};
  for (std::uint32_t epoch = 0; epoch < 20'000; ++epoch)
    for (std::uint64_t i : {0, 1, 2}) ++places[Permutation(size, 9, epoch)(i) / 10];
  CHECK(std::abs(unevenness(places)) < 4);
}
