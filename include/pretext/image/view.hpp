// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "pretext/core/config.hpp"
#include "pretext/image/image.hpp"

namespace pretext {

/// A map of the plane: (x, y) -> (xx x + xy y + x0, yx x + yy y + y0). Pixel centres lie at integers.
struct Affine {
  float xx = 1, xy = 0, x0 = 0;
  float yx = 0, yy = 1, y0 = 0;

  /// This map of what `first` gives.
  PRETEXT_HD Affine after(const Affine& first) const {
    return {xx * first.xx + xy * first.yx, xx * first.xy + xy * first.yy, xx * first.x0 + xy * first.y0 + x0,
            yx * first.xx + yy * first.yx, yx * first.xy + yy * first.yy, yx * first.x0 + yy * first.y0 + y0};
  }

  PRETEXT_HD float x(float px, float py) const { return xx * px + xy * py + x0; }
  PRETEXT_HD float y(float px, float py) const { return yx * px + yy * py + y0; }

  bool operator==(const Affine&) const = default;
};

/// Where each pixel of a square picture, turned counter-clockwise by `turns` quarters, comes from. Exact: the
/// map has whole coefficients.
PRETEXT_HD inline Affine quarter_turns(int turns, int size) {
  const auto end = static_cast<float>(size - 1);
  switch (turns & 3) {
    case 1:
      return {0, -1, end, 1, 0, 0};
    case 2:
      return {-1, 0, end, 0, -1, end};
    case 3:
      return {0, 1, 0, -1, 0, end};
    default:
      return {};
  }
}

/// Where each pixel of a picture, mirrored left to right, comes from.
PRETEXT_HD inline Affine mirrored(int width) { return {-1, 0, static_cast<float>(width - 1), 0, 1, 0}; }

/// How one network input is drawn from one picture. A pretext task is a program that writes these.
struct View {
  std::int32_t source = 0;  ///< which picture of the batch
  Affine map{};             ///< from an output pixel to the pixel that it shows; black outside the picture
};

/// Pixel values become (value / 255 - mean) / deviation, channel by channel.
struct Normalization {
  float mean[3] = {0, 0, 0};
  float deviation[3] = {1, 1, 1};
};

/// The colour statistics that RotNet uses for CIFAR.
inline constexpr Normalization cifar_normalization{{125.3F / 255, 123.0F / 255, 113.9F / 255},
                                                   {63.0F / 255, 62.1F / 255, 66.7F / 255}};

/// Draws single pixels of a view: the one formula behind the renderers of all devices.
struct ViewPainter {
  ImageView picture;
  Affine map;
  int samples;  ///< positions averaged along each axis: 1, or more where the view shrinks the picture

  PRETEXT_HD ViewPainter(const ImageView& from, const Affine& view_map) : picture(from), map(view_map) {
    const float across = std::sqrt(map.xx * map.xx + map.yx * map.yx),
                down = std::sqrt(map.xy * map.xy + map.yy * map.yy);
    const float shrink = across > down ? across : down;
    samples = shrink <= 1.001F ? 1 : static_cast<int>(std::ceil(shrink < 64 ? shrink : 64.0F));
  }

  /// rgb[3] = the colour of output pixel (x, y), in 0 ... 255. Whole positions give the picture's own values.
  PRETEXT_HD void operator()(int x, int y, float* rgb) const {
    rgb[0] = rgb[1] = rgb[2] = 0;
    const float step = 1.0F / static_cast<float>(samples), weight = step * step, first = 0.5F * step - 0.5F;
    for (int j = 0; j < samples; ++j)
      for (int i = 0; i < samples; ++i) {
        const float px = static_cast<float>(x) + first + static_cast<float>(i) * step;
        const float py = static_cast<float>(y) + first + static_cast<float>(j) * step;
        add_bilinear(map.x(px, py), map.y(px, py), weight, rgb);
      }
  }

 private:
  PRETEXT_HD void add_bilinear(float x, float y, float weight, float* rgb) const {
    // Also keeps the conversion to int defined, for any map.
    if (!(x > -1 && y > -1 && x < static_cast<float>(picture.width) &&
          y < static_cast<float>(picture.height)))
      return;
    const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
    const float right = x - static_cast<float>(left), bottom = y - static_cast<float>(top);
    add(left, top, (1 - right) * (1 - bottom) * weight, rgb);
    add(left + 1, top, right * (1 - bottom) * weight, rgb);
    add(left, top + 1, (1 - right) * bottom * weight, rgb);
    add(left + 1, top + 1, right * bottom * weight, rgb);
  }

  PRETEXT_HD void add(int x, int y, float weight, float* rgb) const {
    if (weight == 0 || x < 0 || y < 0 || x >= picture.width || y >= picture.height) return;
    const std::uint8_t* pixel =
        picture.pixels + (static_cast<std::int64_t>(y) * picture.width + x) * picture.channels;
    for (int c = 0; c < 3; ++c) rgb[c] += weight * static_cast<float>(pixel[picture.channels == 3 ? c : 0]);
  }
};

}  // namespace pretext
