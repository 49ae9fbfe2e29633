// SPDX-License-Identifier: MIT
#include "pretext/report/grid.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "pretext/core/hash.hpp"
#include "report/samples.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

Image plain(int height, int width, Color color) {
  Canvas canvas(height, width, color);
  return std::move(canvas).image();
}

std::int64_t count(const Image& image, Color color) {
  std::int64_t found = 0;
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) found += test::color_at(image, y, x) == color ? 1 : 0;
  return found;
}

constexpr Color red{200, 10, 20}, blue{10, 20, 200}, white{255, 255, 255}, black{0, 0, 0};

}  // namespace

TEST_CASE("the letters cover printable ASCII, each with a shape of its own") {
  std::set<std::uint64_t> shapes;
  for (char32_t code = U'!'; code <= U'~'; ++code) {
    CAPTURE(static_cast<char>(code));
    CHECK(glyph(code).rows != 0);
    CHECK((glyph(code).rows & 0xE0E0E0E0E0E0E0E0) == 0);  // five pixels wide
    CHECK(glyph(code).rows != glyph(0x10FFFF).rows);
    CHECK(shapes.insert(glyph(code).rows).second);
  }
  for (const char32_t code : {0xB0, 0xB1, 0xD7, 0x2013, 0x2026, 0x2192, 0x2713, 0x2717})
    CHECK(shapes.insert(glyph(code).rows).second);
  CHECK(glyph(U' ').rows == 0);
  CHECK(glyph(0).rows == glyph(0xFFFD).rows);
}

TEST_CASE("letters look as they were drawn") {
  std::string shape;
  for (int y = 0; y < Glyph::height; ++y) {
    for (int x = 0; x < Glyph::width; ++x) shape += glyph(U'g').at(y, x) ? '#' : '.';
    shape += '\n';
  }
  CHECK(shape == ".....\n.....\n.####\n#...#\n#...#\n.####\n....#\n.###.\n");
}

TEST_CASE("text is drawn letter by letter at its scale") {
  Canvas canvas(20, 40, white);
  canvas.text(2, 3, "I-", 2, black);
  const Image& image = canvas.image();
  // The capital I: rows 0 and 6 three dots wide, five rows of one dot; the hyphen: three dots.
  CHECK(count(image, black) == 4 * (3 + 5 + 3 + 3));
  CHECK(test::color_at(image, 2, 3 + 2) == black);
  CHECK(test::color_at(image, 2, 3) == white);
  CHECK(test::color_at(image, 2 + 3 * 2, 3 + 12 + 2) == black);
}

TEST_CASE("drawing outside of a canvas changes nothing") {
  Canvas canvas(10, 10, white);
  canvas.fill({-5, -5, 3, 3}, black);
  canvas.fill({20, 0, 5, 5}, black);
  canvas.picture(8, 8, plain(4, 4, red), 1);
  canvas.text(-30, -30, "cut", 2, black);
  CHECK(count(canvas.image(), red) == 4);
  CHECK(count(canvas.image(), white) == 96);
}

TEST_CASE("grey, RGB and RGBA pictures are drawn in their colours") {
  Canvas canvas(1, 3, black);
  Image grey(1, 1, 1), alpha(1, 1, 4);
  grey.at(0, 0, 0) = 77;
  for (int c = 0; c < 4; ++c) alpha.at(0, 0, c) = static_cast<std::uint8_t>(10 * c + 1);
  canvas.picture(0, 0, grey);
  canvas.picture(0, 1, plain(1, 1, red));
  canvas.picture(0, 2, alpha);
  CHECK(test::color_at(canvas.image(), 0, 0) == Color{77, 77, 77});
  CHECK(test::color_at(canvas.image(), 0, 1) == red);
  CHECK(test::color_at(canvas.image(), 0, 2) == Color{1, 11, 21});
}

TEST_CASE("pictures stand in their cells, enlarged by a whole factor and centred") {
  const std::vector<Image> images = {plain(2, 2, red), plain(2, 4, blue), plain(3, 3, red)};
  const Image g = grid(images, {.columns = 2, .cell = 9, .gap = 3});
  REQUIRE(g.width() == 3 + 2 * (9 + 3));
  REQUIRE(g.height() == 3 + 2 * (9 + 3));
  // 2 x 2 by 4 is 8 x 8; 2 x 4 by 2 is 4 x 8; 3 x 3 by 3 is 9 x 9.
  CHECK(count(g, red) == 8 * 8 + 9 * 9);
  CHECK(count(g, blue) == 4 * 8);
  CHECK(test::color_at(g, 3, 3) == red);
  CHECK(test::color_at(g, 10, 10) == red);
  CHECK(test::color_at(g, 11, 11) == white);
  CHECK(test::color_at(g, 3 + 2, 15) == blue);
  CHECK(test::color_at(g, 3 + 1, 15) == white);
  CHECK(test::color_at(g, 15, 3) == red);
  CHECK(test::color_at(g, 23, 11) == red);
}

TEST_CASE("a picture larger than its cell is shrunk to means of its pixels") {
  Image stripes(8, 8, 3);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x)
      for (int c = 0; c < 3; ++c) stripes.at(y, x, c) = x % 2 == 0 ? 100 : 200;
  const Image g = grid(std::vector<Image>{stripes}, {.columns = 1, .cell = 4, .gap = 0});
  REQUIRE(g.width() == 4);
  CHECK(count(g, {150, 150, 150}) == 16);
  const Image odd = report::detail::shrunk(plain(7, 5, red), 3);
  CHECK(odd.height() == 2);
  CHECK(odd.width() == 1);
  CHECK(count(odd, red) == 2);
}

TEST_CASE("right and wrong differ by the colour of a border in the gap and by a sign") {
  const std::vector<Image> images = {plain(4, 4, red), plain(4, 4, red), plain(4, 4, red)};
  const Image g = grid(images, {.columns = 3,
                                .cell = 16,
                                .gap = 8,
                                .text = 1,
                                .captions = {"a", "b", "c"},
                                .highlight = {Mark::right, Mark::wrong, Mark::none}});
  CHECK(count(g, red) == 3 * 16 * 16);  // no pixel is covered
  const Color right = report::detail::color_of(Mark::right), wrong = report::detail::color_of(Mark::wrong);
  const std::int64_t border = 20 * 20 - 16 * 16;
  const auto dots = [](char32_t code) { return std::int64_t{__builtin_popcountll(glyph(code).rows)}; };
  CHECK(count(g, right) == border + dots(0x2713));
  CHECK(count(g, wrong) == border + dots(0x2717));
  CHECK(count(g, report::detail::ink) == dots(U'a') + dots(U'b') + dots(U'c'));
}

TEST_CASE("captions may have lines, are cut at the cell's width, and need one entry a picture") {
  const std::vector<Image> images = {plain(4, 4, red)};
  const GridOptions one{.columns = 1, .cell = 30, .gap = 4, .text = 1, .captions = {"a"}};
  GridOptions two = one;
  two.captions = {"a\nb"};
  CHECK(grid(images, two).height() - grid(images, one).height() == Glyph::height + 2);
  GridOptions cut = one;
  cut.captions = {"iiiiiiiiiiiiiiii"};
  const Image g = grid(images, cut);
  for (int y = 0; y < g.height(); ++y)
    for (int x = 34; x < g.width(); ++x) REQUIRE(test::color_at(g, y, x) == white);
  GridOptions wrong = one;
  wrong.captions = {"a", "b"};
  CHECK_THROWS_WITH_AS(grid(images, wrong), "grid: 1 pictures, but 2 captions", Error);
  wrong = one;
  wrong.highlight = {Mark::right, Mark::right};
  CHECK_THROWS_AS(grid(images, wrong), Error);
}

TEST_CASE("a grid of no pictures is an empty sheet, and a grid that is too large is refused") {
  CHECK(grid(std::vector<Image>{}).width() > 0);
  const std::vector<Image> images(3, plain(1, 1, red));
  CHECK_THROWS_AS(grid(images, {.columns = 0}), Error);
  CHECK_THROWS_AS(grid(images, {.cell = 0}), Error);
  CHECK_THROWS_AS(grid(images, {.cell = 2'000'000'000}), Error);
  CHECK_THROWS_AS(grid(images, {.columns = 1, .cell = 16384}), Error);
  CHECK_THROWS_AS(grid(std::vector<Image>{Image()}), Error);
  CHECK_THROWS_AS(Canvas(0, 5, white), Error);
}

TEST_CASE("a grid keeps its pixels") {
  std::vector<Image> images;
  for (int i = 0; i < 5; ++i) images.push_back(plain(3, 3 + i, {static_cast<std::uint8_t>(40 * i), 90, 180}));
  const Image g = grid(
      images, {.columns = 3,
               .cell = 40,
               .gap = 6,
               .text = 1,
               .title = "rotation, seed 1",
               .captions = {"0\u00B0", "90\u00B0", "180\u00B0\nsays 0\u00B0", "270\u00B0", "a cut caption"},
               .highlight = {Mark::none, Mark::right, Mark::wrong, Mark::none, Mark::right}});
  CHECK(g.height() == 154);
  CHECK(g.width() == 144);
  CHECK(hash_of({g.pixels(), static_cast<std::size_t>(g.view().size())}) == 7578808353576762415U);
}
