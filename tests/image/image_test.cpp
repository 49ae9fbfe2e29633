// SPDX-License-Identifier: MIT
#include "pretext/image/image.hpp"

#include <type_traits>

#include "support.hpp"

using namespace pretext;

TEST_CASE("a new image is black and knows its shape") {
  Image image(2, 3);
  CHECK(image.height() == 2);
  CHECK(image.width() == 3);
  CHECK(image.channels() == 3);
  CHECK(image.view().size() == 18);
  for (int i = 0; i < 18; ++i) CHECK(image.pixels()[i] == 0);
  CHECK(Image().view().size() == 0);
}

TEST_CASE("a pixel lies at row, column, channel of the bytes") {
  Image image(2, 3);
  image.at(1, 2, 1) = 77;
  CHECK(image.pixels()[(1 * 3 + 2) * 3 + 1] == 77);
  const ImageView view = image;
  CHECK(view.at(1, 2, 1) == 77);
  static_assert(std::is_trivially_copyable_v<ImageView>);
}

TEST_CASE("an image copied from a view does not share its pixels") {
  Image image(2, 2, 1);
  image.at(0, 1, 0) = 5;
  const Image copy = Image::from(image);
  CHECK(copy == image);
  image.at(0, 1, 0) = 6;
  CHECK(copy.at(0, 1, 0) == 5);
  CHECK(copy != image);
}

TEST_CASE("an image of impossible shape is an error that says it") {
  CHECK_THROWS_WITH_AS(Image(-1, 3), doctest::Contains("[-1, 3, 3]"), Error);
  CHECK_THROWS_AS(Image(2, 3, 5), Error);
  CHECK_THROWS_AS(Image(2, 3, 0), Error);
  CHECK_THROWS_WITH_AS(Image(0x7FFFFFFF, 0x7FFFFFFF), doctest::Contains("too large"), Error);
}
