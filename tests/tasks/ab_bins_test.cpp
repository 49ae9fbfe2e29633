// SPDX-License-Identifier: MIT
#include "pretext/tasks/ab_bins.hpp"

#include <limits>
#include <numeric>
#include <set>

#include "../support.hpp"
#include "pretext/core/random.hpp"
#include "pretext/data/shapes.hpp"

using namespace pretext;
using namespace pretext::tasks;

namespace {

double distance(Ab x, Ab y) {
  return std::hypot(static_cast<double>(x.a) - static_cast<double>(y.a),
                    static_cast<double>(x.b) - static_cast<double>(y.b));
}

Ab random_color(Rng& rng, float reach = 150) {
  return {rng.uniform(-reach, reach), rng.uniform(-reach, reach)};
}

double sum(const AbValues& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

}  // namespace

TEST_CASE("there are 313 bins on a grid of 10, in 20 columns of one piece each") {
  std::set<std::pair<float, float>> seen;
  std::set<float> columns;
  for (std::size_t q = 0; q < ab_bins.size(); ++q) {
    const Ab bin = ab_bins[q];
    seen.insert({bin.a, bin.b});
    columns.insert(bin.a);
    CHECK(std::fmod(bin.a, 10.0F) == 0);
    CHECK(std::fmod(bin.b, 10.0F) == 0);
    if (q > 0 && ab_bins[q - 1].a == bin.a) CHECK(bin.b == ab_bins[q - 1].b + 10);
    if (q > 0 && ab_bins[q - 1].a != bin.a) CHECK(bin.a == ab_bins[q - 1].a + 10);
  }
  CHECK(seen.size() == 313);
  CHECK(columns.size() == 20);
  CHECK(*columns.begin() == -90);
  CHECK(*columns.rbegin() == 100);
  CHECK(seen.count({0, 0}) == 1);
  constexpr std::array<std::array<int, 3>, 20> published{
      {{-90, 50, 90},   {-80, 20, 90},   {-70, 0, 90},    {-60, -20, 90},  {-50, -30, 100},
       {-40, -40, 100}, {-30, -50, 100}, {-20, -50, 100}, {-10, -60, 100}, {0, -70, 100},
       {10, -80, 90},   {20, -80, 90},   {30, -90, 90},   {40, -100, 90},  {50, -100, 80},
       {60, -110, 80},  {70, -110, 80},  {80, -110, 70},  {90, -110, 70},  {100, -90, 0}}};
  for (const auto& [a, low, high] : published)
    for (int b = -130; b <= 130; b += 10)
      CHECK(seen.count({static_cast<float>(a), static_cast<float>(b)}) == (low <= b && b <= high ? 1 : 0));
  CHECK(seen.count({100, 10}) == 0);
}

TEST_CASE("every colour of a screen is within the diagonal of a square of some bin") {
  for (int r = 0; r < 256; r += 15)
    for (int g = 0; g < 256; g += 15)
      for (int b = 0; b < 256; b += 15) {
        float lab[3] = {static_cast<float>(r) / 255, static_cast<float>(g) / 255,
                        static_cast<float>(b) / 255};
        RgbToLab{}(lab[0], lab[1], lab[2]);
        const Ab color{lab[1], lab[2]};
        REQUIRE(distance(color, ab_bins[static_cast<std::size_t>(nearest_ab_bin(color))]) < 7.08);
      }
}

TEST_CASE("the nearest bin is the first of the nearest") {
  Rng rng(3, Use::test);
  for (int i = 0; i < 20000; ++i) {
    Ab color = random_color(rng);
    if (i % 4 == 0)
      color = {std::round(color.a / 5) * 5, std::round(color.b / 5) * 5};  // on edges and centres
    std::int32_t expected = 0;
    for (std::int32_t q = 1; q < ab_bin_count; ++q)
      if (distance(color, ab_bins[static_cast<std::size_t>(q)]) <
          distance(color, ab_bins[static_cast<std::size_t>(expected)]) - 1e-5)
        expected = q;
    REQUIRE(nearest_ab_bin(color) == expected);
  }
  for (std::int32_t q = 0; q < ab_bin_count; ++q)
    REQUIRE(nearest_ab_bin(ab_bins[static_cast<std::size_t>(q)]) == q);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(nearest_ab_bin({nan, 0}) == 0);
  CHECK(nearest_ab_bin({1e30F, -1e30F}) < ab_bin_count);
}

TEST_CASE("a soft encoding names the nearest bins in order, with shares of a Gaussian that sum to 1") {
  Rng rng(4, Use::test);
  for (int i = 0; i < 3000; ++i) {
    const Ab color = random_color(rng, i % 3 == 0 ? 1000.0F : 110.0F);
    const std::size_t k = 1 + rng.below(i % 100 == 0 ? 313 : 12);
    std::vector<std::int32_t> bins(k);
    std::vector<double> shares(k);
    encode_ab<double>(color, 5, bins, shares);
    REQUIRE(bins[0] == nearest_ab_bin(color));
    REQUIRE(std::accumulate(shares.begin(), shares.end(), 0.0) == doctest::Approx(1));
    const auto at = [&](std::size_t j) {
      return distance(color, ab_bins[static_cast<std::size_t>(bins[j])]);
    };
    for (std::size_t j = 1; j < k; ++j) {
      REQUIRE(at(j) >= at(j - 1) - 1e-4);
      if (shares[j] < 1e-200 || i % 3 == 0) continue;  // far away, roundings of float count
      const double farther = at(j) * at(j) - at(j - 1) * at(j - 1);
      REQUIRE(std::abs(std::log(shares[j - 1] / shares[j]) * 50 - farther) < 0.02);
    }
    int nearer = 0;
    for (const Ab& bin : ab_bins) nearer += distance(color, bin) < at(k - 1) - 1e-3 ? 1 : 0;
    REQUIRE(nearer < static_cast<int>(k));
  }
}

TEST_CASE("a soft encoding is symmetric where the grid is") {
  std::vector<std::int32_t> bins(5);
  std::vector<double> shares(5);
  encode_ab<double>({0, 0}, 5, bins, shares);  // a centre and its four neighbours
  for (std::size_t j = 2; j < 5; ++j) CHECK(shares[j] == shares[1]);
  CHECK(shares[1] / shares[0] == doctest::Approx(std::exp(-2.0)));
  bins.resize(4), shares.resize(4);
  encode_ab<double>({5, 15}, 5, bins, shares);  // the corner of four squares
  for (const double share : shares) CHECK(share == 0.25);
  CHECK_THROWS_WITH_AS(encode_ab<double>({}, 5, bins, Span<double>()), doctest::Contains("as many of both"),
                       Error);
}

TEST_CASE("the annealed mean of one bin is its centre, of all bins the mean, and cold it is the mode") {
  std::vector<double> logits(ab_bin_count, -std::numeric_limits<double>::infinity());
  for (std::size_t q = 0; q < ab_bins.size(); ++q) {
    logits[q] = 0;
    const Ab color = annealed_mean(logits.data(), 0.38);
    REQUIRE((color.a == ab_bins[q].a && color.b == ab_bins[q].b));
    logits[q] = -std::numeric_limits<double>::infinity();
  }
  Ab mean;
  for (const Ab& bin : ab_bins) mean.a += bin.a / ab_bin_count, mean.b += bin.b / ab_bin_count;
  std::fill(logits.begin(), logits.end(), 3.0);
  CHECK(distance(annealed_mean(logits.data(), 0.38), mean) < 1e-3);
  // p = 0.8 and 0.2: at temperature 1/2 the odds are squared.
  std::fill(logits.begin(), logits.end(), -1e9);
  logits[0] = std::log(0.8), logits[100] = std::log(0.2);
  const auto mixed = [](float x, float y) { return (16 * x + y) / 17; };
  const Ab color = annealed_mean(logits.data(), 0.5);
  CHECK(color.a == doctest::Approx(mixed(ab_bins[0].a, ab_bins[100].a)));
  CHECK(color.b == doctest::Approx(mixed(ab_bins[0].b, ab_bins[100].b)));
  CHECK(distance(annealed_mean(logits.data(), 1e-3), ab_bins[0]) == 0);
}

TEST_CASE("the prior counts every pixel, whatever the number of threads") {
  data::DatasetBuilder builder("two colours");
  Image picture(3, 4);
  std::fill_n(picture.pixels(), 36, std::uint8_t{77});  // grey
  picture.at(1, 1, 0) = 255, picture.at(1, 1, 1) = 0, picture.at(1, 1, 2) = 0;
  builder.add(picture);
  builder.add(picture);
  const AbValues prior = ab_prior(std::move(builder).build());
  CHECK(prior[static_cast<std::size_t>(nearest_ab_bin({0, 0}))] == doctest::Approx(11.0 / 12));
  CHECK(prior[static_cast<std::size_t>(nearest_ab_bin({80.1F, 67.2F}))] == doctest::Approx(1.0 / 12));
  CHECK(sum(prior) == doctest::Approx(1));

  const auto shapes = data::shapes({.count = 150});
  const int before = thread_pool().threads();
  set_num_threads(1);
  const AbValues one = ab_prior(shapes);
  set_num_threads(5);
  CHECK(ab_prior(shapes) == one);
  set_num_threads(before);
  CHECK(sum(one) == doctest::Approx(1));
  CHECK_THROWS_WITH_AS(ab_prior(data::Dataset()), doctest::Contains("no pictures"), Error);
}

TEST_CASE("smoothing keeps the sum, and weights have mean 1 over the smoothed prior") {
  const AbValues prior = ab_prior(data::shapes({.count = 100}));
  const AbValues smooth = smoothed(prior, 5);
  CHECK(sum(smooth) == doctest::Approx(1));
  CHECK(smoothed(prior, 0) == prior);
  for (const double p : smooth) CHECK(p >= 0);
  for (const double uniform : {0.01, 0.5, 1.0}) {
    const AbValues weights = ab_weights(prior, 5, uniform);
    double mean = 0;
    for (std::size_t q = 0; q < weights.size(); ++q) mean += smooth[q] * weights[q];
    CHECK(mean == doctest::Approx(1));
    for (std::size_t q = 1; q < weights.size(); ++q)
      CHECK((weights[q] - weights[q - 1]) * (smooth[q] - smooth[q - 1]) <= 1e-12);
    if (uniform == 1) CHECK(weights[0] == doctest::Approx(weights[200]));
  }
  // By hand: two bins of 3/4 and 1/4 and half of the uniform.
  AbValues two{};
  two[0] = 0.75, two[1] = 0.25;
  const AbValues weights = ab_weights(two, 0, 0.5);
  const double rest = 0.5 / 313, w0 = 1 / (0.375 + rest), w1 = 1 / (0.125 + rest);
  CHECK(weights[1] / weights[0] == doctest::Approx(w1 / w0));
  CHECK(0.75 * weights[0] + 0.25 * weights[1] == doctest::Approx(1));
  CHECK_THROWS_WITH_AS(ab_weights(AbValues{}), doctest::Contains("count it with ab_prior"), Error);
  CHECK_THROWS_WITH_AS(ab_weights(two, 5, 0), doctest::Contains("above 0"), Error);
}
