// SPDX-License-Identifier: MIT
#include "pretext/data/dataset.hpp"

#include "data/fixtures.hpp"

using namespace pretext;
using data::Dataset;
using data::DatasetBuilder;

namespace {

Dataset small_set(std::vector<int> labels = {1, 0, 1}) {
  DatasetBuilder builder("small", {"cat", "dog"});
  for (int i = 0; const int label : labels) builder.add(test::picture(i, 4 + i, 9 - i).view(), label), ++i;
  builder.skip("broken.jpg", "it is broken");
  return std::move(builder).build();
}

}  // namespace

TEST_CASE("a data set gives back pictures, labels, classes and skipped pictures as they were added") {
  const Dataset set = small_set();
  REQUIRE(set.size() == 3);
  CHECK(set.name() == "small");
  CHECK(set.classes() == std::vector<std::string>{"cat", "dog"});
  CHECK(set.skipped() == std::vector<data::Skipped>{{"broken.jpg", "it is broken"}});
  for (int i = 0; i < 3; ++i) CHECK(test::same_pixels(set.image(i), test::picture(i, 4 + i, 9 - i).view()));
  CHECK(set.label(0) == 1);
  CHECK(set.label(1) == 0);
  CHECK(set.labelled());
}

TEST_CASE("an empty data set has no pictures and no labels") {
  const Dataset set;
  CHECK(set.size() == 0);
  CHECK_FALSE(set.labelled());
  CHECK(set.subset({}).size() == 0);
  CHECK(set.hash() == small_set().subset({}).hash());
  CHECK_THROWS_AS(set.image(0), Error);
}

TEST_CASE("a position outside a data set is an error that names the set and its range") {
  const Dataset set = small_set();
  CHECK(test::error_of([&] { set.image(3); }).find("small: there is no picture 3, only 0 to 2") !=
        std::string::npos);
  CHECK_THROWS_AS(set.image(-1), Error);
  CHECK_THROWS_AS(set.label(3), Error);
  const std::int64_t outside[] = {0, 3};
  CHECK_THROWS_AS(set.subset(outside), Error);
}

TEST_CASE("a subset has the chosen pictures in the chosen order and shares their pixels") {
  const Dataset set = small_set();
  const std::int64_t chosen[] = {2, 0, 2};
  const Dataset part = set.subset(chosen);
  REQUIRE(part.size() == 3);
  CHECK(part.image(0).pixels == set.image(2).pixels);
  CHECK(part.image(1).pixels == set.image(0).pixels);
  CHECK(part.label(2) == set.label(2));
  const std::int64_t again[] = {1};
  CHECK(part.subset(again).image(0).pixels == set.image(0).pixels);
  CHECK_THROWS_AS(part.subset(again).image(1), Error);
}

TEST_CASE("pixels outlive the data set that made them as long as a subset lives") {
  Dataset part;
  {
    const std::int64_t chosen[] = {1};
    part = small_set().subset(chosen);
  }
  CHECK(test::same_pixels(part.image(0), test::picture(1, 5, 8).view()));
}

TEST_CASE("pictures without a label have label -1 and make the set unlabelled") {
  const Dataset set = small_set({0, -1, 1});
  CHECK(set.label(1) == -1);
  CHECK_FALSE(set.labelled());
  const std::int64_t labelled[] = {0, 2};
  CHECK(set.subset(labelled).labelled());
}

TEST_CASE("the hash of a data set changes with any pixel, label, size or order and with nothing else") {
  const Dataset set = small_set();
  CHECK(set.hash() == small_set().hash());
  CHECK(set.hash() != small_set({1, 0, 0}).hash());
  const std::int64_t order[] = {0, 1, 2}, swapped[] = {1, 0, 2}, fewer[] = {0, 1};
  CHECK(set.subset(order).hash() == set.hash());
  CHECK(set.subset(swapped).hash() != set.hash());
  CHECK(set.subset(fewer).hash() != set.hash());

  const auto one = [](int height, int width, int changed) {
    DatasetBuilder builder("any name");
    std::uint8_t* pixels = builder.add(height, width);
    for (int i = 0; i < height * width * 3; ++i) pixels[i] = static_cast<std::uint8_t>(i == changed);
    return std::move(builder).build().hash();
  };
  CHECK(one(2, 3, -1) != one(3, 2, -1));
  std::vector<std::uint64_t> hashes;
  for (int i = -1; i < 18; ++i) hashes.push_back(one(2, 3, i));
  std::ranges::sort(hashes);
  CHECK(std::ranges::adjacent_find(hashes) == hashes.end());
}

TEST_CASE("the hash of a data set has the value that its description gives") {
  const auto step = [](std::uint64_t s, std::uint64_t w) {
    const std::uint64_t product = (s ^ w) * 0x9E3779B97F4A7C15U;
    return product << 29 | product >> 35;
  };
  const auto finish = [](std::uint64_t s) {
    s = (s ^ s >> 30) * 0xBF58476D1CE4E5B9U;
    s = (s ^ s >> 27) * 0x94D049BB133111EBU;
    return s ^ s >> 31;
  };
  const std::uint64_t start = 0x243F6A8885A308D3U;
  DatasetBuilder builder("one", {"a", "b"});
  std::uint8_t* pixels = builder.add(1, 3, 1);
  for (std::uint8_t i = 0; i < 9; ++i) pixels[i] = static_cast<std::uint8_t>(i + 1);
  std::uint64_t s = start;
  for (const std::uint64_t word : {1ULL, 3ULL, 1ULL, 9ULL, 0x0807060504030201ULL, 9ULL}) s = step(s, word);
  CHECK(std::move(builder).build().hash() == finish(step(step(start, 1), finish(s))));
}

TEST_CASE("a grey picture is stored with three equal channels") {
  Image grey(2, 2, 1);
  for (int i = 0; i < 4; ++i) grey.pixels()[i] = static_cast<std::uint8_t>(10 * i);
  DatasetBuilder builder("grey");
  builder.add(grey.view());
  const Dataset set = std::move(builder).build();
  CHECK(set.image(0).channels == 3);
  for (int i = 0; i < 12; ++i) CHECK(set.image(0).pixels[i] == 10 * (i / 3));
}

TEST_CASE("a builder refuses pictures without size, of odd channels and with labels of no class") {
  DatasetBuilder builder("set", {"one"});
  CHECK_THROWS_AS(builder.add(0, 4), Error);
  CHECK_THROWS_AS(builder.add(4, -1), Error);
  CHECK_THROWS_AS(builder.add(4, 4, 1), Error);
  CHECK_THROWS_AS(builder.add(4, 4, -2), Error);
  CHECK_THROWS_AS(builder.add(Image(2, 2, 2).view()), Error);
  CHECK(std::move(builder).build().size() == 0);
}

TEST_CASE("many pictures of many sizes keep their pixels while more are added") {
  DatasetBuilder builder("many");
  for (int i = 0; i < 300; ++i) builder.add(test::picture(i, 1 + i, 301 - i).view());
  const Dataset set = std::move(builder).build();
  for (int i = 0; i < 300; ++i)
    CHECK(test::same_pixels(set.image(i), test::picture(i, 1 + i, 301 - i).view()));
}
