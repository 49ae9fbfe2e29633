// SPDX-License-Identifier: MIT
#include "pretext/report/picture.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "markup.hpp"
#include "pretext/core/random.hpp"
#include "pretext/report/gallery.hpp"
#include "support.hpp"

using namespace pretext;
using namespace pretext::report;

namespace {

std::string base64_of(const std::string& words) {
  return base64({reinterpret_cast<const std::uint8_t*>(words.data()), words.size()});
}

// The inverse of base64(), bit by bit.
std::vector<std::uint8_t> from_base64(const std::string& digits) {
  static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::uint8_t> bytes;
  unsigned bits = 0, held = 0;
  for (const char digit : digits) {
    if (digit == '=') break;
    bits = bits << 6 | static_cast<unsigned>(alphabet.find(digit));
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> held));
  }
  return bytes;
}

Image noise(int height, int width, int channels) {
  Image image(height, width, channels);
  Rng rng(5, Use::test);
  for (std::int64_t i = 0; i < image.view().size(); ++i)
    image.pixels()[i] = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

}  // namespace

TEST_CASE("base64 gives the digits of its standard") {
  const std::array<std::array<const char*, 2>, 7> known = {{{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}}};
  for (const auto& [words, digits] : known) CHECK(base64_of(words) == digits);
  CHECK(base64_of("\xff\xef\xbe") == "/+++");
}

TEST_CASE("base64 of random bytes decodes to them") {
  Rng rng(6, Use::test);
  for (std::size_t size = 0; size < 200; ++size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng.below(256));
    const std::string digits = base64(bytes);
    REQUIRE(digits.size() == (size + 2) / 3 * 4);
    REQUIRE(from_base64(digits) == bytes);
  }
}

TEST_CASE("a picture in the page decodes to the same pixels") {
  for (const int channels : {1, 3}) {
    const Image image = noise(13, 17, channels);
    const std::string markup = picture(image, "noise").str();
    CHECK(test::read_markup(markup).fault == "");
    const std::string start = "src=\"data:image/png;base64,";
    const std::size_t begin = markup.find(start) + start.size();
    const std::string digits = markup.substr(begin, markup.find('"', begin) - begin);
    const Image decoded = decode_image(from_base64(digits), "the page");
    REQUIRE(decoded.height() == 13);
    REQUIRE(decoded.width() == 17);
    for (int y = 0; y < 13; ++y)
      for (int x = 0; x < 17; ++x) REQUIRE(decoded.at(y, x, 2) == image.at(y, x, channels - 1));
  }
}

TEST_CASE("small pictures keep square pixels, large ones are photographs") {
  CHECK(picture(noise(32, 32, 3), "a").str().find("class=\"pixels\"") != std::string::npos);
  CHECK(picture(noise(32, 300, 3), "a").str().find("class=\"photo\"") != std::string::npos);
  CHECK_THROWS_WITH_AS(picture(Image(), "cat"), "page: the picture 'cat' has no pixels", Error);
}

TEST_CASE("a gallery shows what each picture is, what was answered and whether that is right") {
  const Image image = noise(4, 4, 3);
  const std::string markup = gallery({{image, "90\u00B0", "90\u00B0", Mark::right},
                                      {image, "0\u00B0", "180\u00B0", Mark::wrong},
                                      {image}},
                                     40)
                                 .str();
  const test::Markup parts = test::read_markup(markup);
  CHECK(parts.fault == "");
  CHECK(parts.words == "90\u00B0\u271390\u00B00\u00B0\u2717180\u00B0");
  CHECK(test::count_of(markup, "class=\"card right\"") == 1);
  CHECK(test::count_of(markup, "class=\"card wrong\"") == 1);
  CHECK(test::count_of(markup, "aria-label=\"wrong\"") == 1);
  CHECK(test::count_of(markup, "alt=\"\"") == 0);
  CHECK(markup.find("--size:40px") != std::string::npos);
  CHECK_THROWS_AS(gallery({}, 0), Error);
  CHECK(gallery_of_fours({{image}}).str().find("class=\"gallery fours\"") != std::string::npos);
}

TEST_CASE("each query of a neighbour grid opens a row of its own") {
  const Image image = noise(4, 4, 3);
  const std::string markup =
      neighbours(
          {{{image, "cat"}, {{image, "cat", "0.9", Mark::right}, {image, "dog"}}}, {{image, "dog"}, {}}})
          .str();
  CHECK(test::read_markup(markup).fault == "");
  CHECK(test::count_of(markup, "<ul class=\"neighbours\">") == 2);
  CHECK(test::count_of(markup, "<img ") == 4);
}
