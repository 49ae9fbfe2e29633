// SPDX-License-Identifier: MIT
#include "pretext/image/view.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "../support.hpp"
#include "naive_view.hpp"
#include "pretext/core/random.hpp"
#include "pretext/cpu/render.hpp"
#include "test_pictures.hpp"

using namespace pretext;

namespace {

using test::noise;

/// The colours 0 ... 255 of one view, as they come from the painter.
Tensor<float, Cpu> draw(const Image& image, const Affine& map, int height, int width) {
  const ImageView view = image;
  const View one{.map = map};
  return render<Cpu>({&view, 1}, {&one, 1},
                     {height, width, {{0, 0, 0}, {1.0F / 255, 1.0F / 255, 1.0F / 255}}});
}

bool same_pixels(const Tensor<float, Cpu>& drawn, const Image& image) {
  for (std::int64_t i = 0; i < drawn.size(); ++i)
    if (drawn.data()[i] != static_cast<float>(image.pixels()[i])) return false;
  return drawn.size() == image.view().size();
}

Image transposed(const Image& in) {
  Image out(in.width(), in.height());
  for (int y = 0; y < out.height(); ++y)
    for (int x = 0; x < out.width(); ++x)
      for (int c = 0; c < 3; ++c) out.at(y, x, c) = in.at(x, y, c);
  return out;
}

Image upside_down(const Image& in) {
  Image out(in.height(), in.width());
  for (int y = 0; y < out.height(); ++y)
    for (int x = 0; x < out.width(); ++x)
      for (int c = 0; c < 3; ++c) out.at(y, x, c) = in.at(in.height() - 1 - y, x, c);
  return out;
}

}  // namespace

TEST_CASE("a view without a map is the picture, bit for bit") {
  for (int size : {1, 2, 7, 32})
    CHECK(same_pixels(draw(noise(size, size), {}, size, size), noise(size, size)));
}

TEST_CASE("quarter turns equal transpose and flip, bit for bit") {
  for (int size : {1, 2, 5, 32, 33}) {
    const Image in = noise(size, size);
    CHECK(same_pixels(draw(in, quarter_turns(1, size), size, size), upside_down(transposed(in))));
    CHECK(same_pixels(draw(in, quarter_turns(3, size), size, size), transposed(upside_down(in))));
    CHECK(same_pixels(draw(in, mirrored(size).after(quarter_turns(2, size)), size, size), upside_down(in)));
  }
}

TEST_CASE("four quarter turns are the identity, and turns add up") {
  for (int size : {1, 4, 31, 96}) {
    const Affine one = quarter_turns(1, size);
    CHECK(one.after(one) == quarter_turns(2, size));
    CHECK(one.after(one).after(one) == quarter_turns(3, size));
    CHECK(one.after(one).after(one).after(one) == Affine{});
    CHECK(mirrored(size).after(mirrored(size)) == Affine{});
  }
}

TEST_CASE("pixels outside the picture are black") {
  const Image in = noise(4, 4);
  const auto drawn = draw(in, {1, 0, -2, 0, 1, 3}, 4, 4);
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 4; ++x)
      for (int c = 0; c < 3; ++c) {
        const bool inside = x >= 2 && y < 1;
        const float expected = inside ? static_cast<float>(in.at(y + 3, x - 2, c)) : 0.0F;
        CHECK(drawn.data()[(y * 4 + x) * 3 + c] == expected);
      }
}

TEST_CASE("a half pixel shift averages neighbours") {
  const Image in = noise(3, 3);
  const auto drawn = draw(in, {1, 0, 0.5F, 0, 1, 0}, 3, 2);
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 2; ++x)
      CHECK(drawn.data()[(y * 2 + x) * 3] ==
            doctest::Approx(0.5 * (in.at(y, x, 0) + in.at(y, x + 1, 0))).epsilon(1e-6));
}

TEST_CASE("shrinking averages all pixels that an output pixel covers") {
  const Image in = noise(32, 32);
  const int factor = 4;
  const float centre = 0.5F * factor - 0.5F;
  const auto drawn = draw(in, {factor, 0, centre, 0, factor, centre}, 8, 8);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) {
      double sum = 0;
      for (int j = 0; j < factor; ++j)
        for (int i = 0; i < factor; ++i) sum += in.at(y * factor + j, x * factor + i, 1);
      CHECK(drawn.data()[(y * 8 + x) * 3 + 1] == doctest::Approx(sum / (factor * factor)).epsilon(1e-5));
    }
}

TEST_CASE("a grey picture is drawn in all three channels") {
  Image grey(2, 2, 1);
  for (int i = 0; i < 4; ++i) grey.pixels()[i] = static_cast<std::uint8_t>(50 * i);
  const auto drawn = draw(grey, {}, 2, 2);
  for (int i = 0; i < 12; ++i) CHECK(drawn.data()[i] == static_cast<float>(50 * (i / 3)));
}

TEST_CASE("maps that are not numbers or far away draw black") {
  const Image in = noise(5, 5);
  const float bad[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F,
                       -1e30F};
  for (float value : bad)
    for (const Affine& map :
         {Affine{value, 0, 0, 0, 1, 0}, Affine{1, 0, value, 0, 1, 0}, Affine{1, 0, 0, 0, 1, value}}) {
      const auto drawn = draw(in, map, 2, 2);
      for (float v : drawn.span()) CHECK(v >= 0);
    }
}

TEST_CASE("normalisation subtracts the mean and divides by the deviation") {
  const Image in = noise(2, 2);
  const ImageView view = in;
  const View one{};
  const auto drawn = render<Cpu, double>({&view, 1}, {&one, 1}, {2, 2, {{0.5F, 0.25F, 0}, {0.5F, 2, 1}}});
  CHECK(drawn.data()[0] == doctest::Approx((in.at(0, 0, 0) / 255.0 - 0.5) / 0.5));
  CHECK(drawn.data()[1] == doctest::Approx((in.at(0, 0, 1) / 255.0 - 0.25) / 2));
  CHECK(drawn.data()[2] == doctest::Approx(in.at(0, 0, 2) / 255.0));
}

TEST_CASE("many views of pictures of several sizes are drawn in one call, alike for any number of threads") {
  const Image images[] = {noise(9, 5, 1), noise(32, 48, 2), noise(1, 1, 3)};
  const std::vector<ImageView> pictures(std::begin(images), std::end(images));
  std::vector<View> views;
  for (int i = 0; i < 50; ++i) {
    const float angle = 0.1F * static_cast<float>(i);
    views.push_back({.source = i % 3,
                     .map = {std::cos(angle), -std::sin(angle), 3, std::sin(angle), std::cos(angle), 2}});
  }
  set_num_threads(1);
  const auto one = render<Cpu>(pictures, views, {16, 12});
  set_num_threads(4);
  const auto four = render<Cpu>(pictures, views, {16, 12});
  CHECK(one.shape() == Shape{50, 16, 12, 3});
  CHECK(std::ranges::equal(one.span(), four.span()));
}

TEST_CASE("views of pictures that are not there are refused") {
  const Image in = noise(2, 2);
  const ImageView view = in;
  const View wrong{.source = 1};
  CHECK_THROWS_WITH_AS(render<Cpu>({&view, 1}, {&wrong, 1}, {}),
                       "render: a view of picture 1, but there are 1", Error);
  CHECK(render<Cpu>({&view, 1}, {}, {}).shape() == Shape{0, 32, 32, 3});
}
