// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "pretext/core/span.hpp"
#include "pretext/report/html.hpp"

namespace pretext::report {

/// How many kinds of lines and bars the style tells apart by colour and dashes; further ones start anew.
inline constexpr std::size_t palette_size = 6;

/// The style class of the i-th series of a figure.
inline std::string series_class(std::size_t i) { return "s" + std::to_string(i % palette_size); }

/// The width that a text of the plots' size may take at most, by a wide sans-serif font.
inline double text_width(std::string_view words) {
  return 7.6 * static_cast<double>(count_code_points(words));
}

/// The words, or as many of their characters as fit the width with an ellipsis for the rest.
inline std::string fitting(std::string_view words, double width) {
  if (text_width(words) <= width) return std::string(words);
  const auto letters = static_cast<std::size_t>(std::max(1.0, width / text_width("x")));
  return std::string(prefix_of(words, letters - 1)) + "\u2026";
}

/// A drawing in user units that scales to the width of its place. Its colours come from the page's style, so
/// that it follows light and dark mode; it needs no script.
class Drawing {
 public:
  /// `description` is what a reader who does not see the drawing is told.
  Drawing(double width, double height, std::string description)
      : width_(width), height_(height), description_(std::move(description)) {}

  enum class Anchor { start, middle, end };

  void line(std::string_view style, double x1, double y1, double x2, double y2) {
    inner_ +=
        element("line", {{"class", std::string(style)}, {"x1", x1}, {"y1", y1}, {"x2", x2}, {"y2", y2}});
  }

  /// Words whose base line starts, centres or ends at (x, y); cut where they are wider than the drawing.
  void words(std::string_view style, double x, double y, Anchor anchor, std::string_view words) {
    static constexpr const char* anchors[] = {"start", "middle", "end"};
    inner_ += element("text",
                      {{"class", std::string(style)},
                       {"x", x},
                       {"y", y},
                       {"text-anchor", anchors[static_cast<int>(anchor)]}},
                      text(fitting(words, width_)));
  }

  /// A path by its SVG commands; pointing at it shows the tip.
  void path(std::string_view style, const std::string& commands, std::string_view tip = {}) {
    inner_ += element("path", {{"class", std::string(style)}, {"d", commands}}, title(tip));
  }

  void circle(std::string_view style, double x, double y, double radius, std::string_view tip = {}) {
    inner_ +=
        element("circle", {{"class", std::string(style)}, {"cx", x}, {"cy", y}, {"r", radius}}, title(tip));
  }

  /// `strength` says how much of the ground it covers: 1 all of it, 0 nothing.
  void rectangle(std::string_view style, double x, double y, double width, double height,
                 std::string_view tip = {}, double strength = 1) {
    inner_ += element("rect",
                      {{"class", std::string(style)},
                       {"x", x},
                       {"y", y},
                       {"width", width},
                       {"height", height},
                       {"rx", 1.5},
                       {"fill-opacity", number(strength)}},
                      title(tip));
  }

  Html html() const {
    return element("svg",
                   {{"class", "plot"},
                    {"viewBox", "0 0 " + number(width_) + " " + number(height_)},
                    {"role", "img"},
                    {"aria-label", description_}},
                   inner_);
  }

 private:
  static Html title(std::string_view tip) { return tip.empty() ? Html() : element("title", {}, text(tip)); }

  double width_, height_;
  std::string description_;
  Html inner_;
};

/// The names of series, each with a sample of its style, "line" or "bar"; empty where none has a name.
inline Html legend(Span<const std::string> names, std::string_view style) {
  Html items;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    const Html sample = element(
        "path", {{"class", std::string(style)}, {"d", style == "bar" ? "M4 0h14v12h-14z" : "M2 6h20"}});
    items += element(
        "li", {},
        element("svg",
                {{"class", "key " + series_class(i)}, {"viewBox", "0 0 24 12"}, {"aria-hidden", "true"}},
                sample) +
            text(names[i]));
  }
  return items.empty() ? items : element("ul", {{"class", "legend"}}, items);
}

}  // namespace pretext::report
