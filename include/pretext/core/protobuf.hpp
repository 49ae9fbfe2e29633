// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "pretext/core/span.hpp"

namespace pretext {

/// Writes a message of Protocol Buffers, field by field.
class ProtobufMessage {
 public:
  ProtobufMessage& integer(std::uint32_t field, std::int64_t value) {
    return varint(field << 3).varint(static_cast<std::uint64_t>(value));
  }
  ProtobufMessage& real(std::uint32_t field, float value) { return fixed(field << 3 | 5, value); }
  ProtobufMessage& real64(std::uint32_t field, double value) { return fixed(field << 3 | 1, value); }
  /// A text or bytes.
  ProtobufMessage& text(std::uint32_t field, std::string_view value) {
    varint(field << 3 | 2).varint(value.size());
    bytes_ += value;
    return *this;
  }
  ProtobufMessage& message(std::uint32_t field, const ProtobufMessage& value) {
    return text(field, value.bytes_);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  template <class Real>
  ProtobufMessage& fixed(std::uint32_t tag, Real value) {
    varint(tag);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  ProtobufMessage& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
    return *this;
  }

  std::string bytes_;
};

}  // namespace pretext
