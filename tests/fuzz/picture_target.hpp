// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "pretext/image/codec.hpp"

namespace fuzz {

/// Decodes a picture twice under tight limits. A file may be refused; what is decoded must come out the same.
inline void decode_picture(pretext::Span<const std::uint8_t> file) {
  constexpr pretext::DecodeLimits limits{
      .max_side = 4096, .max_pixels = 1 << 20, .memory_budget = std::size_t{16} << 20};
  try {
    const pretext::ImageInfo info = pretext::probe_image(file, "input");
    const pretext::Image image = pretext::decode_image(file, "input", limits);
    const bool turned = info.orientation >= 5;
    if (image.channels() != 3 || image.height() != (turned ? info.width : info.height) ||
        image.width() != (turned ? info.height : info.width))
      throw std::logic_error("the decoded picture has another size than its header");
    if (image != pretext::decode_image(file, "input", limits))
      throw std::logic_error("one file was decoded to two pictures");
  } catch (const pretext::Error&) {
  }
}

}  // namespace fuzz
