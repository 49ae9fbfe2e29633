// SPDX-License-Identifier: MIT
#include "pretext/core/math.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

using namespace pretext;

TEST_CASE("logarithms, powers and sines are those of the standard library, to float's precision") {
  for (int i = -2000; i <= 2000; ++i) {
    const float x = std::pow(2.0F, static_cast<float>(i) * 0.0531F), e = static_cast<float>(i) * 0.0613F,
                turn = static_cast<float>(i) * 1e-3F;
    const double exact = std::log2(static_cast<double>(x));
    REQUIRE(std::abs(static_cast<double>(math::log2(x)) - exact) < 1e-7 * std::max(2.0, std::abs(exact)));
    REQUIRE(std::abs(static_cast<double>(math::exp2(e)) / std::exp2(static_cast<double>(e)) - 1) < 3e-7);
    REQUIRE(std::abs(static_cast<double>(math::sine_of_turns(turn)) -
                     std::sin(6.283185307179586 * static_cast<double>(turn))) < 1e-6);
    REQUIRE(std::abs(static_cast<double>(math::cosine_of_turns(0.5F * turn)) -
                     std::cos(3.141592653589793 * static_cast<double>(turn))) < 1e-6);
  }
  for (const float exponent : {0.25F, 1.0F / 3, 0.5F, 1.0F, 2.4F, 4.0F})
    for (int i = 1; i <= 1000; ++i) {
      const float x = static_cast<float>(i) * 1e-3F;
      const double exact = std::pow(static_cast<double>(x), static_cast<double>(exponent));
      REQUIRE(std::abs(static_cast<double>(math::power(x, exponent)) - exact) < 3e-6 * exact);
    }
}

TEST_CASE("the ends of the functions' ranges are defined") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  CHECK(math::log2(1) == 0);
  CHECK(math::exp2(0) == 1);
  CHECK(math::exp2(-1000) == std::exp2(-126.0F));
  CHECK(math::exp2(1000) == std::exp2(126.0F));
  CHECK(math::power(0, 0.3F) == 0);
  CHECK(math::power(-1, 2) == 0);
  CHECK(math::power(nan, 2) == 0);
  CHECK(math::power(1, 7) == 1);
  CHECK(math::clamp(nan, 0, 1) == 0);
  CHECK(math::clamp(-inf, -2, 1) == -2);
  CHECK(math::clamp(inf, -2, 1) == 1);
  CHECK(math::clamp(0.5F, -2, 1) == 0.5F);
  CHECK(math::round(2.5F) == 2);
  CHECK(math::round(-3.6F) == -4);
  CHECK(math::abs(-0.25F) == 0.25F);
  CHECK(std::isnan(math::select(true, nan, 1)));
  CHECK(math::select(false, nan, 1) == 1);
}
