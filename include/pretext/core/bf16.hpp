// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "pretext/core/config.hpp"

namespace pretext {

/// The upper half of a float: its range with 8 bits of precision. A type to store; arithmetic is in float.
struct bf16 {
  std::uint16_t bits;

  bf16() = default;

  /// The nearest one, of two equally near ones the even one. What is not a number stays one.
  PRETEXT_HD explicit bf16(float x) {
    std::uint32_t word;
    std::memcpy(&word, &x, sizeof word);
    const std::uint32_t rounded = word + 0x7FFF + (word >> 16 & 1);
    bits = static_cast<std::uint16_t>((word & 0x7FFFFFFF) > 0x7F800000 ? word >> 16 | 0x40 : rounded >> 16);
  }

  PRETEXT_HD operator float() const {
    const std::uint32_t word = static_cast<std::uint32_t>(bits) << 16;
    float x;
    std::memcpy(&x, &word, sizeof x);
    return x;
  }
};

namespace detail {
template <class T>
struct WideOf {
  using type = T;
};
template <>
struct WideOf<bf16> {
  using type = float;
};
}  // namespace detail

/// The type in which elements of type T are computed, and in which the parameters, statistics and losses of
/// a network of them are kept.
template <class T>
using Wide = typename detail::WideOf<T>::type;

}  // namespace pretext
