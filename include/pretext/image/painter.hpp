// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/image/lab.hpp"
#include "pretext/image/sampler.hpp"

namespace pretext {

/// The channels that are written of each pixel.
enum class Space : std::uint8_t {
  rgb,        ///< red, green and blue, 0 to 1
  lightness,  ///< L of CIE-Lab alone, 0 to 100
  ab,         ///< a and b alone, within about +-110
  lab         ///< L, a and b
};

PRETEXT_HD inline int first_channel(Space space) { return space == Space::ab ? 1 : 0; }
PRETEXT_HD inline int channel_count(Space space) {
  return space == Space::lightness ? 1 : space == Space::ab ? 2 : 3;
}

/// The steps of a view that change each pixel by itself, and only those that do something.
struct ColorSteps {
  ColorMatrix matrix;  ///< also brings 0 to 255 to 0 to 1
  Hsv hsv;
  Space space;
  bool any, clip, turns_hue, straight;

  PRETEXT_HD ColorSteps(const View& view, Space to) : matrix(view.color), hsv(view.hsv), space(to) {
    turns_hue = !(hsv == Hsv{});
    straight = hsv.saturation.power == 1 && hsv.value.power == 1;
    clip = view.clip || turns_hue || space != Space::rgb;
    any = clip || !(matrix == ColorMatrix{});
    for (int i = 0; i < 12; ++i)
      if (i % 4 != 3) matrix.m[i] /= 255;
  }

  /// What is written where no step does anything: 255; else 1.
  PRETEXT_HD float white() const { return any ? 1.0F : 255.0F; }

  /// apply(step) for each step in turn, a functor on (r, g, b).
  template <class Apply>
  PRETEXT_HD void each(Apply&& apply) const {
    if (!any) return;
    apply(matrix);
    if (clip) apply(ClipColor{});
    if (turns_hue && straight) apply(HsvStep<true>{hsv});
    if (turns_hue && !straight) apply(HsvStep<false>{hsv});
    if (space == Space::lightness) apply(RgbToLightness{});
    if (space == Space::ab || space == Space::lab) apply(RgbToLab{});
  }
};

/// Applies steps to one pixel.
struct OnePixel {
  float* rgb;
  template <class Step>
  PRETEXT_HD void operator()(const Step& step) const {
    step(rgb[0], rgb[1], rgb[2]);
  }
};

/// The view's map for one channel.
PRETEXT_HD inline Affine channel_map(const View& view, int channel) {
  const auto dx = static_cast<float>(view.shift_x[channel]), dy = static_cast<float>(view.shift_y[channel]);
  return dx == 0 && dy == 0 ? view.map : view.map.after(moved(dx, dy));
}

PRETEXT_HD inline bool shifts_channels(const View& view) {
  for (int c = 0; c < 3; ++c)
    if (view.shift_x[c] != 0 || view.shift_y[c] != 0) return true;
  return false;
}

/// How many pixels of `full` are drawn along an axis of a view whose resolution is `asked`.
PRETEXT_HD inline int low_length(int asked, int full) { return asked == 0 || asked > full ? full : asked; }

/// Draws single pixels of a view's tile, all but the steps that look at other pixels: what blur and
/// normalisation start from. The definition behind the renderers of all devices.
struct Painter {
  ImageView picture;
  View view;
  ColorSteps steps;
  int height, width, low_height, low_width;

  PRETEXT_HD Painter(const ImageView& from, const View& what, Space space, int tile_height, int tile_width)
      : picture(from), view(what), steps(what, space), height(tile_height), width(tile_width) {
    low_height = low_length(view.low_height, height);
    low_width = low_length(view.low_width, width);
  }

  /// values[3] = pixel (x, y), in the channels of the space; white is steps.white().
  PRETEXT_HD void operator()(int x, int y, float* values) const {
    const bool shifted = shifts_channels(view);
    for (int c = 0; c < (shifted ? 3 : 1); ++c) {
      float rgb[3];
      sample(channel_map(view, c), x, y, rgb);
      for (int k = c; k < (shifted ? c + 1 : 3); ++k) values[k] = rgb[k];
    }
    steps.each(OnePixel{values});
  }

  PRETEXT_HD bool low() const { return low_height != height || low_width != width; }

  /// From a pixel of the low resolution to one of the tile.
  PRETEXT_HD Affine enlarged() const {
    return boxed(0, 0, static_cast<float>(width), static_cast<float>(height), low_height, low_width);
  }
  /// From a pixel of the tile to one of the low resolution.
  PRETEXT_HD Affine reduced() const {
    return boxed(0, 0, static_cast<float>(low_width), static_cast<float>(low_height), height, width);
  }

 private:
  PRETEXT_HD void sample(const Affine& map, int x, int y, float* rgb) const {
    if (!low()) return Sampler(picture, map, view.antialias)(x, y, rgb);
    const Sampler coarse(picture, map.after(enlarged()), view.antialias);
    const Affine to = reduced();
    const Tap across = tap(to.x(static_cast<float>(x), 0), low_width),
              down = tap(to.y(0, static_cast<float>(y)), low_height);
    rgb[0] = rgb[1] = rgb[2] = 0;
    for (int corner = 0; corner < 4; ++corner) {
      const bool right = (corner & 1) != 0, bottom = (corner & 2) != 0;
      const float weight =
          (right ? across.fraction : 1 - across.fraction) * (bottom ? down.fraction : 1 - down.fraction);
      float part[3];
      coarse(right ? across.second : across.first, bottom ? down.second : down.first, part);
      for (int c = 0; c < 3; ++c) rgb[c] += weight * part[c];
    }
  }
};

}  // namespace pretext
