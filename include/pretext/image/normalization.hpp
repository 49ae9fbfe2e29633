// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "pretext/core/random.hpp"
#include "pretext/image/painter.hpp"

namespace pretext {

/// By which mean and deviation a tile is normalised.
enum class Statistics : std::uint8_t {
  given,      ///< those of the data set, for each channel
  tile_mean,  ///< the tile's own mean for each channel, the given deviation
  tile,       ///< the tile's own mean and deviation for each channel
  tile_rms    ///< the tile's own mean for each channel, and one deviation over all its channels
};

inline const char* to_string(Statistics statistics) {
  constexpr const char* names[] = {"given", "tile_mean", "tile", "tile_rms"};
  return names[static_cast<int>(statistics)];
}

/// Values become gain * (value - mean) / deviation, channel by channel, colours from 0 to 1 or the units of
/// Lab.
struct Normalization {
  float mean[3] = {0, 0, 0};
  float deviation[3] = {1, 1, 1};
  Statistics statistics = Statistics::given;
  float gain = 1;
};

/// The colour statistics that RotNet uses for CIFAR.
inline constexpr Normalization cifar_normalization{{125.3F / 255, 123.0F / 255, 113.9F / 255},
                                                   {63.0F / 255, 62.1F / 255, 66.7F / 255}};

/// The colour statistics that are usual for ImageNet, and what Inception's networks take: -1 to 1.
inline constexpr Normalization imagenet_normalization{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}},
    inception_normalization{{0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};

/// Mean and variance of each channel over one tile.
struct TileMoments {
  float mean[3] = {0, 0, 0}, variance[3] = {0, 0, 0};
};

/// The last step of a view: from a tile's values to what is written.
struct Finish {
  float centre[3] = {0, 0, 0}, scale[3], shift[3] = {0, 0, 0}, noise[3];
  std::uint64_t key;
  bool noisy;

  /// `white` is the value in the tile that stands for 1.
  PRETEXT_HD Finish(const Normalization& n, const View& view, Space space, float white,
                    const TileMoments& own)
      : key(view.noise_key) {
    const int first = first_channel(space), end = first + channel_count(space);
    float all = 0;
    for (int c = first; c < end; ++c) all += own.variance[c] / static_cast<float>(end - first);
    const float least = space == Space::rgb ? 4e-4F * white : 0.04F;
    for (int c = 0; c < 3; ++c) {
      const float variance = n.statistics == Statistics::tile_rms ? all : own.variance[c];
      const bool by_tile = n.statistics == Statistics::tile || n.statistics == Statistics::tile_rms;
      scale[c] = n.gain / (by_tile ? deviation(variance, least) : white * n.deviation[c]);
      if (n.statistics == Statistics::given)
        shift[c] = n.gain * -n.mean[c] / n.deviation[c];
      else
        centre[c] = own.mean[c];
    }
    const float unit = view.noise_unit == NoiseUnit::written ? n.gain
                       : view.noise_unit == NoiseUnit::level ? white / 255 * least_scale(first, end)
                                                             : largest_deviation(first, end, own);
    for (int c = 0; c < 3; ++c) noise[c] = unit * view.noise[c];
    noisy = noise[0] != 0 || noise[1] != 0 || noise[2] != 0;
  }

  PRETEXT_INLINE PRETEXT_HD float operator()(float value, int channel) const {
    return (value - centre[channel]) * scale[channel] + shift[channel];
  }

  /// The noise on the pixel of this number, for each channel.
  PRETEXT_INLINE PRETEXT_HD void draw_noise(std::uint32_t pixel, float& r, float& g, float& b) const {
    const Words w = philox({{pixel, 0, 0, static_cast<std::uint32_t>(Use::views)}}, key);
    float unused;
    normal_pair(w.w[0], w.w[1], r, g);
    normal_pair(w.w[2], w.w[3], b, unused);
    r *= noise[0];
    g *= noise[1];
    b *= noise[2];
  }

 private:
  /// At least `least`, a tenth of a level of 255, so that a tile of one colour becomes zeros.
  PRETEXT_HD static float deviation(float variance, float least) {
    const float own = std::sqrt(variance);
    return own > least ? own : least;
  }

  PRETEXT_HD float least_scale(int first, int end) const {
    float least = math::abs(scale[first]);
    for (int c = first + 1; c < end; ++c) least = math::min(least, math::abs(scale[c]));
    return least;
  }

  PRETEXT_HD float largest_deviation(int first, int end, const TileMoments& own) const {
    float largest = 0;
    for (int c = first; c < end; ++c)
      largest = math::max(largest, std::sqrt(own.variance[c]) * math::abs(scale[c]));
    return largest;
  }
};

}  // namespace pretext
