// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/random.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/data/shapes_objects.hpp"

namespace pretext::data {

struct ShapesOptions {
  std::int64_t count = 4000;
  int size = 32;  // the side of a picture, 32 to 96
  std::uint64_t seed = 0;
  Split split = Split::train;
};

namespace detail {

/// One picture of the procedural set: an upright object of a class on a background, with clutter, light and
/// noise. Everything but the object looks the same from all sides, so that only the object tells what is up.
class ShapesScene {
 public:
  ShapesScene(Painter& painter, Rng rng)
      : painter_(painter), rng_(rng), side_(static_cast<float>(painter.size())) {}

  void draw(const ObjectClass& object) {
    ground_ = {random_colour(rng_), random_colour(rng_)};
    draw_background();
    for (std::uint32_t i = rng_.below(4); i > 0; --i) draw_clutter(0.05F, 0.16F);
    const Placement placement = object_placement();  // on its own line: arguments are drawn in no fixed order
    painter_.place(placement, random_lighting());
    const Palette palette = random_palette();
    object.draw(painter_, palette, rng_);
    if (rng_.chance(0.3F)) draw_clutter(0.03F, 0.09F);
  }

  /// The picture as bytes [size, size, 3], after gain, offset and noise.
  void write(std::uint8_t* out) {
    const float gain = 255 * rng_.uniform(0.75F, 1.1F), offset = rng_.uniform(-15, 25);
    const float noise = rng_.uniform(0, 18) / 255;
    const auto byte = [](float value) {
      return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
    };
    for (const Colour& pixel : painter_.pixels()) {
      const std::uint32_t bits = rng_.bits();
      const auto channel = [&](float value, int shift) {
        return byte(value * gain + offset + noise * (static_cast<float>(bits >> shift & 255) - 127.5F));
      };
      *out++ = channel(pixel.r, 0);
      *out++ = channel(pixel.g, 8);
      *out++ = channel(pixel.b, 16);
    }
  }

 private:
  Point random_direction(float length = 1) {
    const float angle = rng_.uniform(0, 6.2831853F);
    return {length * std::cos(angle), length * std::sin(angle)};
  }

  Point random_point() { return {side_ * rng_.uniform(), side_ * rng_.uniform()}; }

  /// Two colours mixed by a pattern in a random direction: a slope, stripes, two halves, or checks.
  void draw_background() {
    const std::uint32_t kind = rng_.below(4);
    const float waves = kind == 0 || kind == 2 ? 1 : rng_.uniform(1.5F, 4.5F);
    const float sharpness = kind == 2 ? rng_.uniform(2, 30) : rng_.uniform(0.7F, 6);
    const Point across = random_direction(waves / side_), along{-across.y, across.x};
    const float shift = rng_.uniform(-0.5F, 0.5F);
    const auto wave = [](float t) { return 4 * std::abs(t - std::floor(t) - 0.5F) - 1; };
    for (int y = 0; y < painter_.size(); ++y) {
      for (int x = 0; x < painter_.size(); ++x) {
        const Point p{static_cast<float>(x) - side_ / 2, static_cast<float>(y) - side_ / 2};
        const float s = dot(p, across);
        float level = kind == 0 || kind == 2 ? s + shift * 0.6F : wave(s + shift);
        if (kind == 3) level *= wave(dot(p, along) + shift);
        const float t = std::clamp(0.5F + (kind == 0 ? level : 0.5F * sharpness * level), 0.0F, 1.0F);
        painter_.pixels()[static_cast<std::size_t>(y * painter_.size() + x)] =
            mix(ground_.first, ground_.second, t);
      }
    }
  }

  /// A small thing of no class, somewhere, turned anyhow.
  void draw_clutter(float smallest, float largest) {
    const float r = side_ * rng_.uniform(smallest, largest);
    const Point u = random_direction(r);
    const Placement placement{u, {-u.y, u.x}, random_point()};
    painter_.place(placement, random_lighting());
    const Colour colour = random_colour(rng_);
    switch (rng_.below(4)) {
      case 0:
        return painter_.ellipse({0, 0}, 1, rng_.uniform(0.5F, 1), colour);
      case 1:
        return painter_.polygon({{-1, -1}, {1, -0.8F}, {rng_.uniform(-0.8F, 0.8F), 1}}, colour);
      case 2:
        return painter_.box({-1, -rng_.uniform(0.4F, 1)}, {1, 0.7F}, colour);
      default:
        return painter_.stroke({-2, 0}, {2, rng_.uniform(-1, 1)}, 0.25F, colour);
    }
  }

  /// Half to nine tenths of the picture, somewhere in it, mirrored or not, a little tilted, sheared and
  /// stretched.
  Placement object_placement() {
    const float scale = side_ * rng_.uniform(0.28F, 0.47F), stretch = std::exp(rng_.uniform(-0.2F, 0.2F));
    const float tilt = rng_.uniform(-0.22F, 0.22F), shear = rng_.uniform(-0.12F, 0.12F);
    const float sx = scale * stretch * (rng_.chance(0.5F) ? -1.0F : 1.0F), sy = scale / stretch;
    const float c = std::cos(tilt), s = std::sin(tilt), room = std::max(0.0F, side_ / 2 - 0.9F * scale);
    const Point centre{side_ / 2 + room * rng_.uniform(-1, 1), side_ / 2 + room * rng_.uniform(-1, 1)};
    return {{sx * c, sx * s}, {sy * (shear * c - s), sy * (shear * s + c)}, centre};
  }

  Lighting random_lighting() {
    Lighting light{random_direction(rng_.uniform(0, 0.3F)), random_direction(rng_.uniform(4, 16)), 0, 0};
    light.phase = rng_.uniform(0, 6.28F);
    if (rng_.chance(0.5F)) light.strength = rng_.uniform(0, 0.2F);
    return light;
  }

  /// Colours that stand out from the background and from each other, mostly.
  Palette random_palette() {
    const auto apart = [&](float least, std::initializer_list<Colour> others) {
      Colour colour = random_colour(rng_, 0.15F);
      for (int attempt = 0; attempt < 8; ++attempt, colour = random_colour(rng_, 0.15F))
        if (std::all_of(others.begin(), others.end(),
                        [&](const Colour& other) { return distance(colour, other) > least; }))
          break;
      return colour;
    };
    const Colour main = apart(0.5F, {ground_.first, ground_.second});
    const Colour second = apart(0.4F, {ground_.first, ground_.second, main});
    return {main, second, apart(0.35F, {main, second})};
  }

  Painter& painter_;
  Rng rng_;
  float side_;
  std::pair<Colour, Colour> ground_{};
};

}  // namespace detail

/// Pictures drawn by the library, [size, size, 3], of 10 classes of things that have an upright: no download,
/// no end. Picture i is a function of (seed, split, i, size), its class is i modulo 10.
inline Dataset shapes(const ShapesOptions& options = {}) {
  require(options.size >= 32 && options.size <= 96, "shapes: size must be 32 to 96, not ", options.size);
  require(options.count >= 0 && options.count <= UINT32_MAX, "shapes: count ", options.count,
          " is out of range");
  detail::refuse_unlabeled("shapes", options.split);
  std::vector<std::string> names;
  for (const auto& object : detail::object_classes) names.emplace_back(object.name);
  DatasetBuilder builder(std::string("shapes:") + to_string(options.split), std::move(names));
  const auto classes = static_cast<std::int64_t>(detail::object_classes.size());
  std::vector<std::uint8_t*> places;
  for (std::int64_t i = 0; i < options.count; ++i)
    places.push_back(builder.add(options.size, options.size, static_cast<int>(i % classes)));
  parallel_for(options.count, 64, [&](std::int64_t begin, std::int64_t end) {
    detail::Painter painter(options.size);
    for (std::int64_t i = begin; i < end; ++i) {
      detail::ShapesScene scene(painter,
                                Rng(options.seed, Use::synthetic, static_cast<std::uint32_t>(options.split),
                                    static_cast<std::uint32_t>(i)));
      scene.draw(detail::object_classes[static_cast<std::size_t>(i % classes)]);
      scene.write(places[static_cast<std::size_t>(i)]);
    }
  });
  return std::move(builder).build();
}

}  // namespace pretext::data
