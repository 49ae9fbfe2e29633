// SPDX-License-Identifier: MIT
#include "pretext/report/heat_map.hpp"

#include <limits>

#include "report/samples.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

int lightness(Color c) { return 299 * c.red + 587 * c.green + 114 * c.blue; }

Tensor<float, Cpu> two_cells(float left, float right) {
  const float cells[] = {left, right};
  return Tensor<float, Cpu>::from({1, 2}, cells);
}

}  // namespace

TEST_CASE("more is lighter, at every step") {
  for (int i = 0; i < 100; ++i)
    CHECK(lightness(heat_color(0.01 * i)) < lightness(heat_color(0.01 * i + 0.01)));
  CHECK(heat_color(-3) == heat_color(0));
  CHECK(heat_color(7) == heat_color(1));
  CHECK(heat_color(std::numeric_limits<double>::quiet_NaN()) == heat_color(0));
}

TEST_CASE("a map spans its own range, from the darkest to the lightest colour") {
  const Image black(1, 4);
  const Image image = heat_map(black, two_cells(-5, 11), {.opacity = 1});
  CHECK(test::color_at(image, 0, 0) == heat_color(0));
  CHECK(test::color_at(image, 0, 1) == heat_color(0.25));
  CHECK(test::color_at(image, 0, 2) == heat_color(0.75));
  CHECK(test::color_at(image, 0, 3) == heat_color(1));
  const Image flat = heat_map(black, two_cells(3, 3), {.opacity = 1});
  for (int x = 0; x < 4; ++x) CHECK(test::color_at(flat, 0, x) == heat_color(0.5));
}

TEST_CASE("the picture shows through in grey") {
  Image picture(1, 2);
  picture.at(0, 0, 1) = 200;
  const Image under = heat_map(picture, two_cells(0, 1), {.opacity = 0});
  CHECK(test::color_at(under, 0, 0) == Color{117, 117, 117});  // 0.587 * 200
  CHECK(test::color_at(under, 0, 1) == Color{0, 0, 0});
  Image grey(1, 2, 1);
  grey.at(0, 1, 0) = 99;
  CHECK(test::color_at(heat_map(grey, two_cells(0, 1), {.opacity = 0}), 0, 1) == Color{99, 99, 99});
  const Image half = heat_map(picture, two_cells(0, 1), {.opacity = 0.5});
  CHECK(half.at(0, 1, 0) == (heat_color(1).red + 1) / 2);
}

TEST_CASE("an enlarged heat map is drawn smoothly over large pixels") {
  const Image picture(2, 3);
  const Image image = heat_map(picture, two_cells(0, 1), {.opacity = 1, .scale = 4});
  CHECK(image.height() == 8);
  CHECK(image.width() == 12);
  for (int x = 1; x < 12; ++x)
    CHECK(lightness(test::color_at(image, 5, x - 1)) <= lightness(test::color_at(image, 5, x)));
}

TEST_CASE("heat maps of nothing are refused") {
  const Image picture(2, 2);
  CHECK_THROWS_AS(heat_map(Image(), two_cells(0, 1)), Error);
  CHECK_THROWS_AS(heat_map(Image(2, 2, 4), two_cells(0, 1)), Error);
  CHECK_THROWS_WITH_AS(heat_map(picture, {}), doctest::Contains("must have 2 axes"), Error);
  CHECK_THROWS_AS(heat_map(picture, Tensor<float, Cpu>({0, 2})), Error);
  CHECK_THROWS_AS(heat_map(picture, two_cells(0, 1), {.opacity = 2}), Error);
  CHECK_THROWS_AS(heat_map(picture, two_cells(0, 1), {.scale = 0}), Error);
}
