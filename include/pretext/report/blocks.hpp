// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/report/bars.hpp"
#include "pretext/report/html.hpp"
#include "pretext/report/matrix.hpp"
#include "pretext/report/picture.hpp"
#include "pretext/report/plot.hpp"

namespace pretext::report {

/// Plain words as a paragraph.
inline Html paragraph(std::string_view words) { return element("p", {}, text(words)); }

/// A command or another text that keeps its lines.
inline Html command(std::string_view words) {
  return element("pre", {{"tabindex", "0"}}, element("code", {}, text(words)));
}

/// Names and values, such as the environment of a run.
inline Html facts(const std::vector<std::pair<std::string, std::string>>& list) {
  Html items;
  for (const auto& [name, value] : list)
    items += element("div", {}, element("dt", {}, text(name)) + element("dd", {}, text(value)));
  return element("dl", {{"class", "facts"}}, items);
}

/// One number that sums up a run: "61.3 %", what it is, and what it compares with.
struct Tile {
  std::string value, name, note;
};

/// Numbers large enough to be seen first.
inline Html tiles(const std::vector<Tile>& list) {
  Html items;
  for (const Tile& tile : list)
    items += element("div", {},
                     element("dt", {}, text(tile.name)) + element("dd", {}, text(tile.value)) +
                         (tile.note.empty() ? Html() : element("dd", {{"class", "aside"}}, text(tile.note))));
  return element("dl", {{"class", "tiles"}}, items);
}

/// A part that scrolls by itself where it is wider than the page; `name` says what it is.
inline Html scrolling(const Html& part, std::string_view name) {
  const Attributes attributes = {
      {"class", "scroll"}, {"role", "region"}, {"tabindex", "0"}, {"aria-label", std::string(name)}};
  return element("div", attributes, part);
}

/// A graphic under its title and caption, either of which may be empty.
inline Html figure(const Html& graphic, std::string_view title, std::string_view caption) {
  Html head;
  if (!title.empty()) head += element("b", {}, text(title));
  if (!caption.empty()) head += element("span", {}, text(caption));
  if (!head.empty()) head = element("figcaption", {}, head);
  return element("figure", {}, head + graphic);
}

/// A LinePlot, BarChart or Matrix, drawn once for a wide page and once for a narrow one; the style shows one
/// of them.
template <class Plot>
Html figure(const Plot& plot, std::string_view caption = {}) requires requires {
  draw(plot, wide_frame);
}
{
  const Html wide = element("div", {{"class", "wide"}}, draw(plot, wide_frame));
  const Html narrow = element("div", {{"class", "narrow"}}, draw(plot, narrow_frame));
  return figure(wide + narrow, plot.title, caption);
}

/// A single picture under a caption; `alt` says what it shows.
inline Html figure(const ImageView& image, std::string_view alt, std::string_view title,
                   std::string_view caption) {
  return figure(picture(image, alt), title, caption);
}

/// Figures side by side where the page is wide enough.
inline Html side_by_side(std::initializer_list<Html> figures) {
  Html all;
  for (const Html& figure : figures) all += figure;
  return element("div", {{"class", "pair"}}, all);
}

}  // namespace pretext::report
