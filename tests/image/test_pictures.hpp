// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "pretext/core/random.hpp"
#include "pretext/image/image.hpp"

namespace test {

/// A picture without any order, a function of `sample`.
inline pretext::Image noise(int height, int width, std::uint32_t sample = 0, int channels = 3) {
  pretext::Image image(height, width, channels);
  pretext::Rng rng(7, pretext::Use::test, 0, sample);
  for (int i = 0; i < height * width * channels; ++i)
    image.pixels()[i] = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

/// A picture of one colour.
inline pretext::Image plain(int height, int width, int red, int green, int blue) {
  pretext::Image image(height, width);
  for (int i = 0; i < height * width; ++i) {
    image.pixels()[3 * i] = static_cast<std::uint8_t>(red);
    image.pixels()[3 * i + 1] = static_cast<std::uint8_t>(green);
    image.pixels()[3 * i + 2] = static_cast<std::uint8_t>(blue);
  }
  return image;
}

}  // namespace test
