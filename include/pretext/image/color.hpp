// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/math.hpp"

// What is done to the colour of one pixel, in red, green and blue from 0 to 1. Each step is a functor that
// changes the three in place, without branches, so that a loop over pixels becomes vectors.
namespace pretext {

/// How bright red, green and blue of the same value are beside each other (ITU-R BT.601); the sum is 1.
PRETEXT_HD constexpr float luma_of(int channel) {
  return channel == 0 ? 0.299F : channel == 1 ? 0.587F : 0.114F;
}

/// colour -> matrix * colour + offset: three rows of four.
struct ColorMatrix {
  float m[12] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};

  /// factor * colour + (1 - factor) * grey, the grey being `level` plus `of_luma` times the pixel's own: what
  /// changes of brightness, contrast and saturation have in common.
  PRETEXT_HD static ColorMatrix blend(float factor, float level, float of_luma) {
    ColorMatrix result;
    for (int row = 0; row < 3; ++row) {
      for (int c = 0; c < 3; ++c)
        result.m[4 * row + c] = (row == c ? factor : 0) + (1 - factor) * of_luma * luma_of(c);
      result.m[4 * row + 3] = (1 - factor) * level;
    }
    return result;
  }
  PRETEXT_HD static ColorMatrix brightness(float factor) { return blend(factor, 0, 0); }
  /// Distances from the level are multiplied.
  PRETEXT_HD static ColorMatrix contrast(float factor, float level = 0.5F) { return blend(factor, level, 0); }
  PRETEXT_HD static ColorMatrix saturation(float factor) { return blend(factor, 0, 1); }
  PRETEXT_HD static ColorMatrix grey() { return saturation(0); }

  /// One channel, and 0 in place of the two others.
  PRETEXT_HD static ColorMatrix only(int channel) {
    ColorMatrix result;
    for (int c = 0; c < 3; ++c) result.m[5 * c] = c == channel ? 1.0F : 0.0F;
    return result;
  }

  /// What remains without the axis from green to magenta, along which lenses tear colours apart: I - a'a /
  /// aa' for a = (-1, 2, -1) (Doersch, Gupta and Efros, ICCV 2015).
  PRETEXT_HD static ColorMatrix without_green_magenta() {
    const float a[3] = {-1, 2, -1};
    ColorMatrix result;
    for (int row = 0; row < 3; ++row)
      for (int c = 0; c < 3; ++c) result.m[4 * row + c] -= a[row] * a[c] / 6;
    return result;
  }

  /// This matrix of what `first` gives.
  PRETEXT_HD ColorMatrix after(const ColorMatrix& first) const {
    ColorMatrix result;
    for (int row = 0; row < 3; ++row)
      for (int c = 0; c < 4; ++c) {
        float sum = c == 3 ? m[4 * row + 3] : 0;
        for (int k = 0; k < 3; ++k) sum += m[4 * row + k] * first.m[4 * k + c];
        result.m[4 * row + c] = sum;
      }
    return result;
  }

  PRETEXT_INLINE PRETEXT_HD void operator()(float& r, float& g, float& b) const {
    const float x = r, y = g, z = b;
    r = m[0] * x + m[1] * y + m[2] * z + m[3];
    g = m[4] * x + m[5] * y + m[6] * z + m[7];
    b = m[8] * x + m[9] * y + m[10] * z + m[11];
  }

  bool operator==(const ColorMatrix&) const = default;
};

/// Cuts each channel to [0, 1]; what is not a number becomes 0.
struct ClipColor {
  PRETEXT_INLINE PRETEXT_HD void operator()(float& r, float& g, float& b) const {
    r = math::clamp(r, 0, 1);
    g = math::clamp(g, 0, 1);
    b = math::clamp(b, 0, 1);
  }
};

/// x -> x^power * scale + shift
struct Curve {
  float power = 1, scale = 1, shift = 0;
  bool operator==(const Curve&) const = default;
};

/// A change in hue, saturation and value: the hue is turned, the others follow curves.
struct Hsv {
  float hue = 0;  ///< in whole turns of the colour circle
  Curve saturation{}, value{};
  bool operator==(const Hsv&) const = default;
};

/// Applies an Hsv to a colour within [0, 1]; the result stays there. Straight: both powers are 1.
template <bool Straight>
struct HsvStep {
  Hsv hsv;

  PRETEXT_INLINE PRETEXT_HD void operator()(float& r, float& g, float& b) const {
    const float high = math::max(math::max(r, g), b), low = math::min(math::min(r, g), b);
    const float spread = high - low, per_spread = 1 / math::select(spread > 0, spread, 1);
    const float of_red = (g - b) * per_spread, of_green = 2 + (b - r) * per_spread,
                of_blue = 4 + (r - g) * per_spread;
    const float hue =
        math::select(high == r, of_red, math::select(high == g, of_green, of_blue)) + 6 * hsv.hue;
    const float s = along(hsv.saturation, spread / math::select(high > 0, high, 1)),
                v = along(hsv.value, high);
    r = channel(3, hue, s, v);
    g = channel(1, hue, s, v);
    b = channel(-1, hue, s, v);
  }

 private:
  PRETEXT_INLINE PRETEXT_HD static float along(const Curve& curve, float x) {
    const float bent = Straight ? x : math::power(x, curve.power);
    return math::clamp(bent * curve.scale + curve.shift, 0, 1);
  }

  /// The channel that is full at -`offset` + 3 sixths of the circle, and missing opposite.
  PRETEXT_INLINE PRETEXT_HD static float channel(float offset, float hue, float s, float v) {
    const float turn = (hue + offset) * (1.0F / 6),
                sixths = 6 * (turn - math::round(turn));  // within [-3, 3]
    return v - v * s * math::clamp(2 - math::abs(sixths), 0, 1);
  }
};

}  // namespace pretext
