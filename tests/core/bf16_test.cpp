// SPDX-License-Identifier: MIT
#include "pretext/core/bf16.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

using namespace pretext;

TEST_CASE("bf16 is the nearest one, of two the even one; what is not a number stays so") {
  const auto bits = [](float x) { return bf16(x).bits; };
  CHECK(bits(1) == 0x3F80);
  CHECK(bits(-2) == 0xC000);
  CHECK(bits(0) == 0);
  CHECK(bits(-0.0F) == 0x8000);
  CHECK(bits(1 + 0x1p-8F) == 0x3F80);      // halfway, to even
  CHECK(bits(1 + 3 * 0x1p-8F) == 0x3F82);  // halfway, to even
  CHECK(bits(1 + 0x1p-8F + 0x1p-20F) == 0x3F81);
  CHECK(bits(std::numeric_limits<float>::max()) == 0x7F80);  // rounds to infinity
  CHECK(bits(INFINITY) == 0x7F80);
  CHECK(std::isnan(static_cast<float>(bf16(NAN))));
  CHECK(std::isnan(static_cast<float>(bf16(std::bit_cast<float>(0x7F800001)))));
  for (std::uint32_t word = 0; word < 0x10000; ++word) {
    const float x = std::bit_cast<float>(word << 16);
    if (!std::isnan(x)) REQUIRE(bf16(x).bits == word);
  }
}
