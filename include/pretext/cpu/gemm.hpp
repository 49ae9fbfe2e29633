// SPDX-License-Identifier: MIT
// Matrix products on the calling thread, out of panels:
//
//   for 512 columns and 1024 rows of b:                  packed into panels
//     for 84 rows of a:                                  in the second-level cache
//       for 128 of the depth:                            a panel of b is then in the first-level cache
//         for each panel: multiply (product.hpp)
#pragma once

#include <algorithm>

#include "pretext/cpu/product.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::cpu {

/// A matrix in memory, rows first, with the distance between rows; read transposed if so marked.
template <class T>
struct Matrix {
  T* data;
  std::int64_t rows, columns, stride;

  Matrix part(std::int64_t row, std::int64_t column, std::int64_t height, std::int64_t width) const {
    return {data + row * stride + column, height, width, stride};
  }
};

/// Rows side by side, of no more columns than a panel has; zeros beyond the last.
template <class T>
struct PanelPacking {
  Matrix<const T> b;
  T* panel;

  template <int Bytes>
  PRETEXT_INLINE static void run(const PanelPacking& p) {
    p.b.columns == 2 * lanes<T, Bytes> ? p.template rows<Bytes, true>() : p.template rows<Bytes, false>();
  }

 private:
  template <int Bytes, bool Whole>
  PRETEXT_INLINE void rows() const {
    constexpr std::int64_t n = lanes<T, Bytes>;
    const std::int64_t left = b.columns < n ? b.columns : n, right = b.columns - left;
    const T* from = b.data;
    T* to = panel;
    for (std::int64_t k = 0; k < b.rows; ++k, from += b.stride, to += 2 * n) {
      Vector<T, Bytes> first, second;
      load_lanes<Whole>(first, from, left);
      load_lanes<Whole>(second, from + left, right);
      store(to, first);
      store(to + n, second);
    }
  }
};

template <class T>
void pack_panel(Matrix<const T> b, T* panel) {
  dispatch<PanelPacking<T>>(PanelPacking<T>{b, panel});
}

/// The right factor of a product, cut into panels: [panel][row][panel_columns], zeros beyond the last column.
template <class T>
class Panels {
 public:
  Panels(std::int64_t rows, std::int64_t columns)
      : rows_(rows),
        columns_(columns),
        width_(panel_columns<T>()),
        memory_({std::max<std::int64_t>(1, rows * count() * width_)}) {}

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  std::int64_t count() const { return (columns_ + width_ - 1) / width_; }
  /// Columns of panel j that are there.
  std::int64_t width(std::int64_t j) const { return std::min(width_, columns_ - j * width_); }
  const T* panel(std::int64_t j) const { return memory_.data() + j * rows_ * width_; }
  T* panel(std::int64_t j) { return memory_.data() + j * rows_ * width_; }

  /// Takes b[rows, columns] into panel j.
  void pack(std::int64_t j, Matrix<const T> b) {
    pack_panel<T>(b.part(0, j * width_, rows_, width(j)), panel(j));
  }

  /// Takes b[columns, rows], transposed, into panel j from row `first` on.
  void pack_transposed(std::int64_t j, Matrix<const T> b, std::int64_t first = 0) {
    T* to = panel(j) + first * width_;
    const std::int64_t there = width(j), rows = b.columns;
    if (there < width_) std::fill_n(to, rows * width_, T(0));
    for (std::int64_t n = 0; n < there; ++n) {
      const T* from = b.data + (j * width_ + n) * b.stride;
      for (std::int64_t k = 0; k < rows; ++k) to[k * width_ + n] = from[k];
    }
  }

 private:
  std::int64_t rows_, columns_, width_;
  Tensor<T, Cpu> memory_;
};

/// All of b in panels.
template <class T>
Panels<T> panels_of(Matrix<const T> b) {
  Panels<T> panels(b.rows, b.columns);
  for (std::int64_t j = 0; j < panels.count(); ++j) panels.pack(j, b);
  return panels;
}

/// The transpose of b in panels.
template <class T>
Panels<T> panels_of_transposed(Matrix<const T> b) {
  Panels<T> panels(b.columns, b.rows);
  for (std::int64_t j = 0; j < panels.count(); ++j) panels.pack_transposed(j, b);
  return panels;
}

/// A panel of c that has fewer columns than a panel is computed here and copied.
template <class T>
class NarrowPanel {
 public:
  /// What the product writes to: c itself where its panel is whole.
  void compute(Product<T> p, std::int64_t width, bool transposed) {
    const std::int64_t whole = panel_columns<T>();
    if (width == whole) return transposed ? multiply_transposed(p) : multiply(p);
    if (!tile_.defined() || tile_.size() < p.rows * whole) tile_ = Tensor<T, Cpu>({p.rows, whole});
    const Product<T> outer = p;
    p.c = tile_.data();
    p.c_row = whole;
    if (p.add)
      for (std::int64_t r = 0; r < p.rows; ++r)
        std::copy_n(outer.c + r * outer.c_row, width, p.c + r * whole);
    transposed ? multiply_transposed(p) : multiply(p);
    for (std::int64_t r = 0; r < p.rows; ++r) std::copy_n(p.c + r * whole, width, outer.c + r * outer.c_row);
  }

 private:
  Tensor<T, Cpu> tile_;
};

/// Rows of a that stay in the second-level cache while all panels pass.
inline constexpr std::int64_t row_block = 84;

/// c = a b, or c += a b, for b in panels; a[k, m] is read transposed if so marked. What `ahead` names is
/// fetched meanwhile.
template <class T>
void multiply_panels(Matrix<const T> a, bool transposed, const Panels<T>& b, Matrix<T> c, bool add,
                     Ahead* ahead = nullptr) {
  NarrowPanel<T> narrow;
  for (std::int64_t row = 0; row < c.rows; row += row_block)
    for (std::int64_t k = 0; k < std::max<std::int64_t>(1, b.rows()); k += depth_block())
      for (std::int64_t j = 0; j < b.count(); ++j) {
        Product<T> p{.a = a.data + (transposed ? k * a.stride + row : row * a.stride + k),
                     .b = b.panel(j) + k * panel_columns<T>(),
                     .c = c.data + row * c.stride + j * panel_columns<T>(),
                     .c_row = c.stride,
                     .rows = std::min(row_block, c.rows - row),
                     .depth = std::min(depth_block(), b.rows() - k),
                     .add = add || k > 0,
                     .ahead = ahead};
        (transposed ? p.a_step : p.a_row) = a.stride;
        narrow.compute(p, b.width(j), transposed);
      }
}

/// Blocks of rows that multiply_panels() computes for so many rows of c: what `ahead` is spread over.
template <class T>
std::int64_t blocks_of(std::int64_t rows, const Panels<T>& b) {
  return block_count(rows) * b.count() * ((b.rows() + depth_block() - 1) / depth_block());
}

namespace detail {

/// `pack(k, depth, column, width)` makes panels of a part of b.
template <class T, class Pack>
void multiply_by_parts(Matrix<const T> a, bool transposed, std::int64_t depth, Matrix<T> c, bool add,
                       Pack&& pack) {
  constexpr std::int64_t most_columns = 512, most_depth = 1024;
  for (std::int64_t column = 0; column < c.columns; column += most_columns)
    for (std::int64_t k = 0; k == 0 || k < depth; k += most_depth) {
      const std::int64_t width = std::min(most_columns, c.columns - column),
                         part = std::min(most_depth, depth - k);
      multiply_panels<T>(transposed ? a.part(k, 0, part, c.rows) : a.part(0, k, c.rows, part), transposed,
                         pack(k, part, column, width), c.part(0, column, c.rows, width), add || k > 0);
    }
}

}  // namespace detail

/// c = a b, or c += a b. All matrix products of the engine go through these three.
template <class T>
void gemm(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add = false) {
  detail::multiply_by_parts<T>(a, false, b.rows, c, add, [&](auto k, auto depth, auto column, auto width) {
    return panels_of<T>(b.part(k, column, depth, width));
  });
}

/// c = a b^T, or c += a b^T
template <class T>
void gemm_nt(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add = false) {
  detail::multiply_by_parts<T>(a, false, b.columns, c, add, [&](auto k, auto depth, auto column, auto width) {
    return panels_of_transposed<T>(b.part(column, k, width, depth));
  });
}

/// c = a^T b, or c += a^T b
template <class T>
void gemm_tn(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add = false) {
  detail::multiply_by_parts<T>(a, true, b.rows, c, add, [&](auto k, auto depth, auto column, auto width) {
    return panels_of<T>(b.part(k, column, depth, width));
  });
}

}  // namespace pretext::cpu
