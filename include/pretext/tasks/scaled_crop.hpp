// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/random.hpp"
#include "pretext/image/view.hpp"

namespace pretext::tasks {

/// A box of so many pixels of a picture that is scaled first, so that its short side has a given length, or
/// its area a random one. In training it lies anywhere in the picture, moved by whole pixels, and may be
/// mirrored; without a stream of random numbers it is the middle of a picture of mean area. A picture in
/// which the box has no room is enlarged until it just has.
struct ScaledCrop {
  int height = 255, width = 255;
  int short_side = 256;               ///< of the scaled picture
  float area_low = 0, area_high = 0;  ///< of the scaled picture, in pixels; 0: the short side says it
  bool mirror = false;                ///< half the time

  PRETEXT_HD Affine operator()(const ImageView& picture) const {
    const float step = scale(picture, 0.5F * (area_low + area_high));
    return placed(step, room(picture.width, step, width) / 2, room(picture.height, step, height) / 2);
  }

  PRETEXT_HD Affine operator()(const ImageView& picture, Rng& rng) const {
    const float step = scale(picture, area_high > 0 ? rng.uniform(area_low, area_high) : 0);
    const int left = rng.between(0, room(picture.width, step, width)),
              top = rng.between(0, room(picture.height, step, height));
    const Affine crop = placed(step, left, top);
    return mirror && rng.chance(0.5F) ? crop.after(mirrored(width)) : crop;
  }

 private:
  /// Pixels of the picture in one of the box.
  PRETEXT_HD float scale(const ImageView& picture, float area) const {
    const auto across = static_cast<float>(picture.width), down = static_cast<float>(picture.height);
    const float wanted =
        area > 0 ? std::sqrt(across * down / area) : math::min(across, down) / static_cast<float>(short_side);
    return math::min(wanted,
                     math::min(across / static_cast<float>(width), down / static_cast<float>(height)));
  }

  /// By how many whole pixels the box can move; a length that is whole but for rounding counts as whole.
  PRETEXT_HD static int room(int picture, float step, int box) {
    const int free = static_cast<int>(static_cast<float>(picture) / step + 0.01F) - box;
    return free > 0 ? free : 0;
  }

  PRETEXT_HD Affine placed(float step, int left, int top) const {
    return boxed(step * static_cast<float>(left), step * static_cast<float>(top),
                 step * static_cast<float>(width), step * static_cast<float>(height), height, width);
  }
};

}  // namespace pretext::tasks
