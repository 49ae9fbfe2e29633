// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/random.hpp"
#include "pretext/image/view.hpp"

namespace pretext::tasks {

/// The square that a network sees of a picture of any size: the short side is scaled to `size` and the middle
/// is kept. In training it moves by up to `padding` output pixels on each axis, black coming in from outside,
/// and is mirrored half the time. A picture that has the size already is not resampled.
struct SquareCrop {
  int size = 32;
  int padding = 4;
  bool mirror = true;

  PRETEXT_HD Affine operator()(const ImageView& picture) const { return shifted(picture, 0, 0); }

  PRETEXT_HD Affine operator()(const ImageView& picture, Rng& rng) const {
    const auto reach = static_cast<std::uint32_t>(2 * padding + 1);
    const int dx = static_cast<int>(rng.below(reach)) - padding,
              dy = static_cast<int>(rng.below(reach)) - padding;
    const Affine crop = shifted(picture, dx, dy);
    return mirror && rng.chance(0.5F) ? crop.after(mirrored(size)) : crop;
  }

 private:
  PRETEXT_HD Affine shifted(const ImageView& picture, int dx, int dy) const {
    const int side = picture.width < picture.height ? picture.width : picture.height;
    const float scale = static_cast<float>(side) / static_cast<float>(size), centre = 0.5F * scale - 0.5F;
    const auto left = static_cast<float>((picture.width - side) / 2),
               top = static_cast<float>((picture.height - side) / 2);
    return {scale, 0,     left + centre + scale * static_cast<float>(dx),
            0,     scale, top + centre + scale * static_cast<float>(dy)};
  }
};

}  // namespace pretext::tasks
