// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "pretext/core/error.hpp"
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

  /// Throws where a view would be empty, or move out of its picture; `task` says whose.
  void check(std::string_view task) const {
    require(size >= 1 && size <= 4096 && padding >= 0 && padding <= size, task, ": size ", size,
            " and padding ", padding, "; expected a size of 1 to 4096 and a padding of 0 to the size");
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

/// A box of random area and aspect, scaled to a square and mirrored half the time: the crop of Inception,
/// with the constants that became usual for ImageNet (Szegedy et al., CVPR 2015). Without a stream of random
/// numbers: the middle, `keep` of the short side.
struct ResizedCrop {
  int size = 224;
  float area_low = 0.08F, area_high = 1;              ///< of the picture's
  float ratio_low = 3.0F / 4, ratio_high = 4.0F / 3;  ///< width by height
  bool mirror = true;
  float keep = 0.875F;

  PRETEXT_HD Affine operator()(const ImageView& picture) const {
    const int side = picture.width < picture.height ? picture.width : picture.height;
    return middle(picture, keep * static_cast<float>(side), keep * static_cast<float>(side));
  }

  PRETEXT_HD Affine operator()(const ImageView& picture, Rng& rng) const {
    const Affine crop = drawn(picture, rng);
    return mirror && rng.chance(0.5F) ? crop.after(mirrored(size)) : crop;
  }

  /// Calls f(name, value, meaning) for every constant.
  void each_constant(auto&& f) const {
    f("size", size, "side of the square input in pixels");
    f("mirror", mirror, "1: crops are mirrored half the time");
    each_shape(f);
  }
  /// For those that say which part of a picture a crop is.
  void each_shape(auto&& f) const {
    f("area_low", area_low, "smallest share of the picture that a crop covers");
    f("area_high", area_high, "largest share of the picture that a crop covers");
    f("ratio_low", ratio_low, "smallest width by height of a crop");
    f("ratio_high", ratio_high, "largest width by height of a crop");
    f("keep", keep, "share of the short side that evaluation sees");
  }

  /// Throws where no crop can be so; `task` says whose.
  void check(std::string_view task) const {
    require(size >= 1 && size <= 4096, task, ": crops must be 1 to 4096 pixels wide, not ", size);
    require(area_low > 0 && area_low <= area_high && area_high <= 1, task, ": crops of ", area_low, " to ",
            area_high, " of a picture; expected 0 < area_low <= area_high <= 1");
    require(ratio_low > 0 && ratio_low <= ratio_high && ratio_high <= 100, task, ": crops ", ratio_low,
            " to ", ratio_high, " times as wide as high; expected 0 < ratio_low <= ratio_high <= 100");
    require(keep > 0 && keep <= 1, task, ": evaluation cannot keep ", keep, " of the short side");
  }

 private:
  PRETEXT_HD Affine drawn(const ImageView& picture, Rng& rng) const {
    const auto across = static_cast<float>(picture.width), down = static_cast<float>(picture.height);
    for (int attempt = 0; attempt < 10; ++attempt) {
      const float area = across * down * rng.uniform(area_low, area_high),
                  ratio = rng.log_uniform(ratio_low, ratio_high);
      const float wide = math::round(std::sqrt(area * ratio)), high = math::round(std::sqrt(area / ratio));
      if (!(wide >= 1 && high >= 1 && wide <= across && high <= down)) continue;
      const int left = rng.between(0, picture.width - static_cast<int>(wide)),
                top = rng.between(0, picture.height - static_cast<int>(high));
      return boxed(static_cast<float>(left), static_cast<float>(top), wide, high, size, size);
    }
    const float widest = down * ratio_high, highest = across / ratio_low;
    return middle(picture, across < widest ? across : widest, down < highest ? down : highest);
  }

  PRETEXT_HD Affine middle(const ImageView& picture, float wide, float high) const {
    return boxed(0.5F * (static_cast<float>(picture.width) - wide),
                 0.5F * (static_cast<float>(picture.height) - high), wide, high, size, size);
  }
};

/// Either of the two, for tasks that are trained on small pictures and on large ones.
class Crop {
 public:
  constexpr Crop(const SquareCrop& crop = {}) : square_(crop) {}
  constexpr Crop(const ResizedCrop& crop) : resized_(crop), resizes_(true) {}

  PRETEXT_HD int size() const { return resizes_ ? resized_.size : square_.size; }
  /// The share of the short side that evaluation sees.
  float kept() const { return resizes_ ? resized_.keep : 1; }

  PRETEXT_HD Affine operator()(const ImageView& picture) const {
    return resizes_ ? resized_(picture) : square_(picture);
  }
  PRETEXT_HD Affine operator()(const ImageView& picture, Rng& rng) const {
    return resizes_ ? resized_(picture, rng) : square_(picture, rng);
  }

  void check(std::string_view task) const { resizes_ ? resized_.check(task) : square_.check(task); }

  /// The constants of both kinds, so that crops can be compared; "-" where one has none.
  void each_constant(auto&& f) const {
    f("crop", resizes_ ? "resized" : "moved", "boxes of random area and aspect, or the middle, moved");
    const auto only = [&](bool of_kind) {
      return [&f, of_kind](const char* name, const auto& value, const char* meaning) {
        of_kind ? f(name, value, meaning) : f(name, "-", meaning);
      };
    };
    f("size", size(), "side of the square input in pixels");
    f("mirror", resizes_ ? resized_.mirror : square_.mirror, "1: crops are mirrored half the time");
    only(!resizes_)("padding", square_.padding, "pixels that a crop moves on each axis, black from outside");
    resized_.each_shape(only(resizes_));
  }

 private:
  SquareCrop square_{};
  ResizedCrop resized_{};
  bool resizes_ = false;
};

}  // namespace pretext::tasks
