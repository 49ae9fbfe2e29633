// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "pretext/core/thread_pool.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::eval {

/// How an activation map becomes a row of features.
enum class Pool { average, max, flat };

inline const char* to_string(Pool pool) {
  return pool == Pool::average ? "average" : pool == Pool::max ? "max" : "flat";
}

/// The cells that a map [N, H, W, C] is pooled to. Cell i of n covers [floor(i H / n), ceil((i + 1) H / n)),
/// so that neighbours share a line where n does not divide H.
struct PoolGrid {
  Pool pool = Pool::average;
  Shape map;
  std::int64_t height = 1, width = 1;

  /// All of H x W where that is flat or fits the budget of features; otherwise the largest s x s with
  /// s * s * C inside it, at least 1 x 1.
  PoolGrid(const Shape& maps, Pool how, std::int64_t budget) : pool(how), map(maps) {
    require(map.rank() == 4 && map[1] > 0 && map[2] > 0, "features: maps of shape ", map,
            " cannot be pooled; expected [N, H, W, C]");
    require(budget > 0, "features: the budget must be positive, not ", budget);
    if (pool == Pool::flat || map.row_size() <= budget) {
      height = map[1];
      width = map[2];
    } else {
      const std::int64_t most = std::min(map[1], map[2]);
      while (height < most && (height + 1) * (height + 1) * map[3] <= budget) width = ++height;
    }
  }

  std::int64_t dims() const { return height * width * map[3]; }

  /// For people, such as "average to 4 x 4 of 8 x 8 x 192".
  std::string text() const {
    const bool whole = height == map[1] && width == map[2];
    const std::string cells = whole ? "flat" : message(pool, " to ", height, " x ", width, " of");
    return message(cells, ' ', map[1], " x ", map[2], " x ", map[3]);
  }
};

namespace detail {

/// cell[C] = the average or the largest of picture[H, W, C] over one cell of the grid.
inline void pool_cell(const PoolGrid& grid, std::int64_t row, std::int64_t column, const float* picture,
                      float* cell) {
  const std::int64_t h = grid.map[1], w = grid.map[2], c = grid.map[3];
  const std::int64_t top = row * h / grid.height, bottom = ((row + 1) * h - 1) / grid.height + 1;
  const std::int64_t left = column * w / grid.width, right = ((column + 1) * w - 1) / grid.width + 1;
  const bool max = grid.pool == Pool::max;
  std::fill_n(cell, c, max ? -std::numeric_limits<float>::infinity() : 0.0F);
  for (std::int64_t y = top; y < bottom; ++y)
    for (std::int64_t x = left; x < right; ++x) {
      const float* from = picture + (y * w + x) * c;
      for (std::int64_t i = 0; i < c; ++i) cell[i] = max ? std::max(from[i], cell[i]) : cell[i] + from[i];
    }
  const auto count = static_cast<float>((bottom - top) * (right - left));
  for (std::int64_t i = 0; i < c && !max; ++i) cell[i] /= count;
}

}  // namespace detail

/// out[N, dims] = map[N, H, W, C], pooled: cells row by row, channels together.
inline void pool_map(const PoolGrid& grid, const Tensor<float, Cpu>& map, float* out) {
  const std::int64_t cells = grid.height * grid.width, c = grid.map[3];
  parallel_for(map.dim(0), 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * cells; i < end * cells; ++i)
      detail::pool_cell(grid, i % cells / grid.width, i % cells % grid.width,
                        map.data() + i / cells * grid.map.row_size(), out + i * c);
  });
}

}  // namespace pretext::eval
