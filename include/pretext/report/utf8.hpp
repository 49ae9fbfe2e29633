// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace pretext::report {

/// What stands in for bytes that are no text.
inline constexpr char32_t replacement_character = 0xFFFD;

/// Takes one code point off the front of a UTF-8 text that is not empty. A byte that starts no well-formed
/// sequence (overlong forms, surrogates and cut sequences included) is taken alone as U+FFFD.
inline char32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  bool whole = length == 1 || (lead >= 0xC2 && text.size() >= length);
  char32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; whole && i < length; ++i) {
    whole = (byte(i) & 0xC0U) == 0x80U;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  static constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  whole = whole && code >= least[length] && code <= 0x10FFFF && !surrogate;
  text.remove_prefix(whole ? length : 1);
  return whole ? code : replacement_character;
}

/// The number of code points in a UTF-8 text.
inline std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) take_code_point(text);
  return count;
}

/// The text itself, or as many of its code points as fit `limit` with an ellipsis for the rest.
inline std::string_view prefix_of(std::string_view text, std::size_t limit) {
  std::string_view rest = text;
  for (std::size_t i = 0; i < limit && !rest.empty(); ++i) take_code_point(rest);
  return text.substr(0, text.size() - rest.size());
}

}  // namespace pretext::report
