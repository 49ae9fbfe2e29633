// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/math.hpp"

// sRGB (IEC 61966-2-1) to CIE-Lab and back under the white of daylight, D65: L from 0 to 100, a and b within
// about +-110. The steps are functors as those of color.hpp.
namespace pretext {

namespace detail {

/// Light of an sRGB value, both from 0 to 1.
PRETEXT_INLINE PRETEXT_HD float light_of(float v) {
  const float curve = math::power((v + 0.055F) * (1 / 1.055F), 2.4F);
  return math::select(v > 0.04045F, curve, v * (1 / 12.92F));
}
PRETEXT_INLINE PRETEXT_HD float value_of_light(float light) {
  const float curve = 1.055F * math::power(light, 1 / 2.4F) - 0.055F;
  return math::select(light > 0.0031308F, curve, light * 12.92F);
}

/// The cube root that Lab takes of X, Y and Z, straight near black, and its inverse.
PRETEXT_INLINE PRETEXT_HD float lab_root(float t) {
  const float root = math::power(t, 1.0F / 3);
  return math::select(t > 216.0F / 24389, root, t * (841.0F / 108) + 4.0F / 29);
}
PRETEXT_INLINE PRETEXT_HD float lab_cube(float root) {
  return math::select(root > 6.0F / 29, root * root * root, (root - 4.0F / 29) * (108.0F / 841));
}

/// X, Y and Z of light in sRGB's primaries, each 1 at the white point: grey is where all three are equal.
PRETEXT_INLINE PRETEXT_HD float x_of(float r, float g, float b) {
  return 0.412456439F / 0.95047F * r + 0.357576078F / 0.95047F * g + 0.180437483F / 0.95047F * b;
}
PRETEXT_INLINE PRETEXT_HD float y_of(float r, float g, float b) {
  return 0.212672851F * r + 0.715152156F * g + 0.0721749934F * b;
}
PRETEXT_INLINE PRETEXT_HD float z_of(float r, float g, float b) {
  return 0.019333895F / 1.08883F * r + 0.119192026F / 1.08883F * g + 0.950304061F / 1.08883F * b;
}

/// The inverse: light in the primaries.
PRETEXT_INLINE PRETEXT_HD float red_of(float x, float y, float z) {
  return 3.2404542F * 0.95047F * x - 1.5371385F * y - 0.4985314F * 1.08883F * z;
}
PRETEXT_INLINE PRETEXT_HD float green_of(float x, float y, float z) {
  return -0.969266F * 0.95047F * x + 1.8760108F * y + 0.041556F * 1.08883F * z;
}
PRETEXT_INLINE PRETEXT_HD float blue_of(float x, float y, float z) {
  return 0.0556434F * 0.95047F * x - 0.2040259F * y + 1.0572252F * 1.08883F * z;
}

}  // namespace detail

/// L of a colour within [0, 1], in the place of red.
struct RgbToLightness {
  PRETEXT_INLINE PRETEXT_HD void operator()(float& r, float& g, float& b) const {
    const float y = detail::y_of(detail::light_of(r), detail::light_of(g), detail::light_of(b));
    r = 116 * detail::lab_root(y) - 16;
  }
};

/// L, a and b of a colour within [0, 1].
struct RgbToLab {
  PRETEXT_INLINE PRETEXT_HD void operator()(float& r, float& g, float& b) const {
    const float red = detail::light_of(r), green = detail::light_of(g), blue = detail::light_of(b);
    const float x = detail::lab_root(detail::x_of(red, green, blue));
    const float y = detail::lab_root(detail::y_of(red, green, blue));
    const float z = detail::lab_root(detail::z_of(red, green, blue));
    r = 116 * y - 16;
    g = 500 * (x - y);
    b = 200 * (y - z);
  }
};

/// Red, green and blue of L, a and b; cut to [0, 1] where sRGB has no such colour.
struct LabToRgb {
  PRETEXT_INLINE PRETEXT_HD void operator()(float& l, float& a, float& b) const {
    const float root = (l + 16) * (1.0F / 116);
    const float x = detail::lab_cube(root + a * (1.0F / 500)), y = detail::lab_cube(root),
                z = detail::lab_cube(root - b * (1.0F / 200));
    l = math::clamp(detail::value_of_light(detail::red_of(x, y, z)), 0, 1);
    a = math::clamp(detail::value_of_light(detail::green_of(x, y, z)), 0, 1);
    b = math::clamp(detail::value_of_light(detail::blue_of(x, y, z)), 0, 1);
  }
};

}  // namespace pretext
