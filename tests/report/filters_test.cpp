// SPDX-License-Identifier: MIT
#include "pretext/report/filters.hpp"

#include <limits>
#include <vector>

#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

// weight [1, 2, 3, 2]: filter 0 is 1, 2, ... 6 over pixels and channels, filter 1 is its negative halved.
Tensor<float, Cpu> two_filters() {
  Tensor<float, Cpu> weight(Shape{1, 2, 3, 2});
  for (std::size_t i = 0; i < 6; ++i) {
    weight.data()[2 * i] = static_cast<float>(i + 1);
    weight.data()[2 * i + 1] = -0.5F * static_cast<float>(i + 1);
  }
  return weight;
}

}  // namespace

TEST_CASE("each filter spans its own range, with zero as middle grey") {
  const std::vector<Image> pictures = filter_pictures(two_filters());
  REQUIRE(pictures.size() == 2);
  CHECK(pictures[0].height() == 1);
  CHECK(pictures[0].width() == 2);
  CHECK(pictures[0].at(0, 1, 2) == 255);
  CHECK(pictures[0].at(0, 0, 0) == 149);  // 127.5 + 127.5 / 6, rounded
  CHECK(pictures[1].at(0, 1, 2) == 0);
  CHECK(pictures[1].at(0, 0, 0) == 106);
  const std::vector<Image> zero = filter_pictures(Tensor<float, Cpu>::zeros({2, 2, 3, 1}));
  CHECK(zero[0].at(1, 1, 1) == 128);
}

TEST_CASE("one range for all filters shows which are strong") {
  const std::vector<Image> pictures = filter_pictures(two_filters(), {.one_range = true});
  CHECK(pictures[0].at(0, 1, 2) == 255);
  CHECK(pictures[1].at(0, 1, 2) == 64);  // half of the largest, below zero
}

TEST_CASE("a batch norm's scale is folded in") {
  const std::vector<Image> pictures = filter_pictures(two_filters(), {.scale = {-1, 4}, .one_range = true});
  CHECK(pictures[0].at(0, 1, 2) == 64);
  CHECK(pictures[1].at(0, 1, 2) == 0);
}

TEST_CASE("a filter of one channel is grey and a weight that is not finite is zero") {
  Tensor<float, Cpu> weight(Shape{1, 3, 1, 1});
  weight.data()[0] = std::numeric_limits<float>::quiet_NaN();
  weight.data()[1] = std::numeric_limits<float>::infinity();
  weight.data()[2] = -2;
  const Image picture = filter_pictures(weight).at(0);
  for (int c = 0; c < 3; ++c) {
    CHECK(picture.at(0, 0, c) == 128);
    CHECK(picture.at(0, 1, c) == 128);
    CHECK(picture.at(0, 2, c) == 0);
  }
}

TEST_CASE("weights that no picture can show are refused") {
  CHECK_THROWS_AS(filter_pictures(Tensor<float, Cpu>::zeros({3, 3, 4, 8})), Error);
  CHECK_THROWS_AS(filter_pictures(Tensor<float, Cpu>::zeros({3, 3})), Error);
  CHECK_THROWS_AS(filter_pictures({}), Error);
  CHECK_THROWS_WITH_AS(filter_pictures(two_filters(), {.scale = {1}}), "filters: 2 filters, but 1 scales",
                       Error);
}

TEST_CASE("a grid of filters has one cell a filter") {
  const Image picture = filter_grid(Tensor<float, Cpu>::zeros({5, 5, 3, 20}));
  CHECK(picture.width() == 4 + 16 * 44);
  CHECK(picture.height() == 4 + 2 * 44);
}
