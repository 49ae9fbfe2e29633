// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "pretext/core/error.hpp"
#include "pretext/core/random.hpp"
#include "pretext/image/view.hpp"

namespace pretext::tasks {

/// A box of so many pixels of a picture that is scaled first, so that its short side has a given length, or
/// its area a random one. In training it lies anywhere in the picture, moved by whole pixels, and may be
/// mirrored; without a stream of random numbers it is the middle of a picture of mean area. A picture in
/// which the box has no room is enlarged until it just has, and areas in which it has too little are not
/// drawn.
struct ScaledCrop {
  int height = 255, width = 255;
  int short_side = 256;               ///< of the scaled picture
  float area_low = 0, area_high = 0;  ///< of the scaled picture, in pixels; 0: the short side says it
  int room = 0;  ///< where the area is random: pixels that the box can move over at least, on each axis
  bool mirror = false;  ///< half the time

  PRETEXT_HD Affine operator()(const ImageView& picture) const {
    const float step = scale(picture, 0.5F);
    return placed(step, free(picture.width, step, width) / 2, free(picture.height, step, height) / 2);
  }

  PRETEXT_HD Affine operator()(const ImageView& picture, Rng& rng) const {
    const float step = scale(picture, area_high > 0 ? rng.uniform() : 0);
    const int left = rng.between(0, free(picture.width, step, width)),
              top = rng.between(0, free(picture.height, step, height));
    const Affine crop = placed(step, left, top);
    return mirror && rng.chance(0.5F) ? crop.after(mirrored(width)) : crop;
  }

  /// Throws where no crop can be so; `task` says whose.
  void check(std::string_view task) const {
    require(height >= 1 && width >= 1 && height <= 65536 && width <= 65536, task, ": crops of ", height,
            " x ", width, " pixels; each must be 1 to 65536");
    require(room >= 0 && room <= 65536, task, ": crops that have ", room, " pixels to move over");
    if (area_low == 0 && area_high == 0) {
      const int needed = height < width ? height : width;
      require(short_side >= needed && short_side <= 65536, task, ": pictures are scaled to a short side of ",
              short_side, ", not ", needed, " to 65536; crops are ", height, " x ", width);
    } else {
      require(area_low > 0 && area_low <= area_high && area_high <= 1e9F, task, ": an area between ",
              area_low, " and ", area_high, " pixels; expected 0 < area_low <= area_high <= 1e9");
    }
  }

 private:
  /// Pixels of the picture in one of the box; `along` leads from the least area to the largest.
  PRETEXT_HD float scale(const ImageView& picture, float along) const {
    const auto across = static_cast<float>(picture.width), down = static_cast<float>(picture.height);
    const int spare = area_high > 0 ? room : 0;
    const float coarsest =
        math::min(across / static_cast<float>(width + spare), down / static_cast<float>(height + spare));
    if (!(area_high > 0))
      return math::min(math::min(across, down) / static_cast<float>(short_side), coarsest);
    const float pixels = across * down;
    const float low = math::max(area_low, pixels / (coarsest * coarsest)), high = math::max(area_high, low);
    return math::min(std::sqrt(pixels / (low + (high - low) * along)), coarsest);
  }

  /// By how many whole pixels the box can move; a length that is whole but for rounding counts as whole.
  PRETEXT_HD static int free(int picture, float step, int box) {
    const int pixels = static_cast<int>(math::min(static_cast<float>(picture) / step + 0.01F, 1e9F)) - box;
    return pixels > 0 ? pixels : 0;
  }

  PRETEXT_HD Affine placed(float step, int left, int top) const {
    return boxed(step * static_cast<float>(left), step * static_cast<float>(top),
                 step * static_cast<float>(width), step * static_cast<float>(height), height, width);
  }
};

}  // namespace pretext::tasks
