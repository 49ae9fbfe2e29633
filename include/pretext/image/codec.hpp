// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/span.hpp"
#include "pretext/image/image.hpp"

// The bodies are in codec_source.hpp, which one translation unit of a program includes (the CMake target
// pretext::codecs is that unit): the decoders' own headers cost compile time and must not meet a user's
// copies.

namespace pretext {

/// What a decoder may spend on one picture. A picture that asks for more is refused before memory is taken.
struct DecodeLimits {
  std::int32_t max_side = 16384;
  std::int64_t max_pixels = 64'000'000;
  std::size_t memory_budget = std::size_t{512}
                              << 20;  ///< bytes in use at one time while a picture is decoded
  int max_scans = 100;                ///< passes over a JPEG; each may visit every pixel
};

/// What the header of a picture says.
struct ImageInfo {
  enum class Format { jpeg, png };
  Format format = Format::jpeg;
  int height = 0, width = 0;  ///< as stored, before the orientation is applied
  int channels = 0;           ///< as stored; 1 for a palette
  int bits = 0;               ///< of a stored sample
  int orientation = 1;        ///< EXIF: 1 is upright, 2 to 8 are its flips and turns
};

/// Reads the structure of a JPEG or PNG file and checks all of it, but decodes no pixel. `name` stands in
/// messages.
ImageInfo probe_image(Span<const std::uint8_t> file, std::string_view name);

/// The picture in a JPEG or PNG file as RGB [H, W, 3], upright (EXIF orientation applied), alpha laid over
/// white. Throws an Error that names the file where it is damaged, truncated, unsupported or beyond the
/// limits.
Image decode_image(Span<const std::uint8_t> file, std::string_view name, const DecodeLimits& limits = {});

/// decode_image() of a file on disk.
Image read_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

/// A PNG file of a picture with 1 (grey), 3 (RGB) or 4 (RGB and alpha) channels.
std::vector<std::uint8_t> encode_png(const ImageView& image);

/// encode_png() to a file, which appears under its name only once it is whole.
void write_png(const std::filesystem::path& path, const ImageView& image);

/// Names and versions of the decoders in use, for run records: pixels may differ between decoders.
std::string decoder_versions();

}  // namespace pretext
