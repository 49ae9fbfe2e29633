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

/// Moments of columns that are measured in chunks of rows, while the rows are in the cache, and merged in the
/// order of the chunks.
template <class T>
class ChunkMoments {
 public:
  ChunkMoments(std::int64_t chunks, std::int64_t columns)
      : columns_(columns),
        rows_(Tensor<std::int64_t, Cpu>::zeros({chunks})),
        moments_(Tensor<double, Cpu>::zeros({chunks, 2, columns})) {}

  /// Takes in x[rows, columns], the next rows of a chunk; a chunk belongs to one thread at a time.
  void add(std::int64_t chunk, const T* x, std::int64_t rows) {
    Tensor<T, Cpu> scratch({3, columns_});
    const T *mean = scratch.data(), *rest = mean + columns_, *squares = rest + columns_;
    Moments total = of(chunk);
    for (std::int64_t first = 0; first < rows; first += block_rows(columns_)) {
      const std::int64_t count = std::min(block_rows(columns_), rows - first);
      dispatch<BlockMoments<T>>(BlockMoments<T>{x + first * columns_, count, columns_, scratch.data(),
                                                scratch.data() + columns_, scratch.data() + 2 * columns_});
      total.merge(count, [=](std::int64_t c) {
        const double missed = static_cast<double>(rest[c]), n = static_cast<double>(count);
        return std::pair(static_cast<double>(mean[c]) + missed / n,
                         static_cast<double>(squares[c]) - missed * missed / n);
      });
    }
    rows_.data()[chunk] = total.rows;
  }

  /// moments[2, columns] of all rows.
  Tensor<double, Cpu> total() {
    Moments all = of(0);
    for (std::int64_t i = 1; i < rows_.size(); ++i) {
      const Moments other = of(i);
      if (other.rows > 0)
        all.merge(other.rows, [=](std::int64_t c) { return std::pair(other.mean[c], other.squares[c]); });
    }
    return moments_.rows(0, 1).reshape({2, columns_});
  }

 private:
  Moments of(std::int64_t chunk) {
    double* const mean = moments_.data() + chunk * 2 * columns_;
    return {rows_.data()[chunk], columns_, mean, mean + columns_};
  }

  std::int64_t columns_;
  Tensor<std::int64_t, Cpu> rows_;
  Tensor<double, Cpu> moments_;
};

/// moments[2, columns] = the mean and the sum of squared deviations of each column of x[rows, columns].
template <class T>
Tensor<double, Cpu> column_moments(const T* x, std::int64_t rows, std::int64_t columns) {
  const std::int64_t grain = reduction_grain(rows, columns);
  ChunkMoments<T> moments((rows - 1) / grain + 1, columns);
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    moments.add(begin / grain, x + begin * columns, end - begin);
  });
  return moments.total();
}

}  // namespace pretext::cpu
