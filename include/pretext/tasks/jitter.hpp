// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "pretext/core/error.hpp"
#include "pretext/core/random.hpp"
#include "pretext/image/view.hpp"

namespace pretext::tasks {

/// Random brightness, contrast and saturation, each a factor within 1 +- its strength, and hue, moved by up
/// to its strength in whole turns; in this order, then cut to [0, 1]. Contrast changes distances from middle
/// grey.
struct ColorJitter {
  float brightness = 0.4F, contrast = 0.4F, saturation = 0.4F, hue = 0.1F;

  /// Follows what the view's matrix does already.
  PRETEXT_HD void operator()(View& view, Rng& rng) const {
    const auto bright = ColorMatrix::brightness(factor(brightness, rng)),
               contrasted = ColorMatrix::contrast(factor(contrast, rng)),
               saturated = ColorMatrix::saturation(factor(saturation, rng));
    view.color = saturated.after(contrasted).after(bright).after(view.color);
    view.hsv.hue += rng.uniform(-hue, hue);
    view.clip = true;
  }

  /// Throws where a strength is none; `task` says whose.
  void check(std::string_view task) const {
    for (const float strength : {brightness, contrast, saturation})
      require(strength >= 0 && strength <= 100, task, ": colours jittered by a strength of ", strength,
              ", not 0 to 100");
    require(hue >= 0 && hue <= 0.5F, task, ": a hue that moves by up to ", hue, " turns, not 0 to 0.5");
  }

 private:
  PRETEXT_HD static float factor(float strength, Rng& rng) {
    return rng.uniform(strength < 1 ? 1 - strength : 0, 1 + strength);
  }
};

}  // namespace pretext::tasks
