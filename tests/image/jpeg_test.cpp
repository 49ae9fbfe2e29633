// SPDX-License-Identifier: MIT
#include <cstdlib>

#include "image/corpus.hpp"
#include "pretext/image/codec.hpp"

using namespace pretext;
using test::File;

namespace {

// Where the first marker of the kind lies.
std::size_t find_marker(const File& file, std::uint8_t marker) {
  for (std::size_t i = 0; i + 1 < file.size(); ++i)
    if (file[i] == 0xFF && file[i + 1] == marker) return i;
  FAIL("no such marker");
  return 0;
}

File with_size(File file, int height, int width, std::uint8_t frame_marker) {
  const std::size_t at = find_marker(file, frame_marker);
  file[at + 5] = static_cast<std::uint8_t>(height >> 8);
  file[at + 6] = static_cast<std::uint8_t>(height);
  file[at + 7] = static_cast<std::uint8_t>(width >> 8);
  file[at + 8] = static_cast<std::uint8_t>(width);
  return file;
}

}  // namespace

TEST_CASE("every kind of JPEG decodes to the picture that it was made from") {
  for (const std::string kind :
       {"444", "420", "422", "440", "411", "progressive", "restart", "rgb", "scans"}) {
    CAPTURE(kind);
    const Image image = read_image(test::corpus("jpeg/" + kind + ".jpg"));
    REQUIRE(image.height() == test::jpeg_height);
    REQUIRE(image.width() == test::jpeg_width);
    CHECK(test::distance_from_sample(image, "colour") <= 24);
  }
  for (const std::string kind : {"grey", "progressive_grey"})
    CHECK(test::distance_from_sample(read_image(test::corpus("jpeg/" + kind + ".jpg")), "grey") <= 8);
  for (const std::string kind : {"cmyk", "ycck"})
    CHECK(test::distance_from_sample(read_image(test::corpus("jpeg/" + kind + ".jpg")), "ink") <= 24);
  for (const std::string kind : {"texture_progressive", "texture_optimal", "texture_wide"})
    CHECK(read_image(test::corpus("jpeg/" + kind + ".jpg")).width() == test::jpeg_width);
}

TEST_CASE("a probe tells format, stored size, channels and orientation of a JPEG") {
  const ImageInfo info = probe_image(test::corpus_file("jpeg/turned.jpg"), "turned.jpg");
  CHECK(info.format == ImageInfo::Format::jpeg);
  CHECK(info.height == test::jpeg_height);
  CHECK(info.width == test::jpeg_width);
  CHECK(info.channels == 3);
  CHECK(info.bits == 8);
  CHECK(info.orientation == 6);
  CHECK(probe_image(test::corpus_file("jpeg/grey.jpg"), "grey.jpg").channels == 1);
}

TEST_CASE("all eight EXIF orientations are applied, in both byte orders") {
  const File plain = test::corpus_file("jpeg/444.jpg");
  const Image stored = decode_image(plain, "444.jpg");
  const int h = stored.height() - 1, w = stored.width() - 1;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool little : {false, true}) {
      CAPTURE(orientation);
      const Image image =
          decode_image(test::inserted(plain, 2, test::exif_segment(orientation, little)), "x.jpg");
      REQUIRE(image.height() == (orientation >= 5 ? stored.width() : stored.height()));
      // What EXIF says: where the stored row 0 and column 0 are seen.
      const auto seen = [&](int y, int x) -> std::pair<int, int> {
        switch (orientation) {
          case 1:
            return {y, x};  // top, left
          case 2:
            return {y, w - x};  // top, right
          case 3:
            return {h - y, w - x};  // bottom, right
          case 4:
            return {h - y, x};  // bottom, left
          case 5:
            return {x, y};  // left, top
          case 6:
            return {x, h - y};  // right, top
          case 7:
            return {w - x, h - y};  // right, bottom
          default:
            return {w - x, y};  // left, bottom
        }
      };
      int wrong = 0;
      for (int y = 0; y <= h; ++y)
        for (int x = 0; x <= w; ++x)
          for (int c = 0; c < 3; ++c)
            wrong += image.at(seen(y, x).first, seen(y, x).second, c) != stored.at(y, x, c);
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("a broken EXIF block leaves the picture as it is stored") {
  const File plain = test::corpus_file("jpeg/444.jpg");
  const Image stored = decode_image(plain, "444.jpg");
  const File segment = test::exif_segment(6, true);
  for (std::size_t i = 10; i < segment.size(); ++i) {
    for (const int change : {0x01, 0x40, 0xFF}) {
      File broken = segment;
      broken[i] = static_cast<std::uint8_t>(broken[i] ^ change);
      CHECK(decode_image(test::inserted(plain, 2, broken), "x.jpg").view().size() == stored.view().size());
    }
  }
  for (const int orientation : {0, 9, 255})
    CHECK(decode_image(test::inserted(plain, 2, test::exif_segment(orientation, true)), "x.jpg") == stored);
  File endless = segment;
  endless[18] = 0xFF;  // number of entries
  endless[19] = 0xFF;
  endless[20] = 0;  // and none of them is the orientation
  CHECK(decode_image(test::inserted(plain, 2, endless), "x.jpg") == stored);
}

TEST_CASE("a JPEG cut anywhere is an error that names the file") {
  for (const auto& name : test::corpus_names("jpeg")) {
    CAPTURE(name);
    const File file = test::corpus_file(name);
    for (std::size_t size = 0; size < file.size(); ++size) {
      const Span<const std::uint8_t> start(file.data(), size);
      CHECK_THROWS_WITH_AS(decode_image(start, "cut.jpg"), doctest::Contains("cut.jpg: "), Error);
    }
  }
}

TEST_CASE("a JPEG whose pixel data end early but whose end marker is there is an error, not a grey half") {
  for (const std::string kind :
       {"444", "420", "progressive", "texture_optimal", "texture_progressive", "restart"}) {
    CAPTURE(kind);
    const File file = test::corpus_file("jpeg/" + kind + ".jpg");
    for (std::size_t missing = 2; missing < 30; ++missing) {
      File cut(file.begin(), file.end() - 2 - static_cast<std::ptrdiff_t>(missing));
      const std::uint8_t next = file[cut.size()] == 0xFF ? file[cut.size() + 1] : 0;
      // A progressive JPEG may end after any of its scans.
      if (cut.back() == 0xFF || next == 0xC4 || next == 0xDA) continue;
      cut.insert(cut.end(), {0xFF, 0xD9});
      CHECK_THROWS_AS(decode_image(cut, "cut.jpg"), Error);
    }
  }
}

TEST_CASE("bytes after the end of a JPEG do not matter") {
  File file = test::corpus_file("jpeg/420.jpg");
  const Image image = decode_image(file, "420.jpg");
  file.insert(file.end(), {1, 2, 3, 0xFF, 0xD8, 0xFF});
  CHECK(decode_image(file, "420.jpg") == image);
}

TEST_CASE("no damaged byte of a JPEG does more than an error") {
  for (const auto& name : test::corpus_names("jpeg")) {
    const File file = test::corpus_file(name);
    test::damage(
        file, [](const File& damaged) { return decode_image(damaged, "damaged.jpg"); },
        [&](std::size_t size, const Image&) {
          FAIL_CHECK(name << " decodes from its first " << size << " bytes");
        });
  }
}

TEST_CASE("a JPEG that promises more pixels than its bytes can hold is refused before memory is taken") {
  const File small = test::corpus_file("jpeg/444.jpg"),
             progressive = test::corpus_file("jpeg/progressive.jpg");
  const DecodeLimits none{
      .max_side = 65535, .max_pixels = std::int64_t{1} << 40, .memory_budget = ~std::size_t{0}};
  CHECK_THROWS_WITH_AS(decode_image(with_size(small, 60000, 60000, 0xC0), "huge.jpg", none),
                       doctest::Contains("cut short"), Error);
  CHECK_THROWS_WITH_AS(decode_image(with_size(progressive, 16000, 16000, 0xC2), "huge.jpg", none),
                       doctest::Contains("cut short"), Error);
}

TEST_CASE("the limits on side, pixels, memory and scans of a JPEG are kept and named") {
  const File file = test::corpus_file("jpeg/progressive.jpg");
  const auto message = doctest::Contains("DecodeLimits");
  CHECK_THROWS_WITH_AS(decode_image(file, "x.jpg", {.max_side = 22}), message, Error);
  CHECK_THROWS_WITH_AS(decode_image(file, "x.jpg", {.max_pixels = 19 * 23 - 1}), message, Error);
  CHECK_THROWS_WITH_AS(decode_image(file, "x.jpg", {.memory_budget = 100'000}), message, Error);
  CHECK_THROWS_WITH_AS(decode_image(file, "x.jpg", {.max_scans = 9}), message, Error);
  CHECK(decode_image(file, "x.jpg", {.max_side = 23, .max_pixels = 19 * 23, .max_scans = 10}).width() == 23);
}

TEST_CASE("a JPEG with impossible tables, sampling or scans is an error that says what is wrong") {
  const File file = test::corpus_file("jpeg/444.jpg");
  const auto refused = [&](std::uint8_t marker, std::size_t offset, int value, const char* reason) {
    File changed = file;
    changed[find_marker(file, marker) + offset] = static_cast<std::uint8_t>(value);
    CHECK_THROWS_WITH_AS(decode_image(changed, "x.jpg"), doctest::Contains(reason), Error);
  };
  refused(0xC4, 5, 2, "too many codes of length 1");
  refused(0xC4, 4, 0x20, "Huffman table has the selector 32");
  refused(0xDB, 4, 4, "quantisation table has the selector 4");
  refused(0xC0, 1, 0xC3, "not supported");
  refused(0xC0, 1, 0xC9, "arithmetic coding, marker FF C9");
  refused(0xC0, 4, 12, "12 bits a sample");
  refused(0xC0, 9, 2, "2 components");
  refused(0xC0, 11, 0x50, "is sampled 5 x 0");
  refused(0xC0, 12, 7, "quantisation table 7");
  refused(0xC0, 12, 3, "quantisation table 3 is not defined");
  refused(0xC0, 13, 1, "same id");
  refused(0xDA, 5, 9, "does not have");
  refused(0xDA, 6, 0x20, "DC Huffman table 2 is not defined");
  refused(0xDA, 6, 0x03, "AC Huffman table 3 is not defined");
  refused(0xDA, 11, 1, "progressive parameters");
  refused(0xDA, 3, 200, "longer than its content");
  File fraction = file;
  fraction[find_marker(file, 0xC0) + 11] = 0x31;
  fraction[find_marker(file, 0xC0) + 14] = 0x21;
  CHECK_THROWS_WITH_AS(decode_image(fraction, "x.jpg"), doctest::Contains("sampled at a fraction"), Error);
}

TEST_CASE("restart markers out of order, missing or too many are errors") {
  const File file = test::corpus_file("jpeg/restart.jpg");
  const std::size_t first = find_marker(file, 0xD0), second = find_marker(file, 0xD1);
  File changed = file;
  changed[first + 1] = 0xD3;
  CHECK_THROWS_WITH_AS(decode_image(changed, "x.jpg"), doctest::Contains("out of order"), Error);
  changed = file;
  changed[second + 1] = 0;
  CHECK_THROWS_WITH_AS(decode_image(changed, "x.jpg"), doctest::Contains("out of order"), Error);
  const std::size_t last = find_marker(file, 0xD2);
  CHECK_THROWS_WITH_AS(decode_image(test::inserted(file, file.size() - 2, {0xFF, 0xD3}), "x.jpg"),
                       doctest::Contains("restart markers"), Error);
  changed = file;
  changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(last),
                changed.begin() + static_cast<std::ptrdiff_t>(last + 2));
  CHECK_THROWS_AS(decode_image(changed, "x.jpg"), Error);
}

TEST_CASE("what is neither JPEG nor PNG, and an empty file, are errors that name the file") {
  CHECK_THROWS_WITH_AS(decode_image({}, "empty.jpg"),
                       doctest::Contains("empty.jpg: neither a JPEG nor a PNG"), Error);
  const File gif = {'G', 'I', 'F', '8', '9', 'a'};
  CHECK_THROWS_WITH_AS(probe_image(gif, "a.gif"), doctest::Contains("a.gif: neither"), Error);
  const test::TempDir folder;
  CHECK_THROWS_WITH_AS(read_image(folder / "none.jpg"), doctest::Contains("none.jpg"), Error);
  CHECK_THROWS_AS(read_image(folder.path()), Error);
}

TEST_CASE("the decoders name themselves and their versions") {
  CHECK(decoder_versions().find("zlib 1.") != std::string::npos);
  CHECK(decoder_versions().find(" ") != std::string::npos);
}

TEST_CASE("real photographs decode, grey ones included") {
  const auto archive = test::real_data("photos.tar");
  if (!archive) return test::skip("photos.tar is absent");
  const std::string tar = test::read_file(*archive);
  int photographs = 0, grey = 0;
  for (std::size_t at = 0; at + 512 <= tar.size() && tar[at] != 0;) {
    const std::string name(&tar[at]);
    const std::size_t size = std::stoul(tar.substr(at + 124, 11), nullptr, 8);
    if (name.ends_with(".JPEG")) {
      const File file(tar.begin() + static_cast<std::ptrdiff_t>(at + 512),
                      tar.begin() + static_cast<std::ptrdiff_t>(at + 512 + size));
      const Image image = decode_image(file, name);
      const ImageInfo info = probe_image(file, name);
      CHECK(image.view().size() == std::int64_t{3} * info.height * info.width);
      ++photographs;
      grey += info.channels == 1;
    }
    at += 512 + (size + 511) / 512 * 512;
  }
  CHECK(photographs == 200);
  CHECK(grey == 3);
}
