// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/moments.hpp"
#include "pretext/cpu/source.hpp"

namespace pretext::cpu {

/// Sums over a few rows: sum[c] of dy and product[c] of dy * (x - center), of those elements alone, where the
/// source cuts negatives, that it does not cut.
template <class S>
struct GradientSums {
  Source<S> source;
  const S *dy, *center;
  std::int64_t rows, columns;
  S *sum, *product;

  template <int Bytes>
  PRETEXT_INLINE static void run(const GradientSums& g) {
    each_columns<Bytes, S>(g, g.columns);
  }

  template <int Bytes, int Vectors, bool Whole>
  PRETEXT_INLINE void columns_of(std::int64_t c) const {
    using V = Vector<S, Bytes>;
    constexpr std::int64_t n = lanes<S, Bytes>;
    const std::int64_t there = columns - c;
    V sums[Vectors]{}, products[Vectors]{}, middle[Vectors];
    Normalized<V> of[Vectors];
    for (int i = 0; i < Vectors; ++i) {
      load_lanes<Whole>(middle[i], center + c + i * n, there);
      if (source.relu) source.template load_channels<Whole>(of[i], c + i * n, there);
    }
    for (std::int64_t at = c; at < c + rows * columns; at += columns)
#pragma GCC unroll 4
      for (int i = 0; i < Vectors; ++i) {
        V x, d;
        load_lanes<Whole>(x, source.x + at + i * n, there);
        load_lanes<Whole>(d, dy + at + i * n, there);
        if (source.relu) of[i].cut_gradient(d, x);
        sums[i] += d;
        products[i] += d * (x - middle[i]);
      }
    for (int i = 0; i < Vectors; ++i) {
      store_lanes<Whole>(sum + c + i * n, sums[i], there);
      store_lanes<Whole>(product + c + i * n, products[i], there);
    }
  }
};

/// Adds to sums[2, C] what the rows of dy and of what a source reads give: the sum of dy and of
/// dy * (x - center) in each column, of those elements that the source does not cut.
template <class S>
void add_gradient_sums(const S* dy, const Source<S>& source, const S* center, std::int64_t rows,
                       std::int64_t columns, double* sums) {
  Tensor<S, Cpu> block({2, columns});
  for (std::int64_t first = 0; first < rows; first += block_rows(columns)) {
    const std::int64_t count = std::min(rows - first, block_rows(columns));
    dispatch<GradientSums<S>>(GradientSums<S>{source.from(first * columns), dy + first * columns, center,
                                              count, columns, block.data(), block.data() + columns});
    for (std::int64_t c = 0; c < 2 * columns; ++c) sums[c] += static_cast<double>(block.data()[c]);
  }
}

/// sums[2, C] of all rows.
template <class S>
Tensor<double, Cpu> gradient_sums(const S* dy, const Source<S>& source, const S* center, std::int64_t rows,
                                  std::int64_t columns) {
  Tensor<double, Cpu> sums({2, columns});
  reduce_rows<double>(rows, reduction_grain(rows, columns), 2 * columns, sums.data(),
                      [&](std::int64_t begin, std::int64_t end, double* partial) {
                        add_gradient_sums(dy + begin * columns, source.from(begin * columns), center,
                                          end - begin, columns, partial);
                      });
  return sums;
}

}  // namespace pretext::cpu
