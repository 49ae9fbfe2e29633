// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "pretext/data/shapes_draw.hpp"

// The ten objects of the procedural set. Each fills about [-1, 1] x [-1, 1], y downward, stands upright, and
// varies in its proportions; none of them looks the same after a quarter or half turn.
namespace pretext::data::detail {

/// The colours of one object. They say nothing about its class.
struct Palette {
  Colour main, second, detail;
};

inline constexpr Colour ink{0.08F, 0.08F, 0.1F};

inline void draw_boat(Painter& p, const Palette& c, Rng& rng) {
  const float deck = rng.uniform(0.3F, 0.5F), top = rng.uniform(-0.95F, -0.7F),
              reach = rng.uniform(0.5F, 0.85F);
  p.stroke({0, top}, {0, deck}, 0.05F, c.detail);
  p.polygon({{0.07F, top}, {reach, deck - 0.12F}, {0.07F, deck - 0.12F}}, c.second);
  if (rng.chance(0.6F))
    p.polygon({{-0.07F, top + 0.2F}, {-0.07F, deck - 0.12F}, {-0.6F, deck - 0.12F}}, c.second);
  p.polygon({{-0.95F, deck}, {0.95F, deck}, {0.6F, 0.9F}, {-0.65F, 0.9F}}, c.main);
  if (rng.chance(0.5F)) p.stroke({-0.8F, deck + 0.12F}, {0.8F, deck + 0.12F}, 0.04F, c.detail);
}

inline void draw_car(Painter& p, const Palette& c, Rng& rng) {
  const float roof = rng.uniform(-0.65F, -0.4F), back = rng.uniform(-0.85F, -0.5F),
              wheel = rng.uniform(0.2F, 0.28F);
  p.polygon({{back, roof}, {0.25F, roof}, {0.6F, 0}, {back - 0.08F, 0}}, c.main);
  p.polygon({{back + 0.08F, roof + 0.1F}, {-0.2F, roof + 0.1F}, {-0.2F, -0.06F}, {back + 0.04F, -0.06F}},
            c.second);
  p.polygon({{-0.1F, roof + 0.1F}, {0.2F, roof + 0.1F}, {0.45F, -0.06F}, {-0.1F, -0.06F}}, c.second);
  p.box({-0.97F, -0.05F}, {0.97F, 0.4F}, c.main);
  p.box({0.85F, 0.05F}, {0.97F, 0.18F}, c.detail);
  for (const float x : {-0.55F, 0.55F}) {
    p.ellipse({x, 0.42F}, wheel, wheel, ink);
    p.ellipse({x, 0.42F}, wheel * 0.45F, wheel * 0.45F, c.detail);
  }
}

inline void draw_cup(Painter& p, const Palette& c, Rng& rng) {
  const float rim = rng.uniform(-0.55F, -0.25F), foot = rng.uniform(0.25F, 0.45F),
              middle = (rim + 0.7F) / 2 - 0.05F;
  p.half_ring({0.42F, middle}, rng.uniform(0.26F, 0.34F), 0.08F, {1, 0}, c.main);
  p.polygon({{-0.7F, rim}, {0.55F, rim}, {foot, 0.75F}, {-foot - 0.15F, 0.75F}}, c.main);
  p.ellipse({-0.075F, rim}, 0.625F, 0.15F, c.main);
  p.ellipse({-0.075F, rim}, 0.53F, 0.1F, c.detail);
  if (rng.chance(0.5F)) p.ellipse({-0.08F, 0.8F}, 0.8F, 0.1F, c.second);
  if (rng.chance(0.6F)) p.stroke({-0.5F, middle}, {0.35F, middle}, 0.07F, c.second);
  for (const float x : {-0.3F, 0.1F})
    if (rng.chance(0.5F))
      p.stroke({x, rim - 0.2F}, {x + rng.uniform(-0.15F, 0.15F), rim - 0.5F}, 0.04F, c.second);
}

inline void draw_house(Painter& p, const Palette& c, Rng& rng) {
  const float eaves = rng.uniform(-0.25F, 0.05F), wall = rng.uniform(0.6F, 0.8F),
              door = rng.uniform(-0.4F, 0.1F);
  if (rng.chance(0.6F)) p.box({0.35F, -0.85F}, {0.55F, eaves}, c.detail);
  p.box({-wall, eaves - 0.05F}, {wall, 0.9F}, c.main);
  p.polygon({{rng.uniform(-0.15F, 0.15F), -0.95F}, {0.98F, eaves}, {-0.98F, eaves}}, c.second);
  p.box({door, 0.4F}, {door + 0.28F, 0.9F}, c.detail);
  p.box({wall - 0.42F, eaves + 0.18F}, {wall - 0.15F, eaves + 0.42F}, c.detail);
  if (rng.chance(0.5F)) p.box({-wall + 0.1F, eaves + 0.18F}, {-wall + 0.35F, eaves + 0.42F}, c.detail);
}

inline void draw_lamp(Painter& p, const Palette& c, Rng& rng) {
  const float shade = rng.uniform(-0.3F, 0), top = rng.uniform(0.2F, 0.4F), bottom = rng.uniform(0.55F, 0.8F);
  p.stroke({0, shade}, {0, 0.8F}, rng.uniform(0.05F, 0.1F), c.second);
  if (rng.chance(0.4F)) p.ellipse({0, 0.45F}, 0.22F, 0.28F, c.second);
  p.dome({0, 0.92F}, rng.uniform(0.35F, 0.55F), 0.2F, c.second);
  p.polygon({{-top, -0.95F}, {top, -0.95F}, {bottom, shade}, {-bottom, shade}}, c.main);
  if (rng.chance(0.5F)) p.stroke({-bottom, shade - 0.05F}, {bottom, shade - 0.05F}, 0.05F, c.detail);
}

inline void draw_mushroom(Painter& p, const Palette& c, Rng& rng) {
  const float brim = rng.uniform(-0.05F, 0.2F), stem = rng.uniform(0.18F, 0.3F);
  p.polygon({{-stem, brim - 0.1F}, {stem, brim - 0.1F}, {stem * 1.4F, 0.92F}, {-stem * 1.4F, 0.92F}},
            c.second);
  p.dome({0, brim}, rng.uniform(0.75F, 0.95F), brim + 0.9F, c.main);
  const std::uint32_t spots = rng.below(4);
  for (std::uint32_t i = 0; i < spots; ++i) {
    const float r = rng.uniform(0.08F, 0.16F);
    p.ellipse({-0.4F + 0.4F * static_cast<float>(i), brim - rng.uniform(0.2F, 0.5F)}, r, r, c.detail);
  }
}

inline void draw_person(Painter& p, const Palette& c, Rng& rng) {
  const float hips = rng.uniform(0.1F, 0.25F), head = rng.uniform(0.17F, 0.23F),
              step = rng.uniform(0.12F, 0.35F);
  for (const float side : {-1.0F, 1.0F}) {
    const Point hand{side * rng.uniform(0.4F, 0.7F), rng.uniform(-0.75F, 0.2F)};
    p.stroke({side * 0.18F, -0.32F}, hand, 0.08F, c.main);
    p.ellipse(hand, 0.09F, 0.09F, c.detail);
    p.stroke({side * 0.1F, hips}, {side * step, 0.88F}, 0.1F, c.second);
  }
  p.stroke({0, -0.27F}, {0, hips - 0.05F}, 0.22F, c.main);
  p.ellipse({0, -0.72F}, head, head * 1.15F, c.detail);
  if (rng.chance(0.5F)) p.dome({0, -0.76F}, head * 1.15F, head * 1.1F, c.second);
}

inline void draw_rocket(Painter& p, const Palette& c, Rng& rng) {
  const float r = rng.uniform(0.24F, 0.34F), nose = rng.uniform(-0.5F, -0.25F),
              tail = rng.uniform(0.4F, 0.55F);
  if (rng.chance(0.7F)) p.polygon({{-r * 0.6F, tail}, {r * 0.6F, tail}, {0, 0.97F}}, c.detail);
  p.polygon({{-r + 0.05F, tail - 0.4F}, {-r + 0.05F, tail}, {-r - 0.35F, tail + 0.2F}}, c.second);
  p.polygon({{r - 0.05F, tail - 0.4F}, {r + 0.35F, tail + 0.2F}, {r - 0.05F, tail}}, c.second);
  p.box({-r, nose - 0.02F}, {r, tail}, c.main);
  p.polygon({{0, -0.97F}, {r, nose}, {-r, nose}}, c.second);
  p.ellipse({0, nose + 0.25F}, r * 0.5F, r * 0.5F, c.detail);
}

inline void draw_tree(Painter& p, const Palette& c, Rng& rng) {
  const float trunk = rng.uniform(0.08F, 0.16F), crown = rng.uniform(-0.05F, 0.2F);
  p.box({-trunk, crown - 0.2F}, {trunk, 0.93F}, c.second);
  if (rng.chance(0.5F)) {
    for (const float step : {0.0F, 0.35F, 0.7F})
      p.polygon({{0, crown - 0.75F - step * 0.8F},
                 {0.75F - step * 0.5F, crown - step},
                 {-0.75F + step * 0.5F, crown - step}},
                c.main);
  } else {
    for (const float x : {-0.38F, 0.38F})
      p.ellipse({x, crown - 0.3F}, 0.42F, rng.uniform(0.35F, 0.45F), c.main);
    p.ellipse({rng.uniform(-0.1F, 0.1F), crown - 0.65F}, 0.48F, 0.5F, c.main);
    if (rng.chance(0.4F)) p.ellipse({-0.2F, crown - 0.5F}, 0.09F, 0.09F, c.detail);
    if (rng.chance(0.4F)) p.ellipse({0.25F, crown - 0.35F}, 0.09F, 0.09F, c.detail);
  }
}

inline void draw_umbrella(Painter& p, const Palette& c, Rng& rng) {
  const float rim = rng.uniform(-0.15F, 0.1F), width = rng.uniform(0.8F, 0.97F),
              hook = rng.uniform(0.12F, 0.18F);
  p.stroke({0, -0.95F}, {0, 0.75F}, 0.05F, c.second);
  p.half_ring({hook, 0.75F}, hook, 0.05F, {0, 1}, c.second);
  p.dome({0, rim}, width, rim + 0.82F, c.main);
  if (rng.chance(0.6F)) p.dome({0, rim}, width * 0.4F, rim + 0.82F, c.detail);
}

using DrawObject = void (*)(Painter&, const Palette&, Rng&);

struct ObjectClass {
  const char* name;
  DrawObject draw;
};

inline constexpr std::array<ObjectClass, 10> object_classes = {{{"boat", draw_boat},
                                                                {"car", draw_car},
                                                                {"cup", draw_cup},
                                                                {"house", draw_house},
                                                                {"lamp", draw_lamp},
                                                                {"mushroom", draw_mushroom},
                                                                {"person", draw_person},
                                                                {"rocket", draw_rocket},
                                                                {"tree", draw_tree},
                                                                {"umbrella", draw_umbrella}}};

}  // namespace pretext::data::detail
