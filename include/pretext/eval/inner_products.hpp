// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/gemm.hpp"

namespace pretext::eval {

namespace detail {

/// The lower triangle of [n, n], tile by tile: compute(i, j, to) writes the tile whose first entry is (i, j).
template <class T, class F>
Tensor<T, Cpu> lower_tiles(std::int64_t n, F&& compute) {
  constexpr std::int64_t tile = 256;
  const std::int64_t tiles = (n + tile - 1) / tile;
  Tensor<T, Cpu> m({n, n});
  parallel_for(tiles * tiles, 1, [&](std::int64_t index, std::int64_t) {
    const std::int64_t i = index / tiles * tile, j = index % tiles * tile;
    if (i < j) return;
    compute(i, j, cpu::Matrix<T>{m.data() + i * n + j, std::min(tile, n - i), std::min(tile, n - j), n});
  });
  return m;
}

}  // namespace detail

/// x^T x: the lower triangle of [columns, columns], the rest unset.
template <class T>
Tensor<T, Cpu> column_products(const cpu::Matrix<const T>& x) {
  return detail::lower_tiles<T>(x.columns, [&](std::int64_t i, std::int64_t j, const cpu::Matrix<T>& to) {
    cpu::gemm_tn<T>(x.part(0, i, x.rows, to.rows), x.part(0, j, x.rows, to.columns), to);
  });
}

/// x x^T: the lower triangle of [rows, rows], the rest unset.
template <class T>
Tensor<T, Cpu> row_products(const cpu::Matrix<const T>& x) {
  return detail::lower_tiles<T>(x.rows, [&](std::int64_t i, std::int64_t j, const cpu::Matrix<T>& to) {
    cpu::gemm_nt<T>(x.part(i, 0, to.rows, x.columns), x.part(j, 0, to.columns, x.columns), to);
  });
}

}  // namespace pretext::eval
