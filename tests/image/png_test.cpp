// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <cmath>
#include <cstdlib>

#include "image/corpus.hpp"
#include "pretext/image/codec.hpp"

using namespace pretext;
using test::File;

namespace {

struct Kind {
  int colour = 0, bits = 0;
  bool transparent = false;
};

// What "2_16_interlaced" or "3_4_transparent" says.
Kind kind_of(const std::string& stem) {
  return {stem[0] - '0', std::atoi(stem.c_str() + 2), stem.find("transparent") != std::string::npos};
}

// The colour that the specification gives a pixel of the sample, in exact arithmetic up to the last rounding.
std::array<double, 3> expected(const Kind& kind, int y, int x) {
  const double largest = std::pow(2, kind.bits) - 1;
  const auto sample = [&](int channel) { return test::png_sample(y, x, channel, kind.bits); };
  const auto light = [&](int channel) { return std::round(255 * sample(channel) / largest); };
  std::array<double, 3> colour{};
  double alpha = 1;
  if (kind.colour == 3) {
    const int index = sample(0) % test::png_palette_size(kind.bits);
    for (std::size_t c = 0; c < 3; ++c) colour[c] = test::png_palette(index)[c];
    if (kind.transparent) alpha = test::png_palette_alpha(index) / 255.0;
  } else {
    const int channels = kind.colour == 2 || kind.colour == 6 ? 3 : 1;
    for (int c = 0; c < 3; ++c) colour[static_cast<std::size_t>(c)] = light(channels == 3 ? c : 0);
    if (kind.colour >= 4) alpha = light(channels) / 255;
    bool key = kind.transparent;
    for (int c = 0; c < channels; ++c) key = key && sample(c) == test::png_key(c, kind.bits);
    if (key) alpha = 0;
  }
  for (double& value : colour) value = std::round(value * alpha + 255 * (1 - alpha));
  return colour;
}

// The files of a PNG up to where its first chunk of the type begins, and behind it.
std::size_t find_chunk(const File& file, const std::string& type) {
  const auto found = std::search(file.begin(), file.end(), type.begin(), type.end());
  REQUIRE(found != file.end());
  return static_cast<std::size_t>(found - file.begin()) - 4;
}

File chunk(const std::string& type, const File& body) {
  File out;
  const auto append = [&](std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
  };
  append(body.size());
  out.insert(out.end(), type.begin(), type.end());
  out.insert(out.end(), body.begin(), body.end());
  append(crc32(0, out.data() + 4, static_cast<uInt>(out.size() - 4)));
  return out;
}

// A PNG of 8-bit grey whose pixel data inflate to these bytes.
File grey_png(int height, int width, const File& raw, std::uint8_t interlace = 0) {
  const auto byte = [](int value, int shift) { return static_cast<std::uint8_t>(value >> shift); };
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  File packed(size);
  REQUIRE(compress(packed.data(), &size, raw.data(), static_cast<uLong>(raw.size())) == Z_OK);
  packed.resize(size);
  File file = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  for (const File& part :
       {chunk("IHDR", {byte(width, 24), byte(width, 16), byte(width, 8), byte(width, 0), byte(height, 24),
                       byte(height, 16), byte(height, 8), byte(height, 0), 8, 0, 0, 0, interlace}),
        chunk("IDAT", packed), chunk("IEND", {})})
    file.insert(file.end(), part.begin(), part.end());
  return file;
}

Image noisy(int height, int width, int channels) {
  Image image(height, width, channels);
  for (std::int64_t i = 0; i < image.view().size(); ++i)
    image.pixels()[i] = static_cast<std::uint8_t>(static_cast<unsigned>(i + 1) * 2654435761U >> 24);
  return image;
}

}  // namespace

TEST_CASE("every kind of PNG decodes to exactly the colours that it holds") {
  for (const auto& name : test::corpus_names("png")) {
    CAPTURE(name);
    const Kind kind = kind_of(name.substr(4));
    const Image image = read_image(test::corpus(name));
    REQUIRE(image.height() == test::png_height);
    REQUIRE(image.width() == test::png_width);
    int wrong = 0;
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x)
        for (int c = 0; c < 3; ++c)
          wrong += image.at(y, x, c) != expected(kind, y, x)[static_cast<std::size_t>(c)];
    CHECK(wrong == 0);
  }
}

TEST_CASE("a probe tells format, size, channels and bits of a PNG") {
  const ImageInfo info = probe_image(test::corpus_file("png/6_16.png"), "x.png");
  CHECK(info.format == ImageInfo::Format::png);
  CHECK(info.height == test::png_height);
  CHECK(info.width == test::png_width);
  CHECK(info.channels == 4);
  CHECK(info.bits == 16);
  CHECK(info.orientation == 1);
}

TEST_CASE("what encode_png writes is read back alike, for grey, RGB and alpha") {
  for (const auto& size : {std::pair{1, 1}, {1, 9}, {7, 1}, {33, 20}}) {
    const int height = size.first, width = size.second;
    CAPTURE(height);
    const Image rgb = noisy(height, width, 3), grey = noisy(height, width, 1),
                alpha = noisy(height, width, 4);
    CHECK(decode_image(encode_png(rgb), "rgb") == rgb);
    const Image from_grey = decode_image(encode_png(grey), "grey"),
                from_alpha = decode_image(encode_png(alpha), "alpha");
    CHECK(probe_image(encode_png(alpha), "alpha").channels == 4);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double a = alpha.at(y, x, 3) / 255.0;
        for (int c = 0; c < 3; ++c) {
          CHECK(from_grey.at(y, x, c) == grey.at(y, x, 0));
          CHECK(from_alpha.at(y, x, c) == std::round(alpha.at(y, x, c) * a + 255 * (1 - a)));
        }
      }
    }
  }
}

TEST_CASE("write_png makes the file that encode_png describes") {
  const test::TempDir folder;
  const Image image = noisy(5, 4, 3);
  write_png(folder / "a.png", image);
  CHECK(read_image(folder / "a.png") == image);
  CHECK_THROWS_WITH_AS(write_png(folder / "none/a.png", image), doctest::Contains("a.png"), Error);
}

TEST_CASE("a picture that PNG cannot hold is an error that shows its shape") {
  CHECK_THROWS_WITH_AS(encode_png(Image(2, 3, 2)), doctest::Contains("[2, 3, 2]"), Error);
  CHECK_THROWS_AS(encode_png(Image()), Error);
  const std::uint8_t pixel = 0;
  CHECK_THROWS_WITH_AS(encode_png({&pixel, 1 << 20, 1 << 20, 3}), doctest::Contains("too large"), Error);
}

TEST_CASE("a PNG cut anywhere is an error that names the file, and no damaged byte does more") {
  for (const auto& name : test::corpus_names("png")) {
    const File file = test::corpus_file(name);
    test::damage(
        file, [](const File& damaged) { return decode_image(damaged, "damaged.png"); },
        [&](std::size_t size, const Image&) {
          FAIL_CHECK(name << " decodes from its first " << size << " bytes");
        });
    CHECK_THROWS_WITH_AS(decode_image({file.data(), file.size() - 1}, "cut.png"),
                         doctest::Contains("cut.png: "), Error);
  }
}

TEST_CASE("a changed byte in a chunk that matters is noticed by its checksum") {
  const File file = test::corpus_file("png/3_8_transparent.png");
  for (const std::string type : {"IHDR", "PLTE", "tRNS", "IDAT"}) {
    File damaged = file;
    damaged[find_chunk(file, type) + 8 + 3] ^= 1;
    CHECK_THROWS_AS(decode_image(damaged, "x.png"), Error);
  }
  File damaged = file;
  damaged[find_chunk(file, "tEXt") + 8] ^= 1;
  CHECK(decode_image(damaged, "x.png") == decode_image(file, "x.png"));
}

TEST_CASE("pixel data of another length than the header demands are an error") {
  const File two_rows = {0, 1, 2, 3, 0, 4, 5, 6};
  CHECK(decode_image(grey_png(2, 3, two_rows), "x.png").at(1, 2, 0) == 6);
  const File more = {0, 1, 2, 3, 0, 4, 5, 6, 0}, fewer = {0, 1, 2, 3, 0, 4, 5},
             filter = {0, 1, 2, 3, 5, 4, 5, 6};
  CHECK_THROWS_WITH_AS(decode_image(grey_png(2, 3, more), "x.png"),
                       doctest::Contains("go on after the last row"), Error);
  CHECK_THROWS_WITH_AS(decode_image(grey_png(2, 3, fewer), "x.png"), doctest::Contains("end early"), Error);
  CHECK_THROWS_WITH_AS(decode_image(grey_png(2, 3, filter), "x.png"), doctest::Contains("filter 5"), Error);
}

TEST_CASE("an interlaced PNG smaller than its passes is read") {
  const Image one = decode_image(grey_png(1, 1, {0, 9}, 1), "x.png");
  CHECK(one.at(0, 0, 0) == 9);
  const Image column = decode_image(grey_png(3, 1, {0, 7, 0, 9, 0, 8}, 1), "x.png");
  CHECK(column.at(0, 0, 0) == 7);
  CHECK(column.at(1, 0, 0) == 8);
  CHECK(column.at(2, 0, 0) == 9);
}

TEST_CASE("a PNG that promises more pixels than its bytes can hold is refused before memory is taken") {
  const DecodeLimits none{
      .max_side = 0x7FFFFFFF, .max_pixels = ~std::uint64_t{0} >> 1, .memory_budget = ~std::size_t{0}};
  CHECK_THROWS_WITH_AS(decode_image(grey_png(0x7FFFFFFF, 0x7FFFFFFF, {0, 1}), "huge.png", none),
                       doctest::Contains("cannot hold"), Error);
  CHECK_THROWS_WITH_AS(decode_image(grey_png(0x7FFFFFFF, 0x7FFFFFFF, {0, 1}), "huge.png"),
                       doctest::Contains("over the limit"), Error);
  const File bomb = grey_png(8000, 8000, File(8000 * 8001));
  CHECK(bomb.size() < 100'000);
  CHECK_THROWS_WITH_AS(decode_image(bomb, "bomb.png", {.memory_budget = std::size_t{64} << 20}),
                       doctest::Contains("memory_budget"), Error);
}

TEST_CASE("chunks out of place, repeated, unknown or of the wrong length are errors") {
  const File file = test::corpus_file("png/2_8.png"), palette = test::corpus_file("png/3_2.png");
  const auto refused = [](const File& changed, const char* reason) {
    CHECK_THROWS_WITH_AS(decode_image(changed, "x.png"), doctest::Contains(reason), Error);
  };
  const File header(file.begin() + 8, file.begin() + 33);
  refused(test::inserted(file, 33, header), "IHDR is repeated");
  refused(test::inserted(file, 8, chunk("tEXt", {})), "the first chunk is not IHDR");
  refused(test::inserted(file, 33, chunk("ABCD", {})), "unknown necessary chunk 'ABCD'");
  refused(test::inserted(file, 33, chunk("tRNS", {0, 1})), "tRNS chunk of 2 bytes");
  refused(test::inserted(file, find_chunk(file, "IEND"), chunk("tRNS", {0, 1, 0, 1, 0, 1})), "out of place");
  refused(test::inserted(file, 33, chunk("PLTE", {1, 2})), "palette of 2 bytes");
  refused(test::inserted(palette, 33, chunk("PLTE", {1, 2, 3})), "repeated");
  File pieces = test::inserted(file, find_chunk(file, "IEND"), chunk("IDAT", {}));
  CHECK(decode_image(pieces, "x.png") == decode_image(file, "x.png"));
  pieces = test::inserted(pieces, find_chunk(file, "IEND"), chunk("tEXt", {}));
  refused(pieces, "interrupted");
  File missing = palette;
  missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(find_chunk(palette, "PLTE")),
                missing.begin() + static_cast<std::ptrdiff_t>(find_chunk(palette, "IDAT")));
  refused(missing, "palette is missing");
  File none(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(find_chunk(file, "IDAT")));
  refused(test::inserted(none, none.size(), chunk("IEND", {})), "without pixel data");
}

TEST_CASE("a pixel that points outside of its palette is an error") {
  File file = test::corpus_file("png/3_2.png");
  const std::size_t at = find_chunk(file, "PLTE");
  file.erase(file.begin() + static_cast<std::ptrdiff_t>(at),
             file.begin() + static_cast<std::ptrdiff_t>(at + 12 + 12));
  file = test::inserted(file, at, chunk("PLTE", {1, 2, 3, 4, 5, 6}));
  CHECK_THROWS_WITH_AS(decode_image(file, "x.png"), doctest::Contains("of a palette of 2"), Error);
}

TEST_CASE("the orientation in a PNG is applied") {
  const File file = test::corpus_file("png/2_8.png"), segment = test::exif_segment(8, false);
  const File turned = test::inserted(file, 33, chunk("eXIf", File(segment.begin() + 10, segment.end())));
  CHECK(probe_image(turned, "x.png").orientation == 8);
  const Image stored = decode_image(file, "x.png"), image = decode_image(turned, "x.png");
  REQUIRE(image.height() == stored.width());
  CHECK(image.at(0, 0, 0) == stored.at(0, stored.width() - 1, 0));
}
