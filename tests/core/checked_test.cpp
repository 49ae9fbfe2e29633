// SPDX-License-Identifier: MIT
#include "pretext/core/checked.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace pretext;

namespace {
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
}  // namespace

TEST_CASE("checked arithmetic gives the result where it fits") {
  CHECK(checked_mul(std::int64_t{-7}, std::int64_t{6}, "size") == -42);
  CHECK(checked_mul(largest, std::int64_t{1}, "size") == largest);
  CHECK(checked_add(largest - 1, std::int64_t{1}, "size") == largest);
  CHECK(checked_add(smallest, largest, "size") == -1);
  CHECK(checked_mul(std::uint8_t{15}, std::uint8_t{17}, "size") == 255);
}

TEST_CASE("checked arithmetic names the quantity and both operands where it does not") {
  CHECK_THROWS_WITH_AS(checked_mul(largest, std::int64_t{2}, "pixels"),
                       "pixels: 9223372036854775807 * 2 is too large", Error);
  CHECK_THROWS_WITH_AS(checked_add(largest, std::int64_t{1}, "bytes"),
                       "bytes: 9223372036854775807 + 1 is too large", Error);
  CHECK_THROWS_AS(checked_mul(smallest, std::int64_t{-1}, "size"), Error);
  CHECK_THROWS_AS(checked_add(smallest, std::int64_t{-1}, "size"), Error);
  CHECK_THROWS_AS(checked_mul(std::uint32_t{1} << 16, std::uint32_t{1} << 16, "size"), Error);
}

TEST_CASE("narrow keeps the value or says that it does not fit") {
  CHECK(narrow<std::int32_t>(std::int64_t{-5}, "count") == -5);
  CHECK(narrow<std::uint8_t>(255, "count") == 255);
  CHECK_THROWS_WITH_AS(narrow<std::uint8_t>(256, "count"), "count: 256 is out of range", Error);
  CHECK_THROWS_AS(narrow<std::uint64_t>(-1, "count"), Error);
  CHECK_THROWS_AS(narrow<std::int32_t>(std::uint32_t{1} << 31, "count"), Error);
  CHECK_THROWS_AS(narrow<std::int64_t>(std::uint64_t{1} << 63, "count"), Error);
}

TEST_CASE("fail and require stream their parts into one text") {
  CHECK_THROWS_WITH_AS(fail("conv2d: x has ", 3, " channels, not ", 4.5), "conv2d: x has 3 channels, not 4.5",
                       Error);
  CHECK_THROWS_WITH_AS(require(false, "a", 1), "a1", Error);
  CHECK_NOTHROW(require(true, "never"));
}
