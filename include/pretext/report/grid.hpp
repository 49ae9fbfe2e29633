// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/span.hpp"
#include "pretext/report/canvas.hpp"

namespace pretext::report {

/// Whether an answer about a picture is right; shown by a colour and by a sign.
enum class Mark { none, right, wrong };

/// How a grid of pictures is drawn.
struct GridOptions {
  int columns = 8;
  int cell = 128;  // the room of a picture to either side; it is enlarged by whole factors, or shrunk
  int gap = 16;
  int text = 2;                         // pixels to a dot of the letters
  std::string title{};                  // above the grid
  std::vector<std::string> captions{};  // one a picture or none; lines end with '\n'
  std::vector<Mark> highlight{};        // one a picture or none
};

namespace detail {

inline constexpr Color paper{255, 255, 255}, ink{33, 37, 41};

// Bluish green and vermillion, which people who do not tell red from green can tell apart.
inline constexpr Color color_of(Mark mark) {
  return mark == Mark::right ? Color{0, 134, 100} : Color{208, 72, 0};
}
inline constexpr std::string_view sign_of(Mark mark) {
  return mark == Mark::right ? "\u2713" : mark == Mark::wrong ? "\u2717" : "";
}

inline std::vector<std::string_view> lines_of(std::string_view words) {
  std::vector<std::string_view> lines;
  while (!words.empty()) {
    const std::size_t end = words.find('\n');
    lines.push_back(words.substr(0, end));
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
  return lines;
}

/// The picture shrunk by a whole factor, each pixel the mean of factor x factor; what is left at the right
/// and bottom edges joins the last pixels' means.
inline Image shrunk(const ImageView& image, int factor) {
  const int height = std::max(1, image.height / factor), width = std::max(1, image.width / factor);
  Image result(height, width, image.channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < image.channels; ++c) {
        const int bottom = y + 1 == height ? image.height : (y + 1) * factor;
        const int right = x + 1 == width ? image.width : (x + 1) * factor;
        std::int64_t sum = 0, count = 0;
        for (int v = y * factor; v < bottom; ++v)
          for (int u = x * factor; u < right; ++u, ++count) sum += image.at(v, u, c);
        result.at(y, x, c) = static_cast<std::uint8_t>((sum + count / 2) / count);
      }
  return result;
}

/// Draws one grid.
class GridPainter {
 public:
  GridPainter(Span<const ImageView> images, const GridOptions& options)
      : images_(images), o_(options), count_(narrow<int>(images.size(), "grid: pictures")) {
    check();
    columns_ = std::min(o_.columns, std::max(count_, 1));
    rows_ = (std::max(count_, 1) + columns_ - 1) / columns_;
    line_ = (Glyph::height + 2) * o_.text;
    for (const std::string& caption : o_.captions)
      lines_ = std::max(lines_, narrow<int>(lines_of(caption).size(), "grid: lines of a caption"));
    if (!o_.highlight.empty()) lines_ = std::max(lines_, 1);
    pitch_ = checked_add(o_.cell + o_.gap, checked_mul(lines_, line_, "grid: height"), "grid: height");
    head_ = o_.gap + (o_.title.empty() ? 0 : line_ + o_.gap);
  }

  Image paint() const {
    const int height = checked_add(head_, checked_mul(rows_, pitch_, "grid: height"), "grid: height");
    const int width =
        checked_add(o_.gap, checked_mul(columns_, o_.cell + o_.gap, "grid: width"), "grid: width");
    Canvas canvas(height, width, paper);
    canvas.text(o_.gap, o_.gap, fitting(o_.title, width - 2 * o_.gap), o_.text, ink);
    for (int i = 0; i < count_; ++i) paint_cell(canvas, i);
    return std::move(canvas).image();
  }

 private:
  void check() const {
    require(o_.columns > 0 && o_.cell > 0 && o_.gap >= 0 && o_.text > 0, "grid: columns ", o_.columns,
            ", cell ", o_.cell, " and text ", o_.text, " must be at least 1, and gap ", o_.gap,
            " at least 0");
    require(o_.cell <= 16384 && o_.gap <= 16384 && o_.text <= 64, "grid: cell ", o_.cell, " and gap ", o_.gap,
            " may be at most 16384 pixels, and text ", o_.text, " at most 64");
    require(o_.captions.empty() || o_.captions.size() == images_.size(), "grid: ", images_.size(),
            " pictures, but ", o_.captions.size(), " captions");
    require(o_.highlight.empty() || o_.highlight.size() == images_.size(), "grid: ", images_.size(),
            " pictures, but ", o_.highlight.size(), " highlights");
    for (const ImageView& image : images_)
      require(image.height > 0 && image.width > 0 && image.channels >= 1 && image.channels <= 4,
              "grid: a picture of [", image.height, ", ", image.width, ", ", image.channels, "]");
  }

  void paint_cell(Canvas& canvas, int i) const {
    const auto index = static_cast<std::size_t>(i);
    const int y = head_ + i / columns_ * pitch_, x = o_.gap + i % columns_ * (o_.cell + o_.gap);
    paint_picture(canvas, images_[index], y, x);
    const Mark mark = o_.highlight.empty() ? Mark::none : o_.highlight[index];
    const int border = std::min(std::max(2, o_.cell / 32), o_.gap / 2);
    if (mark != Mark::none)
      canvas.frame({y - border, x - border, o_.cell + 2 * border, o_.cell + 2 * border}, border,
                   color_of(mark));
    int line = y + o_.cell + border + 2 * o_.text;
    std::vector<std::string_view> lines;
    if (!o_.captions.empty()) lines = lines_of(o_.captions[index]);
    if (mark != Mark::none && lines.empty()) lines.push_back("");
    for (std::size_t k = 0; k < lines.size(); ++k, line += line_)
      paint_line(canvas, lines[k], k + 1 == lines.size() ? mark : Mark::none, line, x);
  }

  void paint_picture(Canvas& canvas, const ImageView& image, int y, int x) const {
    const int side = std::max(image.height, image.width);
    const Image small = side > o_.cell ? shrunk(image, (side + o_.cell - 1) / o_.cell) : Image();
    const ImageView shown = side > o_.cell ? small.view() : image;
    const int scale = std::max(1, o_.cell / std::max(shown.height, shown.width));
    canvas.picture(y + (o_.cell - scale * shown.height) / 2, x + (o_.cell - scale * shown.width) / 2, shown,
                   scale);
  }

  // The sign of the mark stands before the last line of the caption, which is where the answer is.
  void paint_line(Canvas& canvas, std::string_view words, Mark mark, int y, int x) const {
    const int indent = mark == Mark::none ? 0 : (Glyph::advance + 2) * o_.text;
    canvas.text(y, x, sign_of(mark), o_.text, color_of(mark));
    canvas.text(y, x + indent, fitting(words, o_.cell - indent), o_.text, ink);
  }

  /// The words, cut with an ellipsis where they are wider than the room.
  std::string fitting(std::string_view words, int room) const {
    const int letters = std::max(1, (room / o_.text + 1) / Glyph::advance);
    if (count_code_points(words) <= static_cast<std::size_t>(letters)) return std::string(words);
    return std::string(prefix_of(words, static_cast<std::size_t>(letters - 1))) + "\u2026";
  }

  Span<const ImageView> images_;
  const GridOptions& o_;
  int count_, columns_ = 1, rows_ = 1, lines_ = 0, line_ = 0, pitch_ = 0, head_ = 0;
};

}  // namespace detail

/// One RGB picture of many on white, with captions in the engine's own letters. Small pictures are enlarged
/// by a whole factor, so that every pixel stays a square; larger ones are shrunk. A mark shows as a coloured
/// border in the gap and as a sign before the last line of the caption.
inline Image grid(Span<const ImageView> images, const GridOptions& options = {}) {
  return detail::GridPainter(images, options).paint();
}

inline Image grid(Span<const Image> images, const GridOptions& options = {}) {
  const std::vector<ImageView> views(images.begin(), images.end());
  return grid(Span<const ImageView>(views), options);
}

inline Image grid(const std::vector<Image>& images, const GridOptions& options = {}) {
  return grid(Span<const Image>(images), options);
}

}  // namespace pretext::report
