// SPDX-License-Identifier: MIT
#include "pretext/tasks/exemplar_seeds.hpp"

#include "task_checks.hpp"

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {

/// Grey but for a square of noise.
Image noisy_square(int height, int width, int left, int top, int side, std::uint32_t seed = 0) {
  Image image(height, width);
  std::fill_n(image.pixels(), image.view().size(), std::uint8_t{100});
  Rng rng(1, Use::test, 0, seed);
  for (int y = top; y < top + side; ++y)
    for (int x = left; x < left + side; ++x)
      for (int c = 0; c < 3; ++c) image.at(y, x, c) = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

bool inside(const Place& p, const ImageView& picture) {
  const float reach = 0.5F * (p.side - 1);
  return p.x - reach >= 0 && p.y - reach >= 0 && p.x + reach <= static_cast<float>(picture.width - 1) &&
         p.y + reach <= static_cast<float>(picture.height - 1);
}

}  // namespace

TEST_CASE("the energy of a square is the mean of its squared gradients") {
  Image slope(9, 14);
  for (int y = 0; y < 9; ++y)
    for (int x = 0; x < 14; ++x)
      for (int c = 0; c < 3; ++c) slope.at(y, x, c) = static_cast<std::uint8_t>(10 * x + 5 * y);
  const GradientEnergy energy(slope);
  CHECK(energy.mean(3, 2, 4) == doctest::Approx(125.0 / (255 * 255)).epsilon(1e-4));
  CHECK(GradientEnergy(Image(5, 5)).mean(0, 0, 5) == 0);
  const GradientEnergy corner(noisy_square(20, 30, 20, 10, 10));
  CHECK(corner.mean(0, 0, 15) < 1e-9);
  CHECK(corner.mean(20, 10, 10) > 0.01);
}

TEST_CASE("patches are drawn with probability proportional to their gradients, over all sides and places") {
  const Image picture = noisy_square(24, 40, 5, 8, 12);
  const SeedOptions options{.smallest = 0.4F, .largest = 1, .scales = 3};
  const GradientEnergy energy(picture);
  std::map<std::array<float, 3>, std::size_t> number;
  std::vector<double> shares;
  std::map<float, double> by_side, count_of_side;
  energy.each_patch(options, [&](const Place& p, double weight) {
    CHECK(inside(p, picture));
    number[{p.x, p.y, p.side}] = shares.size();
    shares.push_back(weight / energy.total(options));
    count_of_side[p.side] += 1;
  });
  CHECK(count_of_side.size() == 3);
  CHECK(count_of_side.begin()->first == 10);
  CHECK(count_of_side.rbegin()->first == 24);
  // A place's weight is its energy over the number of places of its side.
  energy.each_patch(options, [&](const Place& p, double weight) {
    const int side = static_cast<int>(p.side), left = static_cast<int>(p.x - 0.5F * (p.side - 1)),
              top = static_cast<int>(p.y - 0.5F * (p.side - 1));
    REQUIRE(weight == doctest::Approx(energy.mean(left, top, side) / count_of_side[p.side]));
  });
  std::vector<int> counts(shares.size());
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    Rng rng(9, Use::mining, 0, i);
    const Place p = energy.draw(options, rng);
    ++counts[number.at({p.x, p.y, p.side})];
  }
  std::vector<int> seen;
  std::vector<double> expected;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] == 0) CHECK(counts[i] == 0);
    if (shares[i] < 1e-4) continue;  // too rare for the statistic
    seen.push_back(counts[i]), expected.push_back(shares[i]);
  }
  double sum = 0;
  for (double& share : expected) sum += share;
  for (double& share : expected) share /= sum;
  CHECK(std::abs(unevenness(seen, expected)) < 4);
}

TEST_CASE("pictures are drawn by their gradients, each once") {
  // Two kinds of pictures, one with four times the energy: of a few seeds out of many, four of five are of
  // it.
  data::DatasetBuilder builder("two kinds");
  for (int i = 0; i < 2000; ++i) {
    Image image(8, 8);
    const int step = i % 2 == 0 ? 20 : 10;
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x)
        for (int c = 0; c < 3; ++c) image.at(y, x, c) = static_cast<std::uint8_t>(step * x);
    builder.add(image);
  }
  const auto dataset = std::move(builder).build();
  std::int64_t strong = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Seeds seeds = exemplar_seeds(dataset, {.count = 50, .seed = seed});
    REQUIRE(seeds.pictures.size() == 50);
    REQUIRE(seeds.places.size() == 50);
    std::int64_t last = -1;
    for (std::int64_t i = 0; i < 50; ++i) {
      strong += seeds.pictures.image(i).at(0, 1, 0) == 20 ? 1 : 0;
      ++all;
      std::int64_t at = last + 1;
      while (dataset.image(at).pixels != seeds.pictures.image(i).pixels)
        ++at;  // fails where a picture repeats
      last = at;
    }
  }
  CHECK(std::abs(static_cast<double>(strong) / static_cast<double>(all) - 0.8) < 0.015);
}

TEST_CASE("seeds are a function of pictures and options, not of threads, and flat pictures give none") {
  const auto dataset = data::shapes({.count = 120});
  const auto places = [](const Seeds& seeds) {
    std::vector<std::array<float, 3>> list;
    for (const Place& p : seeds.places) list.push_back({p.x, p.y, p.side});
    return list;
  };
  const int before = thread_pool().threads();
  set_num_threads(1);
  const Seeds one = exemplar_seeds(dataset, {.count = 30, .seed = 4});
  set_num_threads(4);
  const Seeds four = exemplar_seeds(dataset, {.count = 30, .seed = 4});
  set_num_threads(before);
  CHECK(places(one) == places(four));
  CHECK(one.pictures.hash() == four.pictures.hash());
  CHECK_FALSE(places(one) == places(exemplar_seeds(dataset, {.count = 30, .seed = 5})));
  for (std::size_t i = 0; i < one.places.size(); ++i)
    CHECK(inside(one.places[i], one.pictures.image(static_cast<std::int64_t>(i))));

  data::DatasetBuilder builder("mostly flat");
  for (std::uint32_t i = 0; i < 5; ++i) builder.add(noisy_square(8, 8, 0, 0, i < 2 ? 8 : 0, i));
  const auto flat = std::move(builder).build();
  CHECK(exemplar_seeds(flat, {.count = 2}).places.size() == 2);
  CHECK_THROWS_WITH_AS(
      exemplar_seeds(flat, {.count = 3}),
      doctest::Contains("3 seeds are asked for, but only 2 of the 5 pictures of mostly flat"), Error);
  CHECK_THROWS_WITH_AS(exemplar_seeds(flat, {.count = 0}), doctest::Contains("at least 1"), Error);
  CHECK_THROWS_WITH_AS(exemplar_seeds(flat, {.smallest = 0}), doctest::Contains("expected 0 < smallest"),
                       Error);
}
