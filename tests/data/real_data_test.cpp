// SPDX-License-Identifier: MIT
#include <chrono>

#include "data/fixtures.hpp"
#include "pretext/data/open.hpp"

using namespace pretext;
using data::Dataset;
using data::Split;

namespace {

const std::vector<std::string> cifar_classes = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                "dog",      "frog",       "horse", "ship", "truck"};

}  // namespace

TEST_CASE("CIFAR-10 as JPEG files in a tar.gz is read in place: 50,000 and 10,000 pictures of 10 classes") {
  const auto path = test::real_data("cifar10-jpeg.tar.gz");
  if (!path) return test::skip("cifar10-jpeg.tar.gz is not here");
  const auto start = std::chrono::steady_clock::now();
  const Dataset train = data::image_tar(*path, {.prefix = "train"});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  MESSAGE("50,000 pictures read in " << seconds << " s");
  const Dataset held_out = data::open(path->string(), Split::test);
  for (const auto& [set, each] : {std::pair(train, 5000), std::pair(held_out, 1000)}) {
    REQUIRE(set.size() == 10 * each);
    CHECK(set.classes() == cifar_classes);
    CHECK(set.skipped().empty());
    bool sorted = true, right_size = true;
    for (std::int64_t i = 0; i < set.size(); ++i) {
      sorted = sorted && set.label(i) == i / each;
      right_size = right_size && set.image(i).height == 32 && set.image(i).width == 32;
    }
    CHECK(sorted);
    CHECK(right_size);
  }
  CHECK(train.hash() != held_out.hash());
}

TEST_CASE("two hundred photographs in one folder of a tar are read without labels") {
  const auto path = test::real_data("photos.tar");
  if (!path) return test::skip("photos.tar is not here");
  const Dataset set = data::image_tar(*path);
  REQUIRE(set.size() == 200);
  CHECK(set.skipped().empty());
  CHECK(set.classes().empty());
  CHECK_FALSE(set.labelled());
  for (std::int64_t i = 0; i < set.size(); ++i)
    CHECK(std::min(set.image(i).height, set.image(i).width) >= 86);
  test::TempDir folder;
  data::save_cache(set, folder / "photos.ptx");
  CHECK(data::open_cache(folder / "photos.ptx").hash() == set.hash());
}
