// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/core/random.hpp"
#include "pretext/image/render.hpp"
#include "test_pictures.hpp"

namespace test {

/// Pictures of many sizes, grey ones and an empty one among them.
inline std::vector<pretext::Image> view_pictures() {
  return {noise(26, 31),   noise(9, 64, 2),    noise(40, 12, 3, 1),  noise(1, 1, 4),
          noise(1, 70, 5), noise(33, 1, 6, 1), pretext::Image(0, 0), noise(120, 97, 7)};
}

/// What a random view may do besides showing a picture through a map.
struct ViewKinds {
  bool around = true;  ///< blur, low resolution, and noise by the deviation of the tile
  bool turns = true;   ///< its tile must be square
};

/// A view of one of the pictures that does some of all that views can do, a function of `sample`.
inline pretext::View random_view(int pictures, int height, int width, const ViewKinds& kinds,
                                 std::uint32_t sample) {
  using namespace pretext;
  Rng rng(11, Use::test, 3, sample);
  View v{.source = static_cast<std::int32_t>(rng.below(static_cast<std::uint32_t>(pictures)))};
  const float scale = rng.log_uniform(0.2F, 6);
  v.map = rng.chance(0.3F)
              ? centred(rng.uniform(-5, 70), rng.uniform(-5, 70), scale, rng.uniform(-3, 3), height, width)
              : boxed(rng.uniform(-9, 20), rng.uniform(-9, 20), scale * static_cast<float>(width),
                      rng.log_uniform(0.3F, 3) * static_cast<float>(height), height, width);
  if (rng.chance(0.2F))
    v.map = moved(static_cast<float>(rng.between(-4, 20)), static_cast<float>(rng.between(-4, 20)));
  if (rng.chance(0.3F)) v.map = v.map.after(mirrored(width));
  v.antialias = rng.chance(0.8F);
  if (rng.chance(0.3F))
    for (int c = 0; c < 3; ++c) {
      v.shift_x[c] = static_cast<std::int8_t>(rng.between(-3, 3));
      v.shift_y[c] = static_cast<std::int8_t>(rng.between(-3, 3));
    }
  if (kinds.around && rng.chance(0.3F)) {
    v.low_height = static_cast<std::uint16_t>(rng.between(0, height + 2));
    v.low_width = static_cast<std::uint16_t>(rng.between(0, width + 2));
  }
  if (rng.chance(0.5F))
    v.color = ColorMatrix::saturation(rng.uniform(0, 2)).after(ColorMatrix::contrast(rng.uniform(0, 2)));
  v.clip = rng.chance(0.4F);
  if (rng.chance(0.2F)) v.hsv.hue = rng.uniform(-0.5F, 0.5F);
  if (rng.chance(0.1F)) v.hsv.saturation = {rng.log_uniform(0.8F, 2), rng.uniform(0.5F, 1.5F), 0};
  if (kinds.around && rng.chance(0.3F)) v.blur = rng.log_uniform(0.1F, 20);
  if (rng.chance(0.3F))
    for (float& noise : v.noise) noise = rng.chance(0.6F) ? rng.uniform(0, 0.5F) : 0;
  v.noise_key = rng.bits();
  v.noise_unit = static_cast<NoiseUnit>(rng.between(0, kinds.around ? 2 : 1));
  if (kinds.turns) v.turns = static_cast<std::uint8_t>(rng.below(5));
  return v;
}

inline std::vector<pretext::View> random_views(int count, int pictures, const pretext::RenderOptions& o,
                                               bool around, std::uint32_t first = 0) {
  std::vector<pretext::View> views;
  for (int i = 0; i < count; ++i)
    views.push_back(random_view(pictures, o.height, o.width, {around, o.height == o.width},
                                first + static_cast<std::uint32_t>(i)));
  return views;
}

/// Forms of what is written that between them use every branch of a renderer.
inline std::vector<pretext::RenderOptions> render_forms() {
  using namespace pretext;
  const Normalization given{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.25F}, Statistics::given, 1.5F};
  const auto own = [](Statistics s) { return Normalization{{0, 0, 0}, {0.5F, 1, 2}, s, 1.5F}; };
  return {{16, 16, given},
          {24, 24, given, Space::rgb, 8},
          {13, 22, given},
          {7, 5, {{50, 0, 0}, {25, 30, 30}}, Space::lightness},
          {11, 11, {{50, 0, 0}, {25, 30, 30}}, Space::ab, 4},
          {16, 16, {{50, 0, 0}, {25, 30, 30}}, Space::lab},
          {1, 1, given},
          {16, 16, own(Statistics::tile_mean)},
          {19, 19, own(Statistics::tile), Space::rgb, 5},
          {13, 22, own(Statistics::tile_rms)},
          {12, 12, own(Statistics::tile_rms), Space::ab}};
}

/// How far two ways to compute such views may be apart. A position of about 100 pixels is known to 8e-6 of
/// one, by which neighbours can differ by 1 and what is written by 7.5 as much, on both axes. Curves of the
/// colour space and the hue of what is nearly grey enlarge what is there, as do small deviations of tiles. A
/// sample that lies on the edge of its picture, but for roundings, is a pixel for one and black for another:
/// among many views a few have one.
inline double render_bound(const pretext::RenderOptions& o, const pretext::View& view) {
  const bool lab = o.space != pretext::Space::rgb,
             own = o.normalization.statistics != pretext::Statistics::given;
  return 1.5e-4 * (view.hsv == pretext::Hsv{} ? 1 : 50) * (lab ? 5 : 1) * (own ? 5 : 1);
}

}  // namespace test
