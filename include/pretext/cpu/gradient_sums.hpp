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
    V sums[Vectors], products[Vectors];
    for (int i = 0; i < Vectors; ++i) sums[i] = products[i] = V{};
    for (std::int64_t at = c; at < c + rows * columns; at += columns)
#pragma GCC unroll 4
      for (int i = 0; i < Vectors; ++i) {
        const std::int64_t channel = c + i * n;
        V x, d, middle;
        load_lanes<Whole>(x, source.x + at + i * n, columns - c);
        load_lanes<Whole>(d, dy + at + i * n, columns - c);
        load_lanes<Whole>(middle, center + channel, columns - c);
        source.template cut_gradient<Whole>(d, x, channel, columns - c);
        sums[i] += d;
        products[i] += d * (x - middle);
      }
    for (int i = 0; i < Vectors; ++i) {
      store_lanes<Whole>(sum + c + i * n, sums[i], columns - c);
      store_lanes<Whole>(product + c + i * n, products[i], columns - c);
    }
  }
};

/// dx = scale * (dy - level - (x - center) * slope) over a few rows, by columns; dy is 0 where the source
/// cuts. dx may be dy.
template <class S>
struct NormalizedGradient {
  Source<S> source;  // not plain
  const S *dy, *level, *slope;
  std::int64_t rows, columns;
  S* dx;

  template <int Bytes>
  PRETEXT_INLINE static void run(const NormalizedGradient& g) {
    each_vector<Bytes, S>(g, g.rows, g.columns);
  }

  template <int Bytes, bool Whole>
  PRETEXT_INLINE void vector_of(std::int64_t row, std::int64_t c) const {
    using V = Vector<S, Bytes>;
    const std::int64_t there = columns - c;
    V x, d, middle, factor, mean, tilt;
    load_lanes<Whole>(x, source.x + row + c, there);
    load_lanes<Whole>(d, dy + row + c, there);
    load_lanes<Whole>(middle, source.center + c, there);
    load_lanes<Whole>(factor, source.scale + c, there);
    load_lanes<Whole>(mean, level + c, there);
    load_lanes<Whole>(tilt, slope + c, there);
    source.template cut_gradient<Whole>(d, x, c, there);
    store_lanes<Whole>(dx + row + c, V(factor * (d - mean - (x - middle) * tilt)), there);
  }
};

/// sums[2, C] of the rows of dy and of what a source reads: the sum of dy and of dy * (x - center) in each
/// column, of those elements that the source does not cut.
template <class S>
Tensor<double, Cpu> gradient_sums(const S* dy, const Source<S>& source, const S* center, std::int64_t rows,
                                  std::int64_t columns) {
  Tensor<double, Cpu> sums({2, columns});
  reduce_rows<double>(rows, reduction_grain(rows, columns), 2 * columns, sums.data(),
                      [&](std::int64_t begin, std::int64_t end, double* partial) {
                        Tensor<S, Cpu> block({2, columns});
                        for (std::int64_t first = begin; first < end; first += block_rows(columns)) {
                          const std::int64_t count = std::min(end - first, block_rows(columns));
                          dispatch<GradientSums<S>>(
                              GradientSums<S>{source.from(first * columns), dy + first * columns, center,
                                              count, columns, block.data(), block.data() + columns});
                          for (std::int64_t c = 0; c < 2 * columns; ++c)
                            partial[c] += static_cast<double>(block.data()[c]);
                        }
                      });
  return sums;
}

}  // namespace pretext::cpu
