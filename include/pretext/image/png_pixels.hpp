// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/image/image.hpp"
#include "pretext/image/png_chunks.hpp"

namespace pretext::detail {

/// The pixels that one pass of a PNG holds: every dx-th of every dy-th row, from (y0, x0).
struct PngPass {
  int x0 = 0, y0 = 0, dx = 1, dy = 1;

  static int count(int size, int start, int step) {
    return size <= start ? 0 : (size - start - 1) / step + 1;
  }
  int width(const PngHeader& h) const { return count(h.width, x0, dx); }
  int height(const PngHeader& h) const { return count(h.height, y0, dy); }
  std::size_t row_bytes(const PngHeader& h) const {
    return (static_cast<std::size_t>(width(h)) * static_cast<std::size_t>(h.pixel_bits()) + 7) / 8;
  }
  /// Bytes of the pass: a filter byte leads every row; a pass without pixels has no rows.
  std::size_t bytes(const PngHeader& h) const {
    return width(h) == 0
               ? 0
               : checked_mul(static_cast<std::size_t>(height(h)), 1 + row_bytes(h), "bytes of a PNG");
  }
};

inline Span<const PngPass> png_passes(const PngHeader& header) {
  static constexpr PngPass whole[] = {{}};
  static constexpr PngPass adam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                      {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  return header.interlaced ? Span<const PngPass>(adam7) : Span<const PngPass>(whole);
}

/// Bytes of the pixel data once inflated.
inline std::size_t png_inflated_size(const PngHeader& header) {
  std::size_t size = 0;
  for (const PngPass& pass : png_passes(header))
    size = checked_add(size, pass.bytes(header), "bytes of a PNG");
  return size;
}

/// Inflates the pieces of a zlib stream into exactly `size` bytes.
inline std::vector<std::uint8_t> png_inflate(const PngFile& file, std::size_t size, std::string_view name) {
  struct Stream : z_stream {
    Stream() : z_stream{} { require(inflateInit(this) == Z_OK, "zlib: out of memory"); }
    ~Stream() { inflateEnd(this); }
  } stream;
  std::vector<std::uint8_t> result(size);
  stream.next_out = result.data();
  stream.avail_out = narrow<uInt>(size, "bytes of a PNG's pixels");
  int status = Z_OK;
  for (const Bytes piece : file.data) {
    stream.next_in = const_cast<Bytef*>(piece.data());
    stream.avail_in = static_cast<uInt>(piece.size());
    while (stream.avail_in > 0 && status == Z_OK) status = inflate(&stream, Z_NO_FLUSH);
  }
  require(status == Z_STREAM_END && stream.avail_out == 0, name, ": damaged picture, the compressed pixels ",
          stream.avail_out == 0 ? "go on after the last row" : "make no sense or end early");
  return result;
}

/// Undoes the filter of a row in place. `above` is the row over it, zeros for the first; `step` the bytes of
/// a pixel.
inline void png_unfilter(int filter, Span<std::uint8_t> row, const std::uint8_t* above, std::size_t step) {
  const auto left = [&](std::size_t i) { return i < step ? 0 : int{row[i - step]}; };
  const auto corner = [&](std::size_t i) { return i < step ? 0 : int{above[i - step]}; };
  const auto add = [&](auto&& predict) {
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<std::uint8_t>(row[i] + predict(i));
  };
  switch (filter) {
    case 1:
      return add(left);
    case 2:
      return add([&](std::size_t i) { return int{above[i]}; });
    case 3:
      return add([&](std::size_t i) { return (left(i) + above[i]) / 2; });
    case 4:
      return add([&](std::size_t i) {
        const int a = left(i), b = above[i], c = corner(i);
        const int to_a = std::abs(b - c), to_b = std::abs(a - c), to_c = std::abs(a + b - 2 * c);
        return to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c;
      });
    default:
      return;
  }
}

/// Turns the stored samples of a PNG into RGB.
class PngPainter {
 public:
  PngPainter(const PngFile& file, std::string_view name) : file_(file), header_(file.header), name_(name) {
    const Bytes key = file.transparency;
    for (std::size_t i = 0; header_.colour != PngHeader::palette && 2 * i + 1 < key.size(); ++i)
      key_[i] = key[2 * i] << 8 | key[2 * i + 1];
  }

  /// Writes `count` pixels of an unfiltered row to `out`, one every `step` pixels.
  void row(const std::uint8_t* stored, int count, std::uint8_t* out, int step) const {
    const auto samples = static_cast<std::size_t>(header_.samples());
    if (header_.colour == PngHeader::rgb && header_.bits == 8 && file_.transparency.empty() && step == 1) {
      std::copy_n(stored, 3 * static_cast<std::size_t>(count), out);
      return;
    }
    for (int x = 0; x < count; ++x, out += 3 * step) {
      std::array<int, 4> values{};
      for (std::size_t i = 0; i < samples; ++i)
        values[i] = sample(stored, static_cast<std::size_t>(x) * samples + i);
      header_.colour == PngHeader::palette ? indexed(values[0], out) : direct(values, out);
    }
  }

 private:
  int sample(const std::uint8_t* row, std::size_t i) const {
    if (header_.bits == 16) return row[2 * i] << 8 | row[2 * i + 1];
    if (header_.bits == 8) return row[i];
    const auto bits = static_cast<std::size_t>(header_.bits), at = i * bits;
    return row[at / 8] >> (8 - bits - at % 8) & ((1 << bits) - 1);
  }

  void indexed(int index, std::uint8_t* out) const {
    const auto i = static_cast<std::size_t>(index);
    require(3 * i < file_.palette.size(), name_, ": damaged picture, a pixel has the colour ", index,
            " of a palette of ", file_.palette.size() / 3);
    const int alpha = i < file_.transparency.size() ? int{file_.transparency[i]} : 255;
    for (std::size_t c = 0; c < 3; ++c) out[c] = over_white(file_.palette[3 * i + c], alpha);
  }

  void direct(const std::array<int, 4>& values, std::uint8_t* out) const {
    const bool colour = header_.colour == PngHeader::rgb || header_.colour == PngHeader::rgb_alpha;
    const std::size_t colours = colour ? 3 : 1;
    int alpha = header_.colour >= PngHeader::grey_alpha ? to_byte(values[colours]) : 255;
    if (!file_.transparency.empty() && std::equal(values.begin(), values.begin() + colours, key_.begin()))
      alpha = 0;
    for (std::size_t c = 0; c < 3; ++c) out[c] = over_white(to_byte(values[colour ? c : 0]), alpha);
  }

  /// A sample of any depth as 8 bits, rounded.
  int to_byte(int value) const {
    const int largest = (1 << header_.bits) - 1;
    return header_.bits == 8 ? value : (value * 255 + largest / 2) / largest;
  }

  static std::uint8_t over_white(int value, int alpha) {
    return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
  }

  const PngFile& file_;
  const PngHeader& header_;
  std::string_view name_;
  std::array<int, 3> key_{};  // the transparent colour
};

/// The pixels of a PNG as RGB [H, W, 3], as stored.
inline Image decode_png(const PngFile& file, std::string_view name) {
  const PngHeader& header = file.header;
  std::vector<std::uint8_t> raw = png_inflate(file, png_inflated_size(header), name);
  Image image(header.height, header.width, 3);
  const PngPainter painter(file, name);
  const auto step = std::max<std::size_t>(1, static_cast<std::size_t>(header.pixel_bits()) / 8);
  std::uint8_t* at = raw.data();
  for (const PngPass& pass : png_passes(header)) {
    const std::size_t size = pass.row_bytes(header);
    const int width = pass.width(header), height = width == 0 ? 0 : pass.height(header);
    const std::vector<std::uint8_t> blank(size);
    const std::uint8_t* above = blank.data();
    for (int y = 0; y < height; ++y) {
      const int filter = *at++;
      require(filter <= 4, name, ": damaged picture, a row has the filter ", filter);
      png_unfilter(filter, {at, size}, above, step);
      const std::int64_t row = pass.y0 + std::int64_t{y} * pass.dy;
      painter.row(at, width, image.pixels() + 3 * (row * header.width + pass.x0), pass.dx);
      above = at;
      at += size;
    }
  }
  return image;
}

}  // namespace pretext::detail
