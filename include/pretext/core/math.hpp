// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

#include "pretext/core/config.hpp"

// Functions of float from additions and multiplications alone: host and device compute them by the same
// steps, and a loop over them becomes vectors. Errors are within a few units of float's precision.
namespace pretext::math {

PRETEXT_INLINE PRETEXT_HD std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

PRETEXT_INLINE PRETEXT_HD float float_of(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// yes ? a : b without a branch: compilers that keep the order of floating-point traps make vectors of no
/// loop in which a branch guards arithmetic.
PRETEXT_INLINE PRETEXT_HD float select(bool yes, float a, float b) {
  const std::uint32_t mask = 0U - static_cast<std::uint32_t>(yes);
  return float_of((bits_of(a) & mask) | (bits_of(b) & ~mask));
}

PRETEXT_INLINE PRETEXT_HD float max(float a, float b) { return select(a > b, a, b); }
PRETEXT_INLINE PRETEXT_HD float min(float a, float b) { return select(a < b, a, b); }
PRETEXT_INLINE PRETEXT_HD float abs(float x) { return float_of(bits_of(x) & 0x7fffffffU); }

/// x within [low, high]; low for what is not a number.
PRETEXT_INLINE PRETEXT_HD float clamp(float x, float low, float high) { return min(max(x, low), high); }

/// Added and taken away again, it rounds a float below 2^22 to the nearest whole number, which its low bits
/// hold meanwhile.
inline constexpr float rounder = 12582912.0F;

PRETEXT_INLINE PRETEXT_HD float round(float x) { return (x + rounder) - rounder; }

/// The logarithm to base 2 of a positive, normal x.
PRETEXT_INLINE PRETEXT_HD float log2(float x) {
  const auto above_half_root = static_cast<std::int32_t>(bits_of(x) - 0x3f3504f3U);
  const std::int32_t exponent = above_half_root >> 23;
  const float m =
      float_of(bits_of(x) - (static_cast<std::uint32_t>(exponent) << 23));  // sqrt(1/2) to sqrt(2)
  const float s = (m - 1) / (m + 1), q = s * s;
  const float series =
      2.88539008F + q * (0.961796694F + q * (0.577078016F + q * (0.41219858F + q * 0.3205989F)));
  return static_cast<float>(exponent) + s * series;
}

/// 2^x, for x within [-126, 126] and as there beyond.
PRETEXT_INLINE PRETEXT_HD float exp2(float x) {
  const float y = clamp(x, -126, 126), shifted = y + rounder, f = y - (shifted - rounder);
  const float tail = 0.00961812911F + f * (0.00133335581F + f * (0.000154035304F + f * 1.52527338e-5F));
  const float fraction = 1 + f * (0.693147181F + f * (0.240226507F + f * (0.0555041087F + f * tail)));
  return fraction * float_of((bits_of(shifted) << 23) + 0x3f800000U);
}

/// x^exponent for x >= 0; 0 for x below 1e-30 and for what is not a number.
PRETEXT_INLINE PRETEXT_HD float power(float x, float exponent) {
  return select(x > 1e-30F, exp2(exponent * log2(x)), 0);
}

/// The sine of x whole turns, for x within [-2, 2].
PRETEXT_INLINE PRETEXT_HD float sine_of_turns(float x) {
  const float v = x - round(x);  // within [-1/2, 1/2], then folded into [-1/4, 1/4]
  const float up = min(v, 0.5F - v), w = max(up, -0.5F - up);
  const float z = 6.28318531F * w, q = z * z;
  const float tail = 2.75573192e-6F + q * (-2.50521084e-8F + q * 1.6059044e-10F);
  return z * (1 + q * (-0.166666667F + q * (0.00833333333F + q * (-0.000198412698F + q * tail))));
}

/// The cosine of x whole turns, for x within [-1, 1].
PRETEXT_INLINE PRETEXT_HD float cosine_of_turns(float x) { return sine_of_turns(x + 0.25F); }

}  // namespace pretext::math
