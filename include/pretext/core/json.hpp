// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "pretext/core/span.hpp"

namespace pretext {

/// The bytes of the UTF-8 sequence that starts the text; 0 where it is empty, overlong, cut off, half of a
/// surrogate pair, or beyond U+10FFFF.
inline std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned lead = at(0);
  if (lead < 0x80) return text.empty() ? 0 : 1;
  if (lead < 0xC2 || lead >= 0xF5) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (lead == 0xE0 && at(1) < 0xA0) || (lead == 0xF0 && at(1) < 0x90);
  const bool outside = (lead == 0xED && at(1) >= 0xA0) || (lead == 0xF4 && at(1) >= 0x90);
  return overlong || outside ? 0 : length;
}

/// The text as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
inline std::string json_string(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text[0];
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    } else {
      out += length == 0 ? "\xEF\xBF\xBD" : text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out += '"';
}

template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool>;

/// The shortest decimal text that reads back to the same number; "null" for what JSON has no number for.
template <Number T>
std::string json_number(T value) {
  if constexpr (std::floating_point<T>)
    if (!std::isfinite(value)) return "null";
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// A JSON object, written member by member in the order given.
class JsonObject {
 public:
  JsonObject& add(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
  JsonObject& add(std::string_view key, const char* value) { return add(key, std::string_view(value)); }
  JsonObject& add(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  template <Number T>
  JsonObject& add(std::string_view key, T value) {
    return raw(key, json_number(value));
  }
  JsonObject& add(std::string_view key, const JsonObject& value) { return raw(key, value.text()); }
  JsonObject& add(std::string_view key, Span<const JsonObject> values) {
    std::string list = "[";
    for (const JsonObject& value : values) list += (list.size() > 1 ? ",\n" : "") + value.text();
    return raw(key, list + "]");
  }

  std::string text() const { return "{" + members_ + "}"; }

 private:
  JsonObject& raw(std::string_view key, std::string_view value) {
    if (!members_.empty()) members_ += ',';
    ((members_ += json_string(key)) += ':') += value;
    return *this;
  }

  std::string members_;
};

}  // namespace pretext
