// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "pretext/core/math.hpp"

namespace pretext {

/// The largest deviation of a blur, and the pixels that it reaches to each side.
inline constexpr float max_blur = 16;
inline constexpr int max_blur_radius = 48;

/// The weights of a Gaussian of deviation `sigma`, to three deviations on each side; they sum to 1. One pass
/// over rows and one over columns blur a tile, whose edge pixels are repeated beyond its edges.
struct Gaussian {
  int radius = 0;  ///< 0: no blur
  float weight[2 * max_blur_radius + 1] = {1};

  PRETEXT_HD explicit Gaussian(float sigma) {
    if (!(sigma > 0)) return;
    const float s = sigma < max_blur ? sigma : max_blur;
    radius = static_cast<int>(std::ceil(3 * s));
    float sum = 0;
    for (int i = 0; i <= 2 * radius; ++i) {
      const float distance = static_cast<float>(i - radius) / s;
      weight[i] = math::exp2(-0.72134752F * distance * distance);  // e^(-d^2 / 2)
      sum += weight[i];
    }
    for (int i = 0; i <= 2 * radius; ++i) weight[i] /= sum;
  }
};

}  // namespace pretext
