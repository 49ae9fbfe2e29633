// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "pretext/eval/attention.hpp"
#include "pretext/report/canvas.hpp"

namespace pretext::report {

namespace detail {

// From least to most; lighter at every step, so that it reads in grey and by eyes that tell few colours.
inline constexpr std::array<Color, 6> heat_colors = {
    {{14, 12, 52}, {86, 24, 122}, {170, 44, 112}, {228, 94, 66}, {248, 168, 48}, {252, 246, 186}}};

inline std::uint8_t blend(double a, double b, double part) {
  return static_cast<std::uint8_t>(std::lround(a + part * (b - a)));
}

}  // namespace detail

/// The colour of a value from 0, dark, to 1, light; values beyond are as these.
inline Color heat_color(double value) {
  constexpr int last = static_cast<int>(detail::heat_colors.size()) - 1;
  const double at = last * (value > 0 ? std::min(value, 1.0) : 0.0);
  const int step = std::min(static_cast<int>(at), last - 1);
  const Color a = detail::heat_colors[static_cast<std::size_t>(step)],
              b = detail::heat_colors[static_cast<std::size_t>(step) + 1];
  const double part = at - step;
  return {detail::blend(a.red, b.red, part), detail::blend(a.green, b.green, part),
          detail::blend(a.blue, b.blue, part)};
}

struct HeatMapOptions {
  double opacity = 0.65;  ///< of the colours, 0 to 1
  int scale = 1;          ///< pixels drawn for a pixel of the picture, to either side
};

/// A map [H, W] in colours over a picture in grey, [height * scale, width * scale, 3]: drawn bilinearly, dark
/// where the map is least and light where it is most. A constant map is all of the middle colour.
inline Image heat_map(const ImageView& picture, const Tensor<float, Cpu>& map,
                      const HeatMapOptions& options = {}) {
  require(picture.height > 0 && picture.width > 0 && (picture.channels == 1 || picture.channels == 3),
          "heat map: a picture of [", picture.height, ", ", picture.width, ", ", picture.channels,
          "]; expected one with pixels, of 1 or 3 channels");
  require(map.defined() && map.shape().rank() == 2, "heat map: the map must have 2 axes, but its shape is ",
          map.shape());
  require(options.opacity >= 0 && options.opacity <= 1 && options.scale >= 1 && options.scale <= 1024,
          "heat map: opacity ", options.opacity, " must be 0 to 1, and scale ", options.scale, " 1 to 1024");
  const int height = checked_mul(picture.height, options.scale, "heat map: height"),
            width = checked_mul(picture.width, options.scale, "heat map: width");
  const Tensor<float, Cpu> drawn = eval::resize_maps(map.reshape({1, map.dim(0), map.dim(1)}), height, width);
  const auto [least, most] = std::minmax_element(map.data(), map.data() + map.size());
  const double low = *least, range = static_cast<double>(*most) - low;
  Image image(height, width);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int v = y / options.scale, u = x / options.scale, step = picture.channels == 3 ? 1 : 0;
      double grey = 0;
      for (int c = 0; c < 3; ++c) grey += static_cast<double>(luma_of(c)) * picture.at(v, u, c * step);
      const double value = drawn.data()[std::int64_t{y} * width + x];
      const Color color = heat_color(range > 0 ? (value - low) / range : 0.5);
      image.at(y, x, 0) = detail::blend(grey, color.red, options.opacity);
      image.at(y, x, 1) = detail::blend(grey, color.green, options.opacity);
      image.at(y, x, 2) = detail::blend(grey, color.blue, options.opacity);
    }
  return image;
}

}  // namespace pretext::report
