// SPDX-License-Identifier: MIT
// Products of rows x[rows, depth] with a thin w[thin, depth], such as the weights of ten classes, on the
// calling thread. gemm.hpp packs one side and fills two vectors of columns: here x is read as it lies, and
// once from memory where both products follow each other on rows that fit in the second-level cache.
//
//   scores[r, i] = sum over k of x[r, k] w[i, k]:       for 4 rows r (2 without AVX-512) and 5 i:
//     for k in depth, a vector at a time:                 20 sums (10) in registers, at last across their
//     lanes
//   sums[i, k] += sum over r of scores[r, i] x[r, k]:   for 4 vectors of columns k (2) and 5 i:
//     for r in rows: 20 sums (10) in registers
#pragma once

#include "pretext/cpu/gemm.hpp"

namespace pretext::cpu {

/// The thin side has a multiple of so many rows: the last ones may be 0.
inline constexpr std::int64_t thin_group = 5;

/// Rows of x, or vectors of columns, whose sums stay in registers with those of a group.
inline constexpr int thin_side(int bytes) { return bytes == 64 ? 4 : 2; }

template <class T>
struct ThinScores {
  Matrix<const T> x, w;
  T* scores;

  template <int Bytes>
  PRETEXT_INLINE static void run(const ThinScores& p) {
    constexpr int most = thin_side(Bytes);
    std::int64_t r = 0;
    for (; r + most <= p.x.rows; r += most) p.template rows_of<Bytes, most>(r);
    for (; r < p.x.rows; ++r) p.template rows_of<Bytes, 1>(r);
  }

 private:
  template <int Bytes, int Rows>
  PRETEXT_INLINE void rows_of(std::int64_t r) const {
    constexpr int group = static_cast<int>(thin_group);
    for (std::int64_t first = 0; first < w.rows; first += group) {
      Vector<T, Bytes> sum[Rows][group];
#pragma GCC unroll 4
      for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 5
        for (int j = 0; j < group; ++j) sum[i][j] = Vector<T, Bytes>{};
      constexpr std::int64_t n = lanes<T, Bytes>;
      std::int64_t k = 0;
      for (; k + n <= x.columns; k += n) add<Bytes, Rows, true>(sum, r, first, k);
      if (k < x.columns) add<Bytes, Rows, false>(sum, r, first, k);
#pragma GCC unroll 4
      for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 5
        for (int j = 0; j < group; ++j) scores[(r + i) * w.rows + first + j] = across<Bytes>(sum[i][j]);
    }
  }

  template <int Bytes, int Rows, bool Whole>
  PRETEXT_INLINE void add(Vector<T, Bytes> (&sum)[Rows][thin_group], std::int64_t r, std::int64_t first,
                          std::int64_t k) const {
    Vector<T, Bytes> row[Rows], other;
#pragma GCC unroll 4
    for (int i = 0; i < Rows; ++i) load_lanes<Whole>(row[i], x.data + (r + i) * x.stride + k, x.columns - k);
#pragma GCC unroll 5
    for (int j = 0; j < static_cast<int>(thin_group); ++j) {
      load_lanes<Whole>(other, w.data + (first + j) * w.stride + k, x.columns - k);
#pragma GCC unroll 4
      for (int i = 0; i < Rows; ++i) sum[i][j] += row[i] * other;
    }
  }

  template <int Bytes>
  PRETEXT_INLINE static T across(const Vector<T, Bytes>& v) {
    constexpr int n = lanes<T, Bytes>;
    T part[n];
    store(part, v);
#pragma GCC unroll 4
    for (int half = n / 2; half > 0; half /= 2)
#pragma GCC unroll 8
      for (int i = 0; i < half; ++i) part[i] += part[i + half];
    return part[0];
  }
};

template <class T>
struct ThinSums {
  const T* scores;  ///< [rows, thin]
  Matrix<const T> x;
  Matrix<T> sums;

  template <int Bytes>
  PRETEXT_INLINE static void run(const ThinSums& p) {
    constexpr int most = thin_side(Bytes);
    constexpr std::int64_t n = lanes<T, Bytes>;
    std::int64_t k = 0;
    for (; k + most * n <= p.x.columns; k += most * n) p.template columns_of<Bytes, most, true>(k);
    for (; k + n <= p.x.columns; k += n) p.template columns_of<Bytes, 1, true>(k);
    if (k < p.x.columns) p.template columns_of<Bytes, 1, false>(k);
  }

 private:
  template <int Bytes, int Vectors, bool Whole>
  PRETEXT_INLINE void columns_of(std::int64_t k) const {
    constexpr int group = static_cast<int>(thin_group);
    constexpr std::int64_t n = lanes<T, Bytes>;
    const std::int64_t left = x.columns - k;
    for (std::int64_t first = 0; first < sums.rows; first += group) {
      Vector<T, Bytes> sum[group][Vectors], row[Vectors];
#pragma GCC unroll 5
      for (int j = 0; j < group; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v)
          load_lanes<Whole>(sum[j][v], sums.data + (first + j) * sums.stride + k + v * n, left);
      for (std::int64_t r = 0; r < x.rows; ++r) {
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) load_lanes<Whole>(row[v], x.data + r * x.stride + k + v * n, left);
#pragma GCC unroll 5
        for (int j = 0; j < group; ++j) {
          const T score = scores[r * sums.rows + first + j];
#pragma GCC unroll 4
          for (int v = 0; v < Vectors; ++v) sum[j][v] += score * row[v];
        }
      }
#pragma GCC unroll 5
      for (int j = 0; j < group; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v)
          store_lanes<Whole>(sums.data + (first + j) * sums.stride + k + v * n, sum[j][v], left);
    }
  }
};

/// scores[x.rows, w.rows] = x w^T
template <class T>
void multiply_thin(Matrix<const T> x, Matrix<const T> w, T* scores) {
  dispatch<ThinScores<T>>(ThinScores<T>{x, w, scores});
}

/// sums[thin, x.columns] += scores^T x, for scores[x.rows, thin].
template <class T>
void add_thin_sums(const T* scores, Matrix<const T> x, Matrix<T> sums) {
  dispatch<ThinSums<T>>(ThinSums<T>{scores, x, sums});
}

}  // namespace pretext::cpu
