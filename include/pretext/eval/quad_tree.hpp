// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "pretext/core/span.hpp"

namespace pretext::eval {

/// A point of the plane.
struct Point {
  double x = 0, y = 0;

  Point operator+(Point o) const { return {x + o.x, y + o.y}; }
  Point operator-(Point o) const { return {x - o.x, y - o.y}; }
  Point operator*(double by) const { return {x * by, y * by}; }
  double square() const { return x * x + y * y; }
};

/// Points in squares within squares, each of which stands for its points where it is seen from far enough
/// (Barnes and Hut, Nature 1986).
class QuadTree {
 public:
  explicit QuadTree(Span<const Point> points) : points_(points), order_(points.size()) {
    if (points.empty()) return;
    std::iota(order_.begin(), order_.end(), std::int32_t{0});
    Point low = points[0], high = points[0];
    for (const Point& p : points) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    const double width = std::max(high.x - low.x, high.y - low.y);
    add(order_.data(), order_.data() + order_.size(), low + Point{0.5 * width, 0.5 * width}, width, 0);
  }

  /// Calls f(mean, count) for groups of points that are all of them together, the one that is asked for too:
  /// groups are seen under less than `theta`, their width by their distance, or lie in one place.
  template <class F>
  void visit(Point from, double theta, F&& f) const {
    for (std::size_t i = 0; i < cells_.size();) {
      const Cell& cell = cells_[i];
      const bool far = cell.width * cell.width < theta * theta * (cell.mean - from).square();
      if (far || cell.leaf) f(cell.mean, cell.count);
      i = far || cell.leaf ? cell.next : i + 1;
    }
  }

 private:
  struct Cell {
    Point mean;
    double width, count;
    std::size_t next;  // the cell after all that are inside this one
    bool leaf;
  };
  static constexpr int most_depth = 60;  // points that are no further apart are in one place

  /// The cell of points [begin, end), whose square has the middle and the width, then those inside of it.
  void add(std::int32_t* begin, std::int32_t* end, Point middle, double width, int depth) {
    const auto count = static_cast<double>(end - begin);
    Point sum;
    for (const std::int32_t* i = begin; i != end; ++i) sum = sum + at(*i);
    const std::size_t index = cells_.size();
    const bool leaf = end - begin == 1 || depth == most_depth || width == 0;
    cells_.push_back({sum * (1 / count), width, count, 0, leaf});
    if (!leaf) {
      std::int32_t* const rows = std::partition(begin, end, [&](auto i) { return at(i).y < middle.y; });
      std::int32_t* edge[] = {begin, std::partition(begin, rows, [&](auto i) { return at(i).x < middle.x; }),
                              rows, std::partition(rows, end, [&](auto i) { return at(i).x < middle.x; }),
                              end};
      for (int quarter = 0; quarter < 4; ++quarter) {
        if (edge[quarter] == edge[quarter + 1]) continue;
        const Point away{quarter % 2 == 0 ? -0.25 : 0.25, quarter / 2 == 0 ? -0.25 : 0.25};
        add(edge[quarter], edge[quarter + 1], middle + away * width, 0.5 * width, depth + 1);
      }
    }
    cells_[index].next = cells_.size();
  }

  const Point& at(std::int32_t i) const { return points_[static_cast<std::size_t>(i)]; }

  Span<const Point> points_;
  std::vector<std::int32_t> order_;
  std::vector<Cell> cells_;
};

}  // namespace pretext::eval
