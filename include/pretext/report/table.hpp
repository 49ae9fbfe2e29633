// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/report/blocks.hpp"

namespace pretext::report {

/// What a table shows at one place: words, or a number with its spread.
struct Cell {
  std::string words;
  std::string spread{};                                     // such as "± 0.4"
  double value = std::numeric_limits<double>::quiet_NaN();  // what is compared for the best; NaN: nothing

  Cell(std::string words) : words(std::move(words)) {}
  Cell(const char* words) : words(words) {}

  /// A measured value; NaN shows as a dash, a spread of NaN not at all.
  Cell(double measured, int decimals, double around = std::numeric_limits<double>::quiet_NaN())
      : words(fixed(measured, decimals)), value(measured) {
    if (std::isfinite(measured) && std::isfinite(around)) spread = "\u00B1 " + fixed(around, decimals);
  }

  /// A difference, with its sign.
  static Cell difference(double measured, int decimals) {
    Cell cell(measured, decimals);
    if (measured >= 0) cell.words.insert(0, 1, '+');
    return cell;
  }

  bool numeric() const { return std::isfinite(value); }
};

/// Which value of a column is the one to look at.
enum class Best { none, highest, lowest };

struct Column {
  std::string name;
  Best best = Best::none;
};

/// Rows of cells under columns; the first cell of a row names it.
struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

namespace detail {

/// The best value of a column as it is shown, so that equal looking values share the honour; empty where
/// there is none.
inline std::string best_of(const Table& table, std::size_t column) {
  const Best best = table.columns[column].best;
  const Cell* found = nullptr;
  for (const auto& row : table.rows) {
    const Cell& cell = row[column];
    if (best == Best::none || !cell.numeric()) continue;
    if (found == nullptr || (best == Best::highest ? cell.value > found->value : cell.value < found->value))
      found = &cell;
  }
  return found == nullptr ? "" : found->words;
}

inline bool numeric(const Table& table, std::size_t column) {
  return std::ranges::any_of(table.rows, [&](const auto& row) { return row[column].numeric(); });
}

inline Html cell(const Cell& cell, bool heads_row, bool number, bool best) {
  Html inner = best ? element("strong", {}, text(cell.words)) : text(cell.words);
  if (!cell.spread.empty()) inner += element("span", {{"class", "spread"}}, text(" " + cell.spread));
  if (heads_row) return element("th", {{"scope", "row"}}, inner);
  return number ? element("td", {{"class", best ? "number best" : "number"}}, inner)
                : element("td", {}, inner);
}

}  // namespace detail

/// The table, numbers flush right and the best of a column in bold. It scrolls by itself where it is wider
/// than the page.
inline Html table(const Table& t) {
  for (const auto& row : t.rows)
    require(row.size() == t.columns.size(), "table '", t.caption, "': a row has ", row.size(),
            " cells, but there are ", t.columns.size(), " columns");
  Html head, body;
  std::vector<bool> number(t.columns.size());
  std::vector<std::string> best(t.columns.size());
  for (std::size_t c = 0; c < t.columns.size(); ++c) {
    number[c] = c > 0 && detail::numeric(t, c);
    best[c] = detail::best_of(t, c);
    head +=
        element("th", {{"scope", "col"}, {"class", number[c] ? "number" : "words"}}, text(t.columns[c].name));
  }
  for (const auto& row : t.rows) {
    Html cells;
    for (std::size_t c = 0; c < row.size(); ++c)
      cells += detail::cell(row[c], c == 0, number[c], row[c].numeric() && row[c].words == best[c]);
    body += element("tr", {}, cells);
  }
  const Html rows = element("thead", {}, element("tr", {}, head)) + element("tbody", {}, body);
  const std::string name = t.caption.empty() ? "table" : t.caption;
  return figure(scrolling(element("table", {{"aria-label", name}}, rows), name), "", t.caption);
}

}  // namespace pretext::report
