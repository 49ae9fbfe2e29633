// SPDX-License-Identifier: MIT
#pragma once

// JPEG by libjpeg-turbo; empty where it is not installed.
#if __has_include(<turbojpeg.h>)
#include <turbojpeg.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/image/codec.hpp"
#include "pretext/image/jpeg_types.hpp"

namespace pretext::detail {

inline std::string jpeg_decoder() {
#if defined(PRETEXT_TURBOJPEG_VERSION)
  return "libjpeg-turbo " PRETEXT_TURBOJPEG_VERSION;
#else
  return "libjpeg-turbo";
#endif
}

/// Bytes that libjpeg-turbo holds at one time for this picture, with its result.
inline std::size_t jpeg_memory(const JpegInfo& info) {
  const auto samples = static_cast<std::size_t>(info.frame.samples());
  const auto pixels =
      static_cast<std::size_t>(info.frame.height) * static_cast<std::size_t>(info.frame.width);
  const bool keeps_coefficients = info.frame.progressive || info.scans > 1;
  const auto strips = std::size_t{256} * 4 * static_cast<std::size_t>(info.frame.width);
  constexpr std::size_t state = std::size_t{1} << 20;
  return pixels * (info.frame.count == 4 ? 7 : 3) + (keeps_coefficients ? 2 * samples : 0) + strips + state;
}

/// Ink to light. Adobe's programs, the only ones that write such files, store the complement of the ink.
inline void cmyk_to_rgb(const std::vector<std::uint8_t>& cmyk, Image& image) {
  std::uint8_t* out = image.pixels();
  for (std::size_t i = 0; i < cmyk.size(); i += 4)
    for (std::size_t c = 0; c < 3; ++c)
      *out++ = static_cast<std::uint8_t>((cmyk[i + c] * cmyk[i + 3] + 127) / 255);
}

/// The pixels of a JPEG as RGB [H, W, 3], as stored. The markers of the file must have been checked.
inline Image decode_jpeg(Bytes file, std::string_view name, const JpegInfo& info, const DecodeLimits&) {
  const JpegFrame& frame = info.frame;
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  require(decoder != nullptr, "libjpeg-turbo: out of memory");
  Image image(frame.height, frame.width, 3);
  const bool ink = frame.count == 4;
  std::vector<std::uint8_t> cmyk(ink ? static_cast<std::size_t>(image.view().size()) / 3 * 4 : 0);
  // A warning means that the data make no sense from some point on: the rest of the picture would be
  // invented.
  constexpr int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT;
  const int result = tjDecompress2(
      decoder.get(), file.data(), narrow<unsigned long>(file.size(), "bytes of a JPEG file"),
      ink ? cmyk.data() : image.pixels(), frame.width, 0, frame.height, ink ? TJPF_CMYK : TJPF_RGB, flags);
  require(result == 0, name, ": damaged picture, libjpeg-turbo says: ", tjGetErrorStr2(decoder.get()));
  if (ink) cmyk_to_rgb(cmyk, image);
  return image;
}

}  // namespace pretext::detail
#endif
