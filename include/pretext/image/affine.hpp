// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "pretext/core/config.hpp"

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

  /// True where columns stay columns and rows stay rows.
  PRETEXT_HD bool upright() const { return xy == 0 && yx == 0; }

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

/// Where each pixel of a tile comes from whose first pixel shows (x, y): a patch without resampling, where
/// both are whole.
PRETEXT_HD inline Affine moved(float x, float y) { return {1, 0, x, 0, 1, y}; }

/// Where the pixels of one axis come from, when `whole` source pixels from the edge `from` on are drawn as
/// `drawn` pixels: scale and offset of that axis.
PRETEXT_HD inline void stretch(float from, float whole, int drawn, float& scale, float& offset) {
  scale = whole / static_cast<float>(drawn);
  offset = from + 0.5F * scale - 0.5F;
}

/// Where each pixel of a [height, width] tile comes from that shows the box of a picture from (left, top) on,
/// box_width wide and box_height high. The whole picture is (0, 0, its width, its height).
PRETEXT_HD inline Affine boxed(float left, float top, float box_width, float box_height, int height,
                               int width) {
  Affine map;
  stretch(left, box_width, width, map.xx, map.x0);
  stretch(top, box_height, height, map.yy, map.y0);
  return map;
}

/// Where each pixel of a [height, width] tile comes from whose middle shows (x, y), with `scale` source
/// pixels a pixel, turned counter-clockwise by `angle` radians.
PRETEXT_HD inline Affine centred(float x, float y, float scale, float angle, int height, int width) {
  const float c = scale * std::cos(angle), s = scale * std::sin(angle);
  const float px = 0.5F * static_cast<float>(width - 1), py = 0.5F * static_cast<float>(height - 1);
  return {c, -s, x - c * px + s * py, s, c, y - s * px - c * py};
}

}  // namespace pretext
