// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace pretext {

/// What every failure of the library throws. The text names the operation or file, what was expected and
/// what was found.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

inline void append(std::string& text, std::string_view part) { text += part; }
inline void append(std::string& text, char part) { text += part; }
inline void append(std::string& text, double part) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", part);
  text += digits;
}
template <class T>
void append(std::string& text, const T& part) requires std::is_integral_v<T> {
  text += std::to_string(part);
}
template <class T>
void append(std::string& text, const T& part) requires requires {
  to_string(part);
}
{ text += to_string(part); }

}  // namespace detail

/// The parts, one after the other: texts, numbers (of six digits where they have a fraction), and what
/// to_string() knows.
template <class... Parts>
std::string message(const Parts&... parts) {
  std::string text;
  (detail::append(text, parts), ...);
  return text;
}

/// Throws an Error whose text is the parts.
template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  std::string text;
  (detail::append(text, parts), ...);
  throw Error(text);
}

/// Throws an Error made of the parts unless the condition holds.
template <class... Parts>
void require(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(parts...);
}

}  // namespace pretext
