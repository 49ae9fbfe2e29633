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

/// One part of a message: a text, a number (of six digits where it has a fraction), or what to_string()
/// knows. It refers to what it was made from, in two words, as thousands are made and hardly one is read.
class MessagePart {
 public:
  MessagePart(const char* text) : value_(text), write_(write_text) {}
  MessagePart(char* text) : value_(text), write_(write_text) {}
  template <class T>
  MessagePart(const T& value) : value_(&value), write_(write<T>) {}

  void append_to(std::string& text) const { write_(text, value_); }

 private:
  static void write_text(std::string& text, const void* value) { text += static_cast<const char*>(value); }

  template <class T>
  static void write(std::string& text, const void* value) {
    using std::to_string;
    const T& of = *static_cast<const T*>(value);
    if constexpr (std::is_floating_point_v<T>) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%g", static_cast<double>(of));
      text += digits;
    } else if constexpr (std::is_same_v<T, char> || std::is_convertible_v<const T&, std::string_view>) {
      text += of;
    } else {
      text += to_string(of);
    }
  }

  const void* value_;
  void (*write_)(std::string&, const void*);
};

namespace detail {

inline std::string join(const MessagePart* parts, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) parts[i].append_to(text);
  return text;
}

[[noreturn, gnu::cold, gnu::noinline]] inline void raise(const MessagePart* parts, std::size_t count) {
  throw Error(join(parts, count));
}

}  // namespace detail

/// The parts, one after the other.
template <class... Parts>
std::string message(const Parts&... parts) {
  const MessagePart all[] = {parts...};
  return detail::join(all, sizeof...(parts));
}

/// Throws an Error whose text is the parts. Inlined, as there would be one function for each length of a
/// text.
template <class... Parts>
[[noreturn, gnu::always_inline]] inline void fail(const Parts&... parts) {
  const MessagePart all[] = {parts...};
  detail::raise(all, sizeof...(parts));
}

/// Throws an Error made of the parts unless the condition holds.
template <class... Parts>
[[gnu::always_inline]] inline void require(bool condition, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(parts...);
}

}  // namespace pretext
