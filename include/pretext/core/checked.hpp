// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <utility>

#include "pretext/core/error.hpp"

namespace pretext {

/// a * b; throws when the product does not fit. `what` names the quantity in the message.
template <std::integral T>
T checked_mul(T a, T b, const char* what) {
  T result;
  require(!__builtin_mul_overflow(a, b, &result), what, ": ", a, " * ", b, " is too large");
  return result;
}

/// a + b; throws when the sum does not fit.
template <std::integral T>
T checked_add(T a, T b, const char* what) {
  T result;
  require(!__builtin_add_overflow(a, b, &result), what, ": ", a, " + ", b, " is too large");
  return result;
}

/// The same value as another integer type; throws when it does not fit.
template <std::integral To, std::integral From>
To narrow(From value, const char* what) {
  require(std::in_range<To>(value), what, ": ", value, " is out of range");
  return static_cast<To>(value);
}

}  // namespace pretext
