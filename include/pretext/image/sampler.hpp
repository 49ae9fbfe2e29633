// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "pretext/image/view.hpp"

namespace pretext {

/// Where a coordinate lies among the pixels of one axis: between two of them, `fraction` of the way.
struct Tap {
  std::int32_t first = 0, second = 0;
  float fraction = 0;
  bool inside = false;
};

/// The tap of a coordinate among `size` pixels. A pixel reaches half a pixel to each side; beyond the
/// outermost ones is outside, as is what is not a number.
PRETEXT_INLINE PRETEXT_HD Tap tap(float coordinate, std::int32_t size) {
  const auto last = static_cast<float>(size - 1);
  if (size <= 0 || !(coordinate >= -0.5F && coordinate <= last + 0.5F)) return {};
  const float from_left = coordinate > 0 ? coordinate : 0, at = from_left < last ? from_left : last;
  auto first = static_cast<std::int32_t>(at);
  first = first < size ? first : size - 1;  // of more than 2^24 pixels, floats round up
  return {first, first + 1 < size ? first + 1 : first, at - static_cast<float>(first), true};
}

/// How many samples to average along one axis of a pixel that is as long as (dx, dy).
PRETEXT_HD inline int samples_along(float dx, float dy) {
  const float length = std::sqrt(dx * dx + dy * dy);
  return length <= 1.001F ? 1 : static_cast<int>(std::ceil(length < 64 ? length : 64.0F));
}

/// The position of sample i of n within pixel x.
PRETEXT_INLINE PRETEXT_HD float sample_position(int x, int i, int n) {
  const float step = 1.0F / static_cast<float>(n);
  return static_cast<float>(x) + (0.5F * step - 0.5F) + static_cast<float>(i) * step;
}

/// A pixel that takes part in a mean, and its weight.
struct WeightedPixel {
  std::int32_t index;
  float weight;
};

namespace detail {

/// Counts a pixel in; the samples of a position come in order, so it can only be one of the last two again.
PRETEXT_HD inline void add_weight(WeightedPixel* at, int& n, std::int32_t index, float weight) {
  if (weight == 0) return;
  for (int k = n - 1; k >= 0 && k >= n - 2; --k)
    if (at[k].index == index) {
      at[k].weight += weight;
      return;
    }
  at[n++] = {index, weight};
}

}  // namespace detail

/// What position x along one axis of an upright map is the mean of, pixels at scale * position + offset of
/// `size` there are: at most 2 * samples pixels, none of weight 0, by rising index. Returns their number.
PRETEXT_HD inline int weighted_pixels(float scale, float offset, int samples, int x, std::int32_t size,
                                      WeightedPixel* at) {
  int n = 0;
  const float weight = 1 / static_cast<float>(samples);
  for (int k = 0; k < samples; ++k) {
    const int i = scale < 0 ? samples - 1 - k : k;  // so that indices rise
    const Tap t = tap(scale * sample_position(x, i, samples) + offset, size);
    if (!t.inside) continue;
    detail::add_weight(at, n, t.first, (1 - t.fraction) * weight);
    detail::add_weight(at, n, t.second, t.fraction * weight);
  }
  return n;
}

/// What lies between the pixels of two rows.
PRETEXT_INLINE PRETEXT_HD float between(const float* top, const float* bottom, const Tap& across,
                                        const Tap& down) {
  const float above = top[across.first] + across.fraction * (top[across.second] - top[across.first]);
  const float below = bottom[across.first] + across.fraction * (bottom[across.second] - bottom[across.first]);
  return above + down.fraction * (below - above);
}

/// Draws single pixels of a picture through a map: each is the mean of samples spread evenly over what the
/// pixel covers, each sample bilinear. Whole positions give the picture's own values.
struct Sampler {
  ImageView picture;
  Affine map;
  int across = 1, down = 1;  ///< samples of a pixel

  Sampler() = default;
  PRETEXT_HD Sampler(const ImageView& from, const Affine& through, bool antialias)
      : picture(from), map(through) {
    if (!antialias) return;
    across = samples_along(map.xx, map.yx);
    down = samples_along(map.xy, map.yy);
  }

  /// rgb[3] = the colour of pixel (x, y), 0 to 255.
  PRETEXT_HD void operator()(int x, int y, float* rgb) const {
    rgb[0] = rgb[1] = rgb[2] = 0;
    const float weight = 1 / static_cast<float>(across * down);
    for (int j = 0; j < down; ++j)
      for (int i = 0; i < across; ++i) {
        const float px = sample_position(x, i, across), py = sample_position(y, j, down);
        add_bilinear(tap(map.x(px, py), picture.width), tap(map.y(px, py), picture.height), weight, rgb);
      }
  }

 private:
  PRETEXT_INLINE PRETEXT_HD void add_bilinear(const Tap& x, const Tap& y, float weight, float* rgb) const {
    if (!x.inside || !y.inside) return;
    const std::uint8_t *a = at(x.first, y.first), *b = at(x.second, y.first), *c = at(x.first, y.second),
                       *d = at(x.second, y.second);
    const float top = (1 - y.fraction) * weight, bottom = y.fraction * weight;
    const float wa = (1 - x.fraction) * top, wb = x.fraction * top, wc = (1 - x.fraction) * bottom,
                wd = x.fraction * bottom;
    const int next = picture.channels == 3 ? 1 : 0;
    for (int k = 0; k < 3; ++k)
      rgb[k] += wa * static_cast<float>(a[k * next]) + wb * static_cast<float>(b[k * next]) +
                wc * static_cast<float>(c[k * next]) + wd * static_cast<float>(d[k * next]);
  }

  PRETEXT_INLINE PRETEXT_HD const std::uint8_t* at(int x, int y) const {
    return picture.pixels + (std::int64_t{y} * picture.width + x) * picture.channels;
  }
};

}  // namespace pretext
