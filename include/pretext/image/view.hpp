// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "pretext/image/affine.hpp"
#include "pretext/image/color.hpp"
#include "pretext/image/image.hpp"

namespace pretext {

/// What the noise of a view is measured in.
enum class NoiseUnit : std::uint8_t {
  written,   ///< what is written, before the gain
  level,     ///< a 255th of the colours, as it is written where it is magnified least
  deviation  ///< the deviation of the channel of the tile that varies most, as it is written
};

inline const char* to_string(NoiseUnit unit) {
  return unit == NoiseUnit::written ? "written" : unit == NoiseUnit::level ? "level" : "deviation";
}

/// How one network input is drawn from one picture; a pretext task is a program that writes these. The fields
/// take effect in their order, and what is left as it is costs nothing. Lengths are pixels of the drawn tile,
/// colours from 0 to 1. Any values are safe: what is out of range is clamped.
struct View {
  std::int32_t source = 0;  ///< which picture of the batch
  Affine map{};             ///< from a pixel of the tile to the pixel it shows; black outside the picture
  bool antialias = true;    ///< averages what a pixel covers where the map shrinks; false: one sample a pixel
  std::int8_t shift_x[3] = {0, 0, 0}, shift_y[3] = {0, 0, 0};  ///< channel c shows what lies so far away
  std::uint16_t low_height = 0, low_width = 0;  ///< drawn at this resolution, then enlarged; 0: off

  ColorMatrix color{};
  bool clip = false;  ///< cuts the colours to [0, 1] after the matrix; `hsv` does so too
  Hsv hsv{};
  float blur = 0;  ///< deviation of a Gaussian, at most 16

  float noise[3] = {0, 0, 0};  ///< deviation of normal noise on each channel, on top of what is written
  NoiseUnit noise_unit = NoiseUnit::written;
  std::uint64_t noise_key = 0;  ///< what the noise is a function of, with the pixel
  std::uint8_t turns = 0;       ///< quarter turns counter-clockwise of the square tile, whole pixels
};

/// True where the noise of a view depends on all pixels of its tile.
PRETEXT_HD inline bool measures_noise(const View& view) {
  return view.noise_unit == NoiseUnit::deviation &&
         (view.noise[0] != 0 || view.noise[1] != 0 || view.noise[2] != 0);
}

}  // namespace pretext
