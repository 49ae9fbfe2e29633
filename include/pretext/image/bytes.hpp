// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pretext/core/error.hpp"
#include "pretext/core/span.hpp"

namespace pretext::detail {

using Bytes = Span<const std::uint8_t>;

/// A byte as format descriptions write it: "C4".
inline std::string hex(int byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return {digits[static_cast<std::size_t>(byte >> 4 & 15)], digits[static_cast<std::size_t>(byte & 15)]};
}

/// Reads the bytes of an untrusted file in order, big-endian. Reading past the end throws an Error with the
/// file's name and the place.
class ByteReader {
 public:
  ByteReader(Bytes bytes, std::string_view name, std::size_t origin = 0)
      : bytes_(bytes), name_(name), origin_(origin) {}

  /// Where the next byte lies in the file.
  std::size_t position() const { return origin_ + at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  Bytes rest() const { return bytes_.subspan(at_); }

  Bytes take(std::size_t count) {
    if (count > left())
      bad("the file ends early, ", count, " more bytes were expected and ", left(), " found");
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }

  /// A reader of the next `count` bytes alone.
  ByteReader part(std::size_t count) {
    const std::size_t begin = position();
    return {take(count), name_, begin};
  }

  int u8() { return take(1)[0]; }
  int u16() {
    const int high = u8();
    return high << 8 | u8();
  }
  std::uint32_t u32() {
    const auto high = static_cast<std::uint32_t>(u16());
    return high << 16 | static_cast<std::uint32_t>(u16());
  }

  /// Throws an Error: the file is not what it says it is.
  template <class... Parts>
  [[noreturn]] void bad(const Parts&... parts) const {
    fail(name_, ": damaged picture, at byte ", position(), ": ", parts...);
  }

  /// Throws the Error of bad() unless the condition holds.
  template <class... Parts>
  void expect(bool condition, const Parts&... parts) const {
    if (!condition) [[unlikely]]
      bad(parts...);
  }

 private:
  Bytes bytes_;
  std::string_view name_;
  std::size_t origin_;
  std::size_t at_ = 0;
};

}  // namespace pretext::detail
