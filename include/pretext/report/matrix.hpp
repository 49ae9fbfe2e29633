// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "pretext/report/plot.hpp"

namespace pretext::report {

/// Numbers under two headings, each on a ground as strong as it is large: one hue above zero, another below.
struct Matrix {
  std::string title;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<double>> values{};  // by row; NaN: not measured
  int decimals = 1;
};

namespace detail {

/// Draws one Matrix.
class MatrixPlotter {
 public:
  MatrixPlotter(const Matrix& matrix, double width) : matrix_(matrix), width_(width) {
    require(width >= 200, "matrix '", matrix.title, "': a width of ", width, " is too small; at least 200");
    require(!matrix.columns.empty() && matrix.values.size() == matrix.rows.size(), "matrix '", matrix.title,
            "': ", matrix.values.size(), " rows of values and ", matrix.columns.size(), " columns for ",
            matrix.rows.size(), " names");
    double names = 0;
    for (std::size_t i = 0; i < matrix.rows.size(); ++i) {
      require(matrix.values[i].size() == matrix.columns.size(), "matrix '", matrix.title, "': row '",
              matrix.rows[i], "' has ", matrix.values[i].size(), " values, not ", matrix.columns.size());
      names = std::max(names, text_width(matrix.rows[i]));
      for (const double v : matrix.values[i])
        if (std::isfinite(v)) largest_ = std::max(largest_, std::abs(v));
    }
    left_ = std::min(names + 12, width / 3);
    cell_ = std::min(120.0, (width - left_) / static_cast<double>(matrix.columns.size()));
  }

  Html html() const {
    Drawing drawing(width_, top + row * static_cast<double>(matrix_.rows.size()) + 4, description());
    for (std::size_t j = 0; j < matrix_.columns.size(); ++j)
      drawing.words("tick", x(j) + cell_ / 2, top - 8, Anchor::middle,
                    fitting(matrix_.columns[j], cell_ - 4));
    for (std::size_t i = 0; i < matrix_.rows.size(); ++i) {
      const double y = top + row * static_cast<double>(i);
      drawing.words("group", left_ - 10, y + row / 2 + 4, Anchor::end, fitting(matrix_.rows[i], left_ - 10));
      for (std::size_t j = 0; j < matrix_.columns.size(); ++j) draw_cell(drawing, i, j, y);
    }
    return drawing.html();
  }

 private:
  using Anchor = Drawing::Anchor;
  static constexpr double row = 30, top = 28;
  static constexpr double strongest = 0.5;  // ink must stay legible on it

  double x(std::size_t column) const { return left_ + cell_ * static_cast<double>(column); }

  void draw_cell(Drawing& drawing, std::size_t i, std::size_t j, double y) const {
    const double v = matrix_.values[i][j];
    if (std::isfinite(v))
      drawing.rectangle(v < 0 ? "below" : "above", x(j) + 1, y + 1, cell_ - 2, row - 2,
                        matrix_.rows[i] + ", " + matrix_.columns[j] + ": " + fixed(v, matrix_.decimals),
                        largest_ > 0 ? strongest * std::abs(v) / largest_ : 0);
    drawing.words("value", x(j) + cell_ / 2, y + row / 2 + 4, Anchor::middle, fixed(v, matrix_.decimals));
  }

  std::string description() const {
    std::string words = matrix_.title;
    for (std::size_t i = 0; i < matrix_.rows.size(); ++i)
      for (std::size_t j = 0; j < matrix_.columns.size(); ++j)
        words += "; " + matrix_.rows[i] + ", " + matrix_.columns[j] + " " +
                 fixed(matrix_.values[i][j], matrix_.decimals);
    return words;
  }

  const Matrix& matrix_;
  double width_, left_ = 0, cell_ = 1, largest_ = 0;
};

}  // namespace detail

/// The matrix as an inline SVG; only the frame's width counts.
inline Html draw(const Matrix& matrix, const Frame& frame = {}) {
  return detail::MatrixPlotter(matrix, frame.width).html();
}

}  // namespace pretext::report
