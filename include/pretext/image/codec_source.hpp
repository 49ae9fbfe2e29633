// SPDX-License-Identifier: MIT
#pragma once

// The bodies of codec.hpp, for exactly one translation unit of a program: codec.cpp, the CMake target
// pretext::codecs. With PRETEXT_WITH_TURBOJPEG=1 libjpeg-turbo reads JPEG files, otherwise stb_image.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/file.hpp"
#include "pretext/image/codec.hpp"
#include "pretext/image/jpeg_markers.hpp"
#include "pretext/image/png_encode.hpp"
#include "pretext/image/png_pixels.hpp"

#if PRETEXT_WITH_TURBOJPEG
#include "pretext/image/codec_turbo.hpp"
#else
#include "pretext/image/codec_stb.hpp"
#endif

namespace pretext {
namespace detail {

inline ImageInfo::Format image_format(Bytes file, std::string_view name) {
  constexpr std::uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  constexpr std::uint8_t jpeg[] = {0xFF, 0xD8, 0xFF};
  const auto begins_with = [&](Bytes signature) {
    return file.size() >= signature.size() && std::equal(signature.begin(), signature.end(), file.begin());
  };
  if (begins_with(png)) return ImageInfo::Format::png;
  if (begins_with(jpeg)) return ImageInfo::Format::jpeg;
  fail(name, ": neither a JPEG nor a PNG file (", file.size(), " bytes); convert it to one of them");
}

/// Throws unless the size is within the limits; needs no memory.
inline void check_size(int height, int width, std::string_view name, const DecodeLimits& limits) {
  require(height <= limits.max_side && width <= limits.max_side &&
              std::int64_t{height} * width <= limits.max_pixels,
          name, ": ", height, " x ", width, " pixels are over the limit of ", limits.max_side, " a side and ",
          limits.max_pixels, " in all (DecodeLimits)");
}

/// Throws unless decoding stays in the budget; `turned` adds the second picture that turning it needs.
inline void check_memory(std::size_t bytes, ImageView turned, std::string_view name,
                         const DecodeLimits& limits) {
  const std::size_t needed = std::max(bytes, 2 * static_cast<std::size_t>(turned.size()));
  require(needed <= limits.memory_budget, name, ": needs about ", needed,
          " bytes to decode, over the budget of ", limits.memory_budget, " (DecodeLimits::memory_budget)");
}

inline ImageView turned_size(int height, int width, int orientation) {
  return {nullptr, height, width, orientation == 1 ? 0 : 3};
}

inline Image decode_jpeg_file(Bytes file, std::string_view name, const DecodeLimits& limits) {
  const JpegInfo info = JpegMarkers(file, name, limits.max_scans).walk();
  const JpegFrame& frame = info.frame;
  check_size(frame.height, frame.width, name, limits);
  const ImageView turned = turned_size(frame.height, frame.width, info.orientation);
  check_memory(jpeg_memory(info), turned, name, limits);
  return upright(decode_jpeg(file, name, info, limits), info.orientation);
}

inline Image decode_png_file(Bytes file, std::string_view name, const DecodeLimits& limits) {
  const PngFile png = PngChunks(file, name).walk();
  const PngHeader& header = png.header;
  check_size(header.height, header.width, name, limits);
  const std::size_t inflated = png_inflated_size(header);
  // Deflate makes at most 1032 bytes of one: a few bytes cannot hold the pixels of a huge picture.
  require(inflated / 1032 <= png.data_size, name, ": damaged picture, ", png.data_size,
          " bytes of pixel data cannot hold ", header.height, " x ", header.width, " pixels");
  const ImageView turned = turned_size(header.height, header.width, png.orientation);
  const std::size_t pixels = static_cast<std::size_t>(header.height) * static_cast<std::size_t>(header.width);
  check_memory(inflated + 3 * pixels + (std::size_t{1} << 20), turned, name, limits);
  return upright(decode_png(png, name), png.orientation);
}

}  // namespace detail

ImageInfo probe_image(Span<const std::uint8_t> file, std::string_view name) {
  if (detail::image_format(file, name) == ImageInfo::Format::png) {
    const detail::PngFile png = detail::PngChunks(file, name).walk();
    return {ImageInfo::Format::png, png.header.height, png.header.width,
            png.header.samples(),   png.header.bits,   png.orientation};
  }
  const detail::JpegInfo jpeg = detail::JpegMarkers(file, name, DecodeLimits{}.max_scans).walk();
  return {ImageInfo::Format::jpeg, jpeg.frame.height, jpeg.frame.width, jpeg.frame.count, 8,
          jpeg.orientation};
}

Image decode_image(Span<const std::uint8_t> file, std::string_view name, const DecodeLimits& limits) {
  return detail::image_format(file, name) == ImageInfo::Format::png
             ? detail::decode_png_file(file, name, limits)
             : detail::decode_jpeg_file(file, name, limits);
}

Image read_image(const std::filesystem::path& path, const DecodeLimits& limits) {
  const MappedFile file(path);
  return decode_image(file.bytes(), path.native(), limits);
}

std::vector<std::uint8_t> encode_png(const ImageView& image) { return detail::stb_encode_png(image); }

void write_png(const std::filesystem::path& path, const ImageView& image) {
  AtomicFile file(path);
  file.write(0, encode_png(image));
  file.commit();
}

std::string decoder_versions() { return detail::jpeg_decoder() + ", zlib " + zlibVersion(); }

}  // namespace pretext
