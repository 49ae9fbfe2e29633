// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pretext/report/blocks.hpp"
#include "pretext/report/grid.hpp"

namespace pretext::report {

/// A picture with what it is and, where a network was asked, what the network says.
struct Card {
  Image image;
  std::string caption{};  // the truth, or a name
  std::string answer{};   // what was predicted
  Mark mark = Mark::none;
};

/// A picture and those that lie nearest to it in feature space, nearest first.
struct Neighbours {
  Card query;
  std::vector<Card> nearest;
};

namespace detail {

inline const char* card_class(Mark mark) {
  return mark == Mark::right ? "card right" : mark == Mark::wrong ? "card wrong" : "card";
}

inline Html sign(Mark mark) {
  if (mark == Mark::none) return {};
  const char* spoken = mark == Mark::right ? "right" : "wrong";
  return element("span", {{"class", "sign"}, {"role", "img"}, {"aria-label", spoken}}, text(sign_of(mark)));
}

inline Html card(const Card& c) {
  Html inner = picture(c.image, c.caption.empty() ? "a picture" : c.caption);
  if (!c.caption.empty()) inner += element("span", {}, text(c.caption));
  const Html answer = sign(c.mark) + text(c.answer);
  if (!answer.empty()) inner += element("span", {{"class", "answer"}}, answer);
  return element("li", {{"class", card_class(c.mark)}}, inner);
}

inline Html gallery(const std::vector<Card>& cards, int size, const char* style_class) {
  require(size > 0, "gallery: a picture of ", size, " pixels; at least 1");
  Html items;
  for (const Card& c : cards) items += card(c);
  return element("ul", {{"class", style_class}, {"style", "--size:" + std::to_string(size) + "px"}}, items);
}

}  // namespace detail

/// Pictures in rows that fill the page, each `size` CSS pixels wide, with captions as real text.
inline Html gallery(const std::vector<Card>& cards, int size = 96) {
  return detail::gallery(cards, size, "gallery");
}

/// Pictures of which four belong together, such as the quarter turns of one: eight in a row, or four where
/// the page is narrow.
inline Html gallery_of_fours(const std::vector<Card>& cards) {
  return detail::gallery(cards, 96, "gallery fours");
}

/// One row a query: the picture, then its neighbours.
inline Html neighbours(const std::vector<Neighbours>& rows) {
  Html body;
  for (const Neighbours& row : rows) {
    Html items = detail::card(row.query);
    for (const Card& c : row.nearest) items += detail::card(c);
    body += element("ul", {{"class", "neighbours"}}, items);
  }
  return scrolling(body, "pictures and their nearest neighbours");
}

}  // namespace pretext::report
