// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "pretext/core/random.hpp"
#include "pretext/core/span.hpp"

namespace pretext::data::detail {

/// Linear in the value of a byte: 0 is black, 1 is full.
struct Colour {
  float r, g, b;
};

inline Colour mix(const Colour& a, const Colour& b, float t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

/// How different two colours look, roughly: 0 the same, about 1.7 black and white.
inline float distance(const Colour& a, const Colour& b) {
  return std::hypot(a.r - b.r, a.g - b.g, a.b - b.b);
}

/// Any colour of at least the given value, from grey to saturated.
inline Colour random_colour(Rng& rng, float least_value = 0.1F) {
  const float hue = 6 * rng.uniform(), saturation = std::sqrt(rng.uniform()) * 0.9F;
  const float value = rng.uniform(least_value, 1);
  const auto channel = [&](float shift) {
    const float k = std::fmod(shift + hue, 6.0F);
    return value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0F, 1.0F));
  };
  return {channel(5), channel(3), channel(1)};
}

struct Point {
  float x, y;
};

inline float dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline float length(Point a) { return std::sqrt(dot(a, a)); }

/// The linear map with columns u and v, and a shift: object to picture or back.
struct Placement {
  Point u, v, origin;

  Point operator()(Point p) const {
    return {origin.x + u.x * p.x + v.x * p.y, origin.y + u.y * p.x + v.y * p.y};
  }
  float area() const { return u.x * v.y - u.y * v.x; }
  Placement inverse() const {
    const float a = 1 / area();
    const Point iu{v.y * a, -u.y * a}, iv{-v.x * a, u.x * a};
    return {iu, iv, {-(iu.x * origin.x + iv.x * origin.y), -(iu.y * origin.x + iv.y * origin.y)}};
  }
};

/// Light on an object: a slope of brightness in some direction, and ripples.
struct Lighting {
  Point slope{0, 0}, ripple{0, 0};
  float phase = 0, strength = 0;

  float operator()(Point p) const {
    const float ripples = strength > 0 ? strength * std::sin(dot(ripple, p) + phase) : 0;
    return 1 + dot(slope, p) + ripples;
  }
};

/// Draws anti-aliased parts of an object, whose own coordinates run from -1 to 1 with y downward, onto a
/// square picture.
class Painter {
 public:
  explicit Painter(int size)
      : size_(size), pixels_(static_cast<std::size_t>(size) * static_cast<std::size_t>(size)) {
    place({{1, 0}, {0, 1}, {0, 0}});
  }

  int size() const { return size_; }
  Span<Colour> pixels() { return pixels_; }

  /// Where the parts that follow go, in pixels, and their light.
  void place(const Placement& placement, const Lighting& lighting = {}) {
    to_picture_ = placement;
    to_object_ = placement.inverse();
    scale_ = std::sqrt(std::abs(placement.area()));
    lighting_ = lighting;
  }

  void ellipse(Point centre, float rx, float ry, const Colour& colour) {
    paint({centre.x - rx, centre.y - ry}, {centre.x + rx, centre.y + ry}, colour,
          [=](Point p) { return to_ellipse(p - centre, rx, ry); });
  }

  /// The upper half of an ellipse, flat side down.
  void dome(Point centre, float rx, float ry, const Colour& colour) {
    paint({centre.x - rx, centre.y - ry}, {centre.x + rx, centre.y}, colour,
          [=](Point p) { return std::max(to_ellipse(p - centre, rx, ry), p.y - centre.y); });
  }

  /// A line from a to b with round ends.
  void stroke(Point a, Point b, float radius, const Colour& colour) {
    const Point along = b - a;
    const float inverse = 1 / std::max(dot(along, along), 1e-6F);
    paint({std::min(a.x, b.x) - radius, std::min(a.y, b.y) - radius},
          {std::max(a.x, b.x) + radius, std::max(a.y, b.y) + radius}, colour, [=](Point p) {
            const float t = std::clamp(dot(p - a, along) * inverse, 0.0F, 1.0F);
            return length({p.x - a.x - along.x * t, p.y - a.y - along.y * t}) - radius;
          });
  }

  /// The half of a ring that lies on the side that `towards` points to.
  void half_ring(Point centre, float radius, float thickness, Point towards, const Colour& colour) {
    const float outer = radius + thickness;
    paint({centre.x - outer, centre.y - outer}, {centre.x + outer, centre.y + outer}, colour, [=](Point p) {
      const Point from_centre = p - centre;
      return std::max(std::abs(length(from_centre) - radius) - thickness, -dot(from_centre, towards));
    });
  }

  /// A convex polygon of at most 8 corners, named clockwise as seen on the picture.
  void polygon(std::initializer_list<Point> corners, const Colour& colour) {
    struct Edge {
      Point normal;
      float offset;
    } edges[8];
    std::size_t count = 0;
    Point low = *corners.begin(), high = low, last = *(corners.end() - 1);
    for (const Point corner : corners) {
      low = {std::min(low.x, corner.x), std::min(low.y, corner.y)};
      high = {std::max(high.x, corner.x), std::max(high.y, corner.y)};
      const Point along = corner - last;
      const float inverse = 1 / std::max(length(along), 1e-6F);
      const Point normal{along.y * inverse, -along.x * inverse};
      if (count < 8) edges[count++] = {normal, dot(normal, corner)};
      last = corner;
    }
    paint(low, high, colour, [&](Point p) {
      float outside = -1e9F;
      for (std::size_t i = 0; i < count; ++i)
        outside = std::max(outside, dot(edges[i].normal, p) - edges[i].offset);
      return outside;
    });
  }

  void box(Point low, Point high, const Colour& colour) {
    polygon({low, {high.x, low.y}, high, {low.x, high.y}}, colour);
  }

 private:
  // The first-order distance: exact on the outline, which is all that a soft edge needs.
  static float to_ellipse(Point p, float rx, float ry) {
    const float k = length({p.x / rx, p.y / ry}), gradient = length({p.x / (rx * rx), p.y / (ry * ry)});
    return k < 1e-3F ? -std::min(rx, ry) : (k - 1) * k / gradient;
  }

  /// Blends the colour in wherever the distance is negative, with an edge one pixel wide. The part lies in
  /// [low, high].
  template <class Distance>
  void paint(Point low, Point high, const Colour& colour, const Distance& to_part) {
    Point first{1e9F, 1e9F}, last{-1e9F, -1e9F};
    for (const Point corner : {low, Point{high.x, low.y}, high, Point{low.x, high.y}}) {
      const Point p = to_picture_(corner);
      first = {std::min(first.x, p.x), std::min(first.y, p.y)};
      last = {std::max(last.x, p.x), std::max(last.y, p.y)};
    }
    const auto inside = [&](float value) {
      return static_cast<int>(std::clamp(value, 0.0F, static_cast<float>(size_)));
    };
    for (int y = inside(first.y - 1); y < inside(last.y + 2); ++y) {
      for (int x = inside(first.x - 1); x < inside(last.x + 2); ++x) {
        const Point p = to_object_({static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
        const float cover = std::clamp(0.5F - to_part(p) * scale_, 0.0F, 1.0F);
        if (cover <= 0) continue;
        Colour& pixel = pixels_[static_cast<std::size_t>(y * size_ + x)];
        const float light = lighting_(p);
        pixel = mix(pixel, {colour.r * light, colour.g * light, colour.b * light}, cover);
      }
    }
  }

  int size_;
  std::vector<Colour> pixels_;
  Placement to_picture_{}, to_object_{};
  float scale_ = 1;
  Lighting lighting_;
};

}  // namespace pretext::data::detail
