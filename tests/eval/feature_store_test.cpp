// SPDX-License-Identifier: MIT
#include "pretext/eval/feature_store.hpp"

#include "eval_data.hpp"
#include "pretext/cpu/linear.hpp"

namespace {

using namespace pretext;
using eval::FeatureKey;
using eval::FeatureOptions;
using X = Tensor<float, Cpu>;

data::Dataset grey_pictures(int count, int first = 0) {
  data::DatasetBuilder builder("grey", {"even", "odd"});
  for (int i = first; i < first + count; ++i) {
    std::uint8_t* pixels = builder.add(6, 6, i % 2);
    for (int p = 0; p < 108; ++p) pixels[p] = static_cast<std::uint8_t>(i * 31 + p * 7);
  }
  return std::move(builder).build();
}

/// Renders, and counts how many pictures.
struct CountingRender {
  std::int64_t* rendered;

  X operator()(const data::Dataset& set, Span<const std::int64_t> indices) const {
    *rendered += std::ssize(indices);
    X out({std::ssize(indices), 6, 6, 3});
    float* to = out.data();
    for (const std::int64_t i : indices)
      for (int p = 0; p < 108; ++p) *to++ = static_cast<float>(set.image(i).pixels[p]) - 128;
    return out;
  }
};

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST_CASE("a key changes with everything that features depend on") {
  const FeatureKey key{1, 2, "32 pixels", "block1", "flat 2 x 2 x 3"};
  CHECK(key.text() == FeatureKey(key).text());
  CHECK(key.text().size() == 16);
  const FeatureKey others[] = {
      {0, 2, "32 pixels", "block1", "flat 2 x 2 x 3"}, {1, 0, "32 pixels", "block1", "flat 2 x 2 x 3"},
      {1, 2, "33 pixels", "block1", "flat 2 x 2 x 3"}, {1, 2, "32 pixels", "block2", "flat 2 x 2 x 3"},
      {1, 2, "32 pixels", "block1", "flat 2 x 2 x 4"}, {1, 2, "32 pixelsb", "lock1", "flat 2 x 2 x 3"}};
  for (const FeatureKey& other : others) CHECK(other.text() != key.text());
}

TEST_CASE("features are computed once for each network, data set, input, tap and pooling") {
  const test::TempDir folder;
  std::int64_t rendered = 0;
  const CountingRender render{&rendered};
  const data::Dataset data = grey_pictures(10);
  const std::vector<std::string> taps{"relu", "pool"};
  nn::Sequential<> net = test::two_stages();
  const FeatureOptions none{.batch = 4};
  FeatureOptions kept = none;
  kept.store = (folder / "store").string();
  kept.inputs = "6 pixels";
  const auto plain = eval::features(net, taps, data, render, none);
  const auto read = [&](const FeatureOptions& o, const data::Dataset& set) {
    rendered = 0;
    return eval::features(net, taps, set, render, o);
  };
  const auto check = [&](const std::vector<eval::Features>& found) {
    REQUIRE(found.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(found[i].tap == plain[i].tap);
      CHECK(found[i].pooling == plain[i].pooling);
      CHECK(found[i].labels == plain[i].labels);
      REQUIRE(found[i].x.shape() == plain[i].x.shape());
      CHECK(std::equal(found[i].x.data(), found[i].x.data() + found[i].x.size(), plain[i].x.data()));
    }
  };
  check(read(kept, data));
  CHECK(rendered == 11);
  CHECK(files_in(kept.store) == 2);
  check(read(kept, data));
  CHECK(rendered == 1);  // one picture says how maps are pooled
  CHECK(files_in(kept.store) == 2);

  const auto other = read(kept, grey_pictures(10, 1));
  CHECK(rendered == 11);
  CHECK_FALSE(std::equal(other[0].x.data(), other[0].x.data() + other[0].x.size(), plain[0].x.data()));
  FeatureOptions smaller = kept;
  smaller.budget = 27;
  CHECK(read(smaller, data)[0].x.dim(1) == 27);
  CHECK(rendered == 11);  // relu alone was too large, but a pass is for all that is missing
  kept.inputs = "7 pixels";
  read(kept, data);
  CHECK(rendered == 11);
  const std::vector<std::string> one{"pool"};
  rendered = 0;
  eval::features(net, one, data, render, kept);
  CHECK(rendered == 1);
}

TEST_CASE("a store that is damaged or does not know its inputs is refused") {
  const test::TempDir folder;
  std::int64_t rendered = 0;
  const data::Dataset data = grey_pictures(5);
  const std::vector<std::string> taps{"pixels"};
  nn::Sequential<> net = test::two_stages();
  FeatureOptions o{.store = folder.path().string()};
  CHECK_THROWS_WITH_AS(eval::features(net, taps, data, CountingRender{&rendered}, o),
                       doctest::Contains("a store must know what decides the inputs"), Error);
  o.inputs = "6 pixels";
  eval::features(net, taps, data, CountingRender{&rendered}, o);
  const auto file = std::filesystem::directory_iterator(folder.path())->path();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  CHECK_THROWS_WITH_AS(eval::features(net, taps, data, CountingRender{&rendered}, o),
                       doctest::Contains("bytes, expected"), Error);
  test::write_file(folder / "file", "");
  o.store = (folder / "file").string();
  CHECK_THROWS_WITH_AS(eval::features(net, taps, data, CountingRender{&rendered}, o),
                       doctest::Contains("cannot be made"), Error);
}

}  // namespace
