// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "pretext/core/span.hpp"

namespace pretext {

/// A 64-bit hash of a sequence of words and bytes, for telling contents apart and finding damage (not for
/// secrecy). Each 64-bit word w turns the state s into rotl((s ^ w) * 0x9E3779B97F4A7C15, 29); bytes go in as
/// their number and then as little-endian words, the last one filled with zeros; the end stirs s as
/// splitmix64 does.
class Hash {
 public:
  void word(std::uint64_t value) { state_ = std::rotl((state_ ^ value) * 0x9E3779B97F4A7C15U, 29); }

  void bytes(Span<const std::uint8_t> data) {
    static_assert(std::endian::native == std::endian::little);
    word(data.size());
    for (; data.size() >= 8; data = data.subspan(8)) word(load(data.data(), 8));
    if (!data.empty()) word(load(data.data(), data.size()));
  }

  std::uint64_t value() const {
    std::uint64_t s = state_;
    s = (s ^ s >> 30) * 0xBF58476D1CE4E5B9U;
    s = (s ^ s >> 27) * 0x94D049BB133111EBU;
    return s ^ s >> 31;
  }

 private:
  static std::uint64_t load(const std::uint8_t* data, std::size_t count) {
    std::uint64_t value = 0;
    std::memcpy(&value, data, count);
    return value;
  }

  std::uint64_t state_ = 0x243F6A8885A308D3U;
};

/// The hash of the bytes alone.
inline std::uint64_t hash_of(Span<const std::uint8_t> data) {
  Hash hash;
  hash.bytes(data);
  return hash.value();
}

/// The hash of a text alone.
inline std::uint64_t hash_of(std::string_view text) { return hash_of(bytes_of(text)); }

/// 16 hexadecimal digits: a number that JSON readers would round.
inline std::string hash_text(std::uint64_t hash) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

}  // namespace pretext
