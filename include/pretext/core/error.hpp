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
/// knows. It refers to what it was made from.
class MessagePart {
 public:
  MessagePart(const char* text) : text_(text) {}
  MessagePart(char* text) : text_(text) {}
  MessagePart(std::string_view text) : text_(text) {}
  MessagePart(const std::string& text) : text_(text) {}
  MessagePart(const char& letter) : text_(&letter, 1) {}
  template <class T>
  MessagePart(const T& value) : value_(&value), write_(write<T>) {}

  void append_to(std::string& text) const {
    if (write_ == nullptr)
      text += text_;
    else
      write_(text, value_);
  }

 private:
  template <class T>
  static void write(std::string& text, const void* value) {
    using std::to_string;
    const T& of = *static_cast<const T*>(value);
    if constexpr (std::is_floating_point_v<T>) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%g", static_cast<double>(of));
      text += digits;
    } else {
      text += to_string(of);
    }
  }

  std::string_view text_;
  const void* value_ = nullptr;
  void (*write_)(std::string&, const void*) = nullptr;
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
