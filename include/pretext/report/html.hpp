// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "pretext/report/utf8.hpp"

namespace pretext::report {

namespace detail {

// Control characters have no place in a page, and marks that turn the direction of writing could make one
// name look like another.
inline bool printable(char32_t code) {
  const bool control = (code < 0x20 && code != U'\n' && code != U'\t') || (code >= 0x7F && code < 0xA0);
  const bool turns = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return !control && !turns && (code & 0xFFFE) != 0xFFFE;
}

}  // namespace detail

/// Text as it may stand between tags and inside quoted attributes, whatever bytes it came from.
inline std::string escape(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t code = take_code_point(text);
    switch (code) {
      case U'&':
        result += "&amp;";
        break;
      case U'<':
        result += "&lt;";
        break;
      case U'>':
        result += "&gt;";
        break;
      case U'"':
        result += "&quot;";
        break;
      case U'\'':
        result += "&#39;";
        break;
      case replacement_character:
        result += "\xEF\xBF\xBD";
        break;
      default:
        result += detail::printable(code) ? before.substr(0, before.size() - text.size())
                                          : std::string_view("\xEF\xBF\xBD");
    }
  }
  return result;
}

/// A number with at most `decimals` decimals and no zeros at the end; the same in every locale.
inline std::string number(double value, int decimals = 2) {
  char buffer[512];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals).ptr;
  std::string result(buffer, end);
  if (result.find('.') != std::string::npos) {
    result.erase(result.find_last_not_of('0') + 1);
    if (result.back() == '.') result.pop_back();
  }
  return result == "-0" ? "0" : result;
}

/// A number with exactly `decimals` decimals, with an exponent where it is very large; a dash where it is not
/// finite.
inline std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "\u2013";
  const auto format = std::abs(value) < 1e15 ? std::chars_format::fixed : std::chars_format::scientific;
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format, decimals).ptr};
}

/// A number in four significant digits, or all digits of its whole part; a dash where it is not finite.
inline std::string shown(double value) {
  if (!std::isfinite(value) || (std::abs(value) >= 1e3 && std::abs(value) < 1e15)) return fixed(value, 0);
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 4).ptr};
}

/// Markup, well formed and safe. A string is never markup: it goes through text() or an attribute, which
/// escape it.
class Html {
 public:
  Html() = default;

  /// Takes the string as markup; for this floor's own tags only.
  static Html trusted(std::string markup) {
    Html result;
    result.markup_ = std::move(markup);
    return result;
  }

  const std::string& str() const { return markup_; }
  bool empty() const { return markup_.empty(); }

  Html& operator+=(const Html& other) {
    markup_ += other.markup_;
    return *this;
  }
  friend Html operator+(Html a, const Html& b) { return std::move(a += b); }

 private:
  std::string markup_;
};

inline Html text(std::string_view words) { return Html::trusted(escape(words)); }

/// An attribute of an element; its value is escaped when it is written.
struct Attribute {
  std::string_view name;
  std::string value;

  Attribute(std::string_view name, std::string value) : name(name), value(std::move(value)) {}
  Attribute(std::string_view name, double value) : name(name), value(number(value)) {}
};
using Attributes = std::initializer_list<Attribute>;

namespace detail {

inline std::string open_tag(std::string_view name, Attributes attributes) {
  std::string tag = "<" + std::string(name);
  for (const Attribute& a : attributes) {
    tag += ' ';
    tag += a.name;
    tag += "=\"" + escape(a.value) + "\"";
  }
  return tag;
}

}  // namespace detail

/// <name attributes>inner</name>
inline Html element(std::string_view name, Attributes attributes, const Html& inner) {
  return Html::trusted(detail::open_tag(name, attributes) + ">" + inner.str() + "</" + std::string(name) +
                       ">");
}

/// <name attributes/>: an element that holds nothing.
inline Html element(std::string_view name, Attributes attributes) {
  return Html::trusted(detail::open_tag(name, attributes) + "/>");
}

}  // namespace pretext::report
