// SPDX-License-Identifier: MIT
#include "pretext/data/shapes.hpp"

#include <chrono>
#include <cmath>

#include "data/fixtures.hpp"

using namespace pretext;
using data::Dataset;
using data::Split;

namespace {

double brightness(const ImageView& image, int y, int x) {
  const std::uint8_t* p = image.pixels + 3 * (y * image.width + x);
  return (p[0] + p[1] + p[2]) / 3.0;
}

}  // namespace

TEST_CASE("shapes are labelled pictures of ten classes in alphabetical order, equally many of each") {
  const Dataset set = data::shapes({.count = 1000});
  REQUIRE(set.size() == 1000);
  CHECK(set.labelled());
  CHECK(set.classes().size() == 10);
  CHECK(std::ranges::is_sorted(set.classes()));
  std::vector<int> counts(10);
  for (int i = 0; i < 1000; ++i) ++counts[static_cast<std::size_t>(set.label(i))];
  CHECK(counts == std::vector<int>(10, 100));
  CHECK(set.image(0).height == 32);
  CHECK(set.image(0).channels == 3);
}

TEST_CASE("picture i is a function of seed, split, i and size alone") {
  const Dataset set = data::shapes({.count = 200, .seed = 4});
  for (const int threads : {1, 2, 8}) {
    set_num_threads(threads);
    CHECK(data::shapes({.count = 200, .seed = 4}).hash() == set.hash());
  }
  set_num_threads(2);
  const Dataset fewer = data::shapes({.count = 70, .seed = 4});
  for (int i = 0; i < 70; ++i) CHECK(test::same_pixels(fewer.image(i), set.image(i)));
  const Dataset other_seed = data::shapes({.count = 70, .seed = 5});
  const Dataset other_split = data::shapes({.count = 70, .seed = 4, .split = Split::test});
  for (int i = 0; i < 70; ++i) {
    CHECK_FALSE(test::same_pixels(other_seed.image(i), set.image(i)));
    CHECK_FALSE(test::same_pixels(other_split.image(i), set.image(i)));
  }
}

TEST_CASE("no two pictures of a set are the same") {
  const Dataset set = data::shapes({.count = 2000});
  std::vector<std::uint64_t> hashes;
  for (int i = 0; i < 2000; ++i) hashes.push_back(hash_of({set.image(i).pixels, std::size_t{32} * 32 * 3}));
  std::ranges::sort(hashes);
  CHECK(std::ranges::adjacent_find(hashes) == hashes.end());
}

TEST_CASE("a picture of another size shows the same scene") {
  const Dataset small = data::shapes({.count = 40, .size = 32}),
                large = data::shapes({.count = 40, .size = 64});
  double same = 0, different = 0;
  for (int i = 0; i < 40; ++i) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        double mean = 0;
        for (int k = 0; k < 4; ++k) mean += brightness(large.image(i), 2 * y + k / 2, 2 * x + k % 2) / 4;
        same += std::abs(mean - brightness(small.image(i), y, x));
        different += std::abs(mean - brightness(small.image((i + 10) % 40), y, x));
      }
    }
  }
  CHECK(same < 0.2 * different);
}

TEST_CASE("the borders of the pictures do not tell what is up") {
  // Half-way between chance and a cue that a network could live on: means of the four borders over many
  // pictures.
  const Dataset set = data::shapes({.count = 8000});
  double side[4] = {};
  for (int i = 0; i < 8000; ++i) {
    for (int k = 0; k < 32; ++k) {
      side[0] += brightness(set.image(i), 0, k);
      side[1] += brightness(set.image(i), 31, k);
      side[2] += brightness(set.image(i), k, 0);
      side[3] += brightness(set.image(i), k, 31);
    }
  }
  const double mean = (side[0] + side[1] + side[2] + side[3]) / 4;
  for (const double value : side) CHECK(std::abs(value / mean - 1) < 0.02);
}

TEST_CASE("shapes refuse a size or a count that they cannot draw") {
  CHECK(test::error_of([] { data::shapes({.size = 31}); }).find("size must be 32 to 96, not 31") !=
        std::string::npos);
  CHECK_THROWS_AS(data::shapes({.size = 97}), Error);
  CHECK_THROWS_AS(data::shapes({.count = -1}), Error);
  CHECK(data::shapes({.count = 0}).size() == 0);
  CHECK(data::shapes({.count = 3, .size = 96}).image(2).width == 96);
}

TEST_CASE("drawing shapes on one thread gives the same pictures, and prints how fast") {
  const std::uint64_t expected = data::shapes({.count = 2000}).hash();
  set_num_threads(1);
  const auto start = std::chrono::steady_clock::now();
  const Dataset set = data::shapes({.count = 2000});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  set_num_threads(2);
  MESSAGE("shapes: " << static_cast<int>(2000 / seconds) << " pictures of 32 px a second on one thread");
  CHECK(set.hash() == expected);
}
