// SPDX-License-Identifier: MIT
// The innermost loops of every matrix product and convolution: a block of c stays in registers while a strip
// of a and a panel of b pass by.
//
//   for a block of up to 14 rows of c (6 without AVX-512), two vectors wide:
//     sum = add ? c : 0                                  in registers
//     for run in runs:                                   for instance rows of a picture
//       for k in depth:                                  channels, or pixels
//         b[k]: two vectors; for each row r: sum[r] += a[r, k] * b[k]
//     c = sum
#pragma once

#include <utility>

#include "pretext/cpu/vector.hpp"

namespace pretext::cpu {

/// Memory that will be read soon: it is fetched into the second-level cache while a product runs, some lines
/// with each block of rows, as its own reads leave the way to memory idle.
class Ahead {
 public:
  void add(const void* data, std::int64_t bytes) {
    const char* begin = static_cast<const char*>(data);
    parts_[count_++] = {begin, begin + bytes};
    bytes_ += bytes;
  }
  /// Spreads all of it over so many blocks of rows; there may be none.
  void spread(std::int64_t blocks) { lines_ = blocks == 0 ? 0 : (bytes_ / line + blocks) / blocks; }

  PRETEXT_INLINE void fetch() {
    for (std::int64_t i = 0; i < lines_; ++i) {
      while (part_ < count_ && parts_[part_].at >= parts_[part_].end) ++part_;
      if (part_ == count_) return;
      __builtin_prefetch(parts_[part_].at, 0, 2);
      parts_[part_].at += line;
    }
  }

 private:
  static constexpr std::int64_t line = 64;
  struct Part {
    const char *at, *end;
  } parts_[3]{};
  int part_ = 0, count_ = 0;
  std::int64_t bytes_ = 0, lines_ = 0;
};

/// Rows of a block of c at most: as many as leave a register for each vector of b and one for a.
inline constexpr int most_rows(int bytes) { return bytes == 64 ? 14 : 6; }

/// Blocks that so many rows of c come in, for one panel.
inline std::int64_t block_count(std::int64_t rows) {
  const std::int64_t most = most_rows(static_cast<int>(vector_bytes()));
  return (rows + most - 1) / most;
}

/// c[rows, panel] (+)= sum over runs i and depth k of a[r, i, k] * b[i, k, panel]. A panel is two vectors of
/// columns, side by side for each k.
template <class T>
struct Product {
  const T* a;
  std::int64_t a_row = 1;   ///< from row to row of a; 1 where a is read transposed
  std::int64_t a_step = 1;  ///< from k to k of a; 1 where it is not
  std::int64_t a_run = 0;   ///< from run to run of a
  const T* b;
  std::int64_t b_run = 0;
  T* c;
  std::int64_t c_row;
  std::int64_t rows, depth, runs = 1;
  bool add = false;
  Ahead* ahead = nullptr;
};

/// Columns in a panel of b.
template <class T>
std::int64_t panel_columns() {
  return 2 * vector_lanes<T>();
}

/// The most of the depth for which a panel of b fills at most half of the first-level cache.
inline std::int64_t depth_block() { return (16 << 10) / (2 * vector_bytes()); }

template <class T, bool Transposed>
struct ProductKernel {
  template <int Bytes>
  PRETEXT_INLINE static void run(const Product<T>& p) {
    constexpr int most = most_rows(Bytes);
    for (std::int64_t r = 0, left = p.rows; left > 0;) {
      // Two blocks of middling size keep the units busier than a full one and a small one.
      const std::int64_t rows = left >= 2 * most ? most : left > most ? (left + 1) / 2 : left;
      if (p.ahead != nullptr) {
        p.ahead->fetch();
        for (std::int64_t i = r; i < r + rows && !p.add; ++i)
          __builtin_prefetch(p.c + i * p.c_row, 1),
              __builtin_prefetch(p.c + i * p.c_row + lanes<T, Bytes>, 1);
      }
      block_of<Bytes>(rows, p, p.a + r * (Transposed ? 1 : p.a_row), p.c + r * p.c_row,
                      std::make_integer_sequence<int, most>());
      r += rows;
      left -= rows;
    }
  }

 private:
  template <int Bytes, int... Index>
  PRETEXT_INLINE static void block_of(std::int64_t rows, const Product<T>& p, const T* a, T* c,
                                      std::integer_sequence<int, Index...>) {
    static_cast<void>(((rows == Index + 1 && (block<Bytes, Index + 1>(p, a, c), true)) || ...));
  }

  template <int Bytes, int Rows>
  PRETEXT_INLINE static void block(const Product<T>& p, const T* a_first, T* c) {
    using V = Vector<T, Bytes>;
    constexpr int n = lanes<T, Bytes>;
    const std::int64_t a_row = Transposed ? 1 : p.a_row, a_step = Transposed ? p.a_step : 1;
    V sum[Rows][2];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) sum[r][0] = sum[r][1] = V{};
    if (p.add)
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) load(sum[r][0], c + r * p.c_row), load(sum[r][1], c + r * p.c_row + n);
    const T* b_first = p.b;
    for (std::int64_t i = 0; i < p.runs; ++i, a_first += p.a_run, b_first += p.b_run) {
      const T *a = a_first, *b = b_first;
      for (std::int64_t k = 0; k < p.depth; ++k, a += a_step, b += 2 * n) {
        V b0, b1;
        load(b0, b);
        load(b1, b + n);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
          const T x = a[r * a_row];
          sum[r][0] += x * b0;
          sum[r][1] += x * b1;
        }
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) store(c + r * p.c_row, sum[r][0]), store(c + r * p.c_row + n, sum[r][1]);
  }
};

/// Computes the product on the calling thread. Every element is one sum in the order of runs and depth, so
/// its bits depend neither on how the rows are cut nor on how the depth is.
template <class T>
void multiply(const Product<T>& p) {
  dispatch<ProductKernel<T, false>>(p);
}

/// The same with a read transposed.
template <class T>
void multiply_transposed(const Product<T>& p) {
  dispatch<ProductKernel<T, true>>(p);
}

/// The same in parts of the depth, so that a panel of b stays in the first-level cache.
template <class T>
void multiply_deep(Product<T> p) {
  const std::int64_t most = depth_block();
  std::int64_t left = p.depth;
  do {
    p.depth = left < most ? left : most;
    multiply(p);
    p.a += most;
    p.b += most * panel_columns<T>();
    p.add = true;
    left -= most;
  } while (left > 0);
}

}  // namespace pretext::cpu
