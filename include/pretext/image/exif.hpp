// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "pretext/image/bytes.hpp"
#include "pretext/image/image.hpp"

namespace pretext::detail {

/// Reads the numbers of a TIFF structure in its own byte order; nothing where they lie outside of it.
struct TiffReader {
  Bytes bytes;
  bool little = false;

  std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
    if (at > bytes.size() || size > bytes.size() - at) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes[little ? at + size - 1 - i : at + i];
    return value;
  }
};

/// The orientation 1 to 8 in an EXIF block (its TIFF structure); 1 where there is none or the block makes no
/// sense: many files have a broken one, and it says nothing about the pixels.
inline int exif_orientation(Bytes tiff) {
  constexpr std::uint32_t orientation_tag = 0x0112, short_type = 3;
  const TiffReader in{tiff, !tiff.empty() && tiff[0] == 'I'};
  if (in.number(0, 2) != (in.little ? 0x4949U : 0x4D4DU) || in.number(2, 2) != 42U) return 1;
  const auto directory = in.number(4, 4);
  if (!directory) return 1;
  const auto entries = in.number(*directory, 2);
  for (std::size_t i = 0; i < entries.value_or(0); ++i) {
    const std::size_t entry = std::size_t{*directory} + 2 + 12 * i;
    const auto tag = in.number(entry, 2);
    if (!tag) return 1;
    if (tag != orientation_tag) continue;
    const auto value = in.number(entry + 8, 2);
    const bool valid =
        in.number(entry + 2, 2) == short_type && in.number(entry + 4, 4) == 1U && value >= 1U && value <= 8U;
    return valid ? static_cast<int>(*value) : 1;
  }
  return 1;
}

/// The stored picture turned and flipped upright, for an EXIF orientation 1 to 8; an RGB picture [H, W, 3].
inline Image upright(Image stored, int orientation) {
  if (orientation == 1) return stored;
  const bool transposed = orientation >= 5;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const int height = stored.height(), width = stored.width();
  Image result(transposed ? width : height, transposed ? height : width, 3);
  std::uint8_t* out = result.pixels();
  for (int y = 0; y < result.height(); ++y) {
    for (int x = 0; x < result.width(); ++x) {
      const int row = transposed ? x : y, column = transposed ? y : x;
      const std::int64_t from = std::int64_t{from_bottom ? height - 1 - row : row} * width +
                                (from_right ? width - 1 - column : column);
      for (int c = 0; c < 3; ++c) *out++ = stored.pixels()[3 * from + c];
    }
  }
  return result;
}

}  // namespace pretext::detail
