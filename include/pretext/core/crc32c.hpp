// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pretext {
namespace detail {

inline constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t rest = i;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ ((rest & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = rest;
  }
  return table;
}();

}  // namespace detail

/// The CRC-32C (Castagnoli) of some bytes: RFC 3720, appendix B.4.
constexpr std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t rest = ~0U;
  for (const char byte : bytes)
    rest = rest >> 8 ^ detail::crc32c_table[(rest ^ static_cast<std::uint8_t>(byte)) & 0xFF];
  return ~rest;
}

}  // namespace pretext
