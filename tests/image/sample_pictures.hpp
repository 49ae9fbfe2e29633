// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <vector>

// What the sample files in tests/fuzz/corpus show; their maker writes it, the tests expect it.

namespace test {

constexpr int jpeg_height = 19, jpeg_width = 23;
constexpr int png_height = 11, png_width = 13;

/// Red grows to the right, green downwards: smooth enough for any JPEG, and no turn or flip leaves it alike.
inline std::array<int, 3> jpeg_colour(int y, int x) {
  return {255 * x / (jpeg_width - 1), 255 * y / (jpeg_height - 1), 128};
}

/// In CMYK files black ink takes more and more light away downwards: no colour is over this.
inline int jpeg_light(int y) { return 255 - 6 * y; }

/// A stored sample of a PNG, of 1 to 16 bits.
inline int png_sample(int y, int x, int channel, int bits) {
  const unsigned mixed = static_cast<unsigned>(y * 31 + x * 17 + channel * 101 + 1) * 2654435761U;
  const int smooth = (x * 65535 / (png_width - 1) + y * 16807 + channel * 9973) & 0xFFFF;
  return static_cast<int>(bits <= 4 ? mixed >> 7 : static_cast<unsigned>(smooth) >> (16 - bits)) &
         ((1 << bits) - 1);
}

/// Colour i of the palette of a PNG with so many bits a pixel.
inline std::array<int, 3> png_palette(int i) { return {i * 37 % 256, 255 - i * 11 % 256, i * 101 % 256}; }
inline int png_palette_alpha(int i) { return i % 3 == 0 ? i * 53 % 256 : 255; }
/// Indices are kept below this number, so that the palette need not be full.
inline int png_palette_size(int bits) { return bits == 8 ? 40 : 1 << bits; }

/// The colour that files with a transparent colour declare: that of the pixel at (2, 3).
inline int png_key(int channel, int bits) { return png_sample(2, 3, channel, bits); }

}  // namespace test
