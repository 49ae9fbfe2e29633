// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "pretext/cpu/reduce.hpp"
#include "pretext/cpu/vector.hpp"

namespace pretext::cpu {

/// Rows that a sum in the element type runs over before it is added to a sum in double: few enough to be
/// exact to a few bits and to stay in the first cache.
inline std::int64_t block_rows(std::int64_t columns) {
  return std::clamp<std::int64_t>(4096 / std::max<std::int64_t>(1, columns), 1, 128);
}

/// Count, mean and sum of squared deviations of each column, of the rows that were seen so far.
struct Moments {
  std::int64_t rows, columns;
  double *mean, *squares;

  /// Takes in `count` more rows, whose moments in column c are of(c) (Chan, Golub and LeVeque 1979).
  template <class F>
  void merge(std::int64_t count, const F& of) {
    const double share = static_cast<double>(count) / static_cast<double>(rows + count);
    const double weight = share * static_cast<double>(rows);
    for (std::int64_t c = 0; c < columns; ++c) {
      const auto [other_mean, other_squares] = of(c);
      const double delta = other_mean - mean[c];
      mean[c] += share * delta;
      squares[c] += other_squares + weight * delta * delta;
    }
    rows += count;
  }
};

/// Of a few rows: their mean, and the sums of the deviations from it and of their squares. The deviations'
/// own sum tells what rounding took from the mean.
template <class T>
struct BlockMoments {
  const T* x;
  std::int64_t rows, columns;
  T *mean, *rest, *squares;

  template <int Bytes>
  PRETEXT_INLINE static void run(const BlockMoments& b) {
    each_columns<Bytes, T>(b, b.columns);
  }

  template <int Bytes, int Vectors, bool Whole>
  PRETEXT_INLINE void columns_of(std::int64_t c) const {
    using V = Vector<T, Bytes>;
    constexpr std::int64_t n = lanes<T, Bytes>;
    const std::int64_t there = columns - c, end = c + rows * columns;
    V middle[Vectors]{}, sum[Vectors]{}, square[Vectors]{}, v;
    for (std::int64_t at = c; at < end; at += columns)
#pragma GCC unroll 4
      for (int i = 0; i < Vectors; ++i) load_lanes<Whole>(v, x + at + i * n, there), middle[i] += v;
    for (int i = 0; i < Vectors; ++i) middle[i] /= static_cast<T>(rows);
    for (std::int64_t at = c; at < end; at += columns)
#pragma GCC unroll 4
      for (int i = 0; i < Vectors; ++i) {
        load_lanes<Whole>(v, x + at + i * n, there);
        v -= middle[i];
        sum[i] += v;
        square[i] += v * v;
      }
    for (int i = 0; i < Vectors; ++i) {
      store_lanes<Whole>(mean + c + i * n, middle[i], there);
      store_lanes<Whole>(rest + c + i * n, sum[i], there);
      store_lanes<Whole>(squares + c + i * n, square[i], there);
    }
  }
};

/// Takes in the rows [0, rows) of x, a block at a time. scratch[3, columns] is overwritten.
template <class T>
void add_moments(const T* x, std::int64_t rows, T* scratch, Moments& total) {
  const std::int64_t columns = total.columns;
  const T *mean = scratch, *rest = mean + columns, *squares = rest + columns;
  for (std::int64_t first = 0; first < rows; first += block_rows(columns)) {
    const std::int64_t count = std::min(block_rows(columns), rows - first);
    dispatch<BlockMoments<T>>(BlockMoments<T>{x + first * columns, count, columns, scratch, scratch + columns,
                                              scratch + 2 * columns});
    total.merge(count, [=](std::int64_t c) {
      const double missed = static_cast<double>(rest[c]), n = static_cast<double>(count);
      return std::pair(static_cast<double>(mean[c]) + missed / n,
                       static_cast<double>(squares[c]) - missed * missed / n);
    });
  }
}

/// moments[2, columns] = the mean and the sum of squared deviations of each column of x[rows, columns]; the
/// chunks are merged in order.
template <class T>
Tensor<double, Cpu> column_moments(const T* x, std::int64_t rows, std::int64_t columns) {
  const std::int64_t grain = reduction_grain(rows, columns), chunks = (rows - 1) / grain + 1;
  Tensor<double, Cpu> partials = Tensor<double, Cpu>::zeros({chunks, 2, columns});
  const auto moments = [&](std::int64_t chunk_index, std::int64_t seen) {
    double* mean = partials.data() + chunk_index * 2 * columns;
    return Moments{seen, columns, mean, mean + columns};
  };
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    Tensor<T, Cpu> scratch({3, columns});
    Moments mine = moments(begin / grain, 0);
    add_moments(x + begin * columns, end - begin, scratch.data(), mine);
  });
  Moments total = moments(0, std::min(grain, rows));
  for (std::int64_t i = 1; i < chunks; ++i) {
    const std::int64_t count = std::min(grain, rows - i * grain);
    const Moments other = moments(i, count);
    total.merge(count, [=](std::int64_t c) { return std::pair(other.mean[c], other.squares[c]); });
  }
  return partials.rows(0, 1).reshape({2, columns});
}

}  // namespace pretext::cpu
