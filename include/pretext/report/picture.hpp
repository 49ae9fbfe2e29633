// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pretext/core/span.hpp"
#include "pretext/image/codec.hpp"
#include "pretext/report/html.hpp"

namespace pretext::report {

/// Bytes in base64, with its padding.
inline std::string base64(Span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < count ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) result += k <= count ? digits[word >> (18 - 6 * k) & 63U] : '=';
  }
  return result;
}

/// A picture of 1, 3 or 4 channels that lies in the page itself. `alt` says what it shows. Small pictures
/// keep their pixels square when the page enlarges them.
inline Html picture(const ImageView& image, std::string_view alt) {
  require(image.height > 0 && image.width > 0, "page: the picture '", alt, "' has no pixels");
  const bool small = std::max(image.height, image.width) <= 128;
  return element("img", {{"src", "data:image/png;base64," + base64(encode_png(image))},
                         {"width", std::to_string(image.width)},
                         {"height", std::to_string(image.height)},
                         {"class", small ? "pixels" : "photo"},
                         {"alt", std::string(alt)}});
}

}  // namespace pretext::report
