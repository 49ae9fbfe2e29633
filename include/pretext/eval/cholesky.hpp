// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/gemm.hpp"
#include "pretext/ops/op.hpp"

namespace pretext::eval {

namespace detail {

inline constexpr std::int64_t cholesky_block = 64;

/// Row i of L at columns [first, last), where the products with the columns before `first` are taken off.
template <class T>
void finish_row(T* m, std::int64_t n, std::int64_t i, std::int64_t first, std::int64_t last) {
  T* row = m + i * n;
  for (std::int64_t j = first; j < last; ++j) {
    const T* pivot = m + j * n;
    T sum = row[j];
    for (std::int64_t p = first; p < j; ++p) sum -= row[p] * pivot[p];
    row[j] = sum / pivot[j];
  }
}

/// rows -= product, which lies densely.
template <class T>
void subtract(const cpu::Matrix<T>& rows, const Tensor<T, Cpu>& product) {
  for (std::int64_t r = 0; r < rows.rows; ++r)
    for (std::int64_t c = 0; c < rows.columns; ++c)
      rows.data[r * rows.stride + c] -= product.data()[r * rows.columns + c];
}

}  // namespace detail

/// Replaces the lower triangle of a symmetric matrix [n, n] by L of m = L L^T; the rest is not to be read.
/// False where m is not positive definite; it is spoilt then.
template <class T>
bool cholesky(Tensor<T, Cpu>& m) {
  ops::require_rank("cholesky", "m", m, 2);
  const std::int64_t n = m.dim(0), block = detail::cholesky_block;
  require(m.dim(1) == n, "cholesky: m ", m.shape(), " is not square");
  T* a = m.data();
  for (std::int64_t first = 0; first < n; first += block) {
    const std::int64_t last = std::min(first + block, n), width = last - first;
    parallel_for(n - first, block, [&](std::int64_t begin, std::int64_t end) {
      Tensor<T, Cpu> product({end - begin, width});
      cpu::gemm_nt<T>({a + (first + begin) * n, end - begin, first, n}, {a + first * n, width, first, n},
                      {product.data(), end - begin, width, width});
      detail::subtract<T>({a + (first + begin) * n + first, end - begin, width, n}, product);
    });
    for (std::int64_t i = first; i < last; ++i) {
      detail::finish_row(a, n, i, first, i);
      T pivot = a[i * n + i];
      for (std::int64_t p = first; p < i; ++p) pivot -= a[i * n + p] * a[i * n + p];
      if (!(pivot > 0) || !std::isfinite(pivot)) return false;
      a[i * n + i] = std::sqrt(pivot);
    }
    parallel_for(n - last, block, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = last + begin; i < last + end; ++i) detail::finish_row(a, n, i, first, last);
    });
  }
  return true;
}

/// Replaces w [n, k] by the solution x of L L^T x = w, for L of cholesky().
template <class T>
void cholesky_solve(const Tensor<T, Cpu>& factor, Tensor<T, Cpu>& w) {
  ops::require_rank("cholesky_solve", "w", w, 2);
  const std::int64_t n = factor.dim(0), k = w.dim(1), block = detail::cholesky_block;
  require(w.dim(0) == n, "cholesky_solve: w ", w.shape(), " does not fit a factor ", factor.shape());
  const T* l = factor.data();
  T* x = w.data();
  const auto take = [&](T* from, const T* other, T times) {
    for (std::int64_t c = 0; c < k; ++c) from[c] -= times * other[c];
  };
  const auto divide = [&](std::int64_t i) {
    for (std::int64_t c = 0; c < k; ++c) x[i * k + c] /= l[i * n + i];
  };
  Tensor<T, Cpu> product({block, k});
  for (std::int64_t first = 0; first < n; first += block) {
    const std::int64_t last = std::min(first + block, n), rows = last - first;
    cpu::gemm<T>({l + first * n, rows, first, n}, {x, first, k, k}, {product.data(), rows, k, k});
    detail::subtract<T>({x + first * k, rows, k, k}, product);
    for (std::int64_t i = first; i < last; divide(i), ++i)
      for (std::int64_t j = first; j < i; ++j) take(x + i * k, x + j * k, l[i * n + j]);
  }
  for (std::int64_t first = (n - 1) / block * block; first >= 0; first -= block) {
    const std::int64_t last = std::min(first + block, n), rows = last - first;
    cpu::gemm_tn<T>({l + last * n + first, n - last, rows, n}, {x + last * k, n - last, k, k},
                    {product.data(), rows, k, k});
    detail::subtract<T>({x + first * k, rows, k, k}, product);
    for (std::int64_t i = last - 1; i >= first; --i) {
      divide(i);
      for (std::int64_t j = first; j < i; ++j) take(x + j * k, x + i * k, l[i * n + j]);
    }
  }
}

}  // namespace pretext::eval
