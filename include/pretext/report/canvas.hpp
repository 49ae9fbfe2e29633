// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "pretext/core/checked.hpp"
#include "pretext/image/image.hpp"
#include "pretext/report/font.hpp"

namespace pretext::report {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;

  bool operator==(const Color&) const = default;
};

/// A rectangle of pixels.
struct Box {
  int y = 0, x = 0, height = 0, width = 0;
};

/// An RGB picture to draw on. Whatever lies outside of it is left out.
class Canvas {
 public:
  static constexpr std::int64_t most_pixels = 100'000'000;

  /// A canvas of one colour; throws where it would hold more than most_pixels.
  Canvas(int height, int width, Color background) : image_(checked(height, width), width, 3) {
    fill({0, 0, height, width}, background);
  }

  void fill(const Box& box, Color color) {
    const int bottom = std::min(box.y + box.height, image_.height());
    const int right = std::min(box.x + box.width, image_.width());
    for (int y = std::max(box.y, 0); y < bottom; ++y)
      for (int x = std::max(box.x, 0); x < right; ++x) set(y, x, color);
  }

  /// The border of a box, inside of it.
  void frame(const Box& box, int thickness, Color color) {
    fill({box.y, box.x, thickness, box.width}, color);
    fill({box.y + box.height - thickness, box.x, thickness, box.width}, color);
    fill({box.y, box.x, box.height, thickness}, color);
    fill({box.y, box.x + box.width - thickness, box.height, thickness}, color);
  }

  /// A picture of 1, 3 or 4 channels (the fourth is left out), each pixel as a square of scale x scale.
  void picture(int y, int x, const ImageView& image, int scale = 1) {
    for (int row = 0; row < image.height; ++row)
      for (int column = 0; column < image.width; ++column)
        fill({y + row * scale, x + column * scale, scale, scale}, color_at(image, row, column));
  }

  /// One line of UTF-8 text, each letter Glyph::advance * scale wide; (y, x) is its upper left corner.
  void text(int y, int x, std::string_view words, int scale, Color color) {
    for (; !words.empty(); x += Glyph::advance * scale) {
      const Glyph letter = glyph(take_code_point(words));
      for (int row = 0; row < Glyph::height; ++row)
        for (int column = 0; column < Glyph::width; ++column)
          if (letter.at(row, column)) fill({y + row * scale, x + column * scale, scale, scale}, color);
    }
  }

  const Image& image() const& { return image_; }
  Image image() && { return std::move(image_); }

 private:
  static int checked(int height, int width) {
    require(height > 0 && width > 0 && std::int64_t{height} * width <= most_pixels, "canvas: a picture of ",
            height, " x ", width, " pixels; at least 1 x 1 and at most ", most_pixels,
            " pixels fit. Draw fewer or smaller pictures.");
    return height;
  }

  static Color color_at(const ImageView& image, int y, int x) {
    const int step = image.channels >= 3 ? 1 : 0;
    return {image.at(y, x, 0), image.at(y, x, step), image.at(y, x, 2 * step)};
  }

  void set(int y, int x, Color color) {
    image_.at(y, x, 0) = color.red;
    image_.at(y, x, 1) = color.green;
    image_.at(y, x, 2) = color.blue;
  }

  Image image_;
};

}  // namespace pretext::report
