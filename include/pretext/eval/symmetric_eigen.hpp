// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "pretext/core/random.hpp"
#include "pretext/cpu/reduce.hpp"

namespace pretext::eval {

/// Eigenvalues [k], largest first, and their eigenvectors [k, n], each of length 1 and of either sign.
struct Eigenpairs {
  std::vector<double> values{};
  Tensor<double, Cpu> vectors{};
};

namespace detail {

/// A tridiagonal matrix: off[i] couples i and i + 1.
struct Tridiagonal {
  std::vector<double> diagonal, off;
};

inline double dot(const double* a, const double* b, std::int64_t n) {
  return cpu::sum_of<double>(n, [&](std::int64_t i) { return a[i] * b[i]; });
}

/// Makes of x[n] the v of a reflection I - beta v v^T that leaves of x its last entry alone: `last`. Returns
/// beta; 0 where x is so already.
inline double reflector(double* x, std::int64_t n, double& last) {
  last = x[n - 1];
  if (std::all_of(x, x + n - 1, [](double v) { return v == 0; })) return 0;
  const double length = std::sqrt(dot(x, x, n));
  last = x[n - 1] > 0 ? -length : length;
  x[n - 1] -= last;
  return 2 / dot(x, x, n);
}

/// Householder's reduction m = Q T Q^T of a symmetric m [n, n], whose row i then holds the reflector of i
/// entries that made row i of T, and beta[i] its factor.
inline Tridiagonal tridiagonalize(Tensor<double, Cpu>& m, std::vector<double>& beta) {
  const std::int64_t n = m.dim(0);
  Tridiagonal t{std::vector<double>(static_cast<std::size_t>(n)),
                std::vector<double>(static_cast<std::size_t>(n))};
  beta.assign(static_cast<std::size_t>(n), 0);
  // The reflection at row i takes v w^T + w v^T off the rows above; that is done when they are next read.
  std::vector<double> w(static_cast<std::size_t>(n)), product(w.size());
  const double* v = nullptr;
  const auto take_off = [&](double* row, std::int64_t r, std::int64_t columns) {
    const double by_w = v[r], by_v = w[r];
    for (std::int64_t c = 0; c < columns; ++c) row[c] -= by_w * w[c] + by_v * v[c];
  };
  for (std::int64_t i = n - 1; i >= 0; --i) {
    double* row = m.data() + i * n;
    if (v != nullptr) take_off(row, i, i + 1);
    t.diagonal[i] = row[i];
    if (i == 0) break;
    beta[i] = reflector(row, i, t.off[i - 1]);
    parallel_for(i, std::max<std::int64_t>(1, cpu::chunk / i), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        if (v != nullptr) take_off(m.data() + r * n, r, i);
        product[r] = beta[i] * dot(m.data() + r * n, row, i);
      }
    });
    const double along = 0.5 * beta[i] * dot(product.data(), row, i);
    for (std::int64_t c = 0; c < i; ++c) w[c] = product[c] - along * row[c];
    v = row;
  }
  return t;
}

/// One step of the QR iteration with Wilkinson's shift on entries [low, high] of t, which are coupled.
inline void qr_step(Tridiagonal& t, std::int64_t low, std::int64_t high) {
  double* d = t.diagonal.data();
  double* e = t.off.data();
  const double half = 0.5 * (d[high - 1] - d[high]), off = e[high - 1];
  const double shift = d[high] - off * off / (half + std::copysign(std::hypot(half, off), half));
  double x = d[low] - shift, z = e[low];
  for (std::int64_t k = low; k < high; ++k) {
    const double length = std::hypot(x, z), c = length > 0 ? x / length : 1, s = length > 0 ? z / length : 0;
    if (k > low) e[k - 1] = length;
    const double first = d[k], second = d[k + 1], both = 2 * c * s * e[k];
    d[k] = c * c * first + both + s * s * second;
    d[k + 1] = s * s * first - both + c * c * second;
    e[k] = c * s * (second - first) + (c * c - s * s) * e[k];
    x = e[k];
    if (k + 1 < high) {
      z = s * e[k + 1];
      e[k + 1] *= c;
    }
  }
}

/// All eigenvalues, largest first.
inline std::vector<double> eigenvalues(Tridiagonal t) {
  const auto coupled = [&](std::int64_t i) {
    const double scale = std::abs(t.diagonal[i]) + std::abs(t.diagonal[i + 1]);
    return std::abs(t.off[i]) > std::numeric_limits<double>::epsilon() * scale;
  };
  std::int64_t steps = 0;
  for (std::int64_t high = std::ssize(t.diagonal) - 1; high > 0;) {
    if (!coupled(high - 1)) {
      --high;
      continue;
    }
    std::int64_t low = high - 1;
    while (low > 0 && coupled(low - 1)) --low;
    require(++steps <= 60 * std::ssize(t.diagonal), "eigenvalues: the QR iteration does not converge");
    qr_step(t, low, high);
  }
  std::sort(t.diagonal.begin(), t.diagonal.end(), [](double a, double b) { return a > b; });
  return t.diagonal;
}

/// Replaces x by the solution y of (t - value) y = x, by elimination with row exchanges; a pivot of zero
/// becomes `least`.
inline void solve_shifted(const Tridiagonal& t, double value, double least, double* x) {
  const std::int64_t n = std::ssize(t.diagonal);
  std::vector<std::array<double, 3>> rows(t.diagonal.size());  // from the diagonal on
  std::array<double, 3> row{t.diagonal[0] - value, n > 1 ? t.off[0] : 0, 0};
  for (std::int64_t i = 0; i + 1 < n; ++i) {
    std::array<double, 3> next{t.off[i], t.diagonal[i + 1] - value, i + 2 < n ? t.off[i + 1] : 0};
    if (std::abs(next[0]) > std::abs(row[0])) {
      std::swap(row, next);
      std::swap(x[i], x[i + 1]);
    }
    if (row[0] == 0) row[0] = least;
    const double factor = next[0] / row[0];
    x[i + 1] -= factor * x[i];
    rows[i] = row;
    row = {next[1] - factor * row[1], next[2] - factor * row[2], 0};
  }
  rows[n - 1] = {std::abs(row[0]) < least ? least : row[0], 0, 0};
  for (std::int64_t i = n - 1; i >= 0; --i) {
    if (i + 1 < n) x[i] -= rows[i][1] * x[i + 1];
    if (i + 2 < n) x[i] -= rows[i][2] * x[i + 2];
    x[i] /= rows[i][0];
  }
}

/// Eigenvector `index` of t into its row of `vectors`, by inverse iteration at right angles to the rows
/// above.
inline void inverse_iteration(const Tridiagonal& t, double value, double least, std::int64_t index,
                              Tensor<double, Cpu>& vectors) {
  const std::int64_t n = vectors.dim(1);
  double* x = vectors.data() + index * n;
  Rng rng(0, Use::probe, 0, static_cast<std::uint32_t>(index));
  for (std::int64_t i = 0; i < n; ++i) x[i] = rng.normal();
  for (int round = 0; round < 4; ++round) {
    if (round > 0) solve_shifted(t, value, least, x);
    const double size =
        std::abs(*std::max_element(x, x + n, [](double a, double b) { return std::abs(a) < std::abs(b); }));
    for (std::int64_t i = 0; i < n; ++i) x[i] /= size;
    for (int again = 0; again < 2; ++again)
      for (std::int64_t k = 0; k < index; ++k) {
        const double* other = vectors.data() + k * n;
        const double along = dot(x, other, n);
        for (std::int64_t i = 0; i < n; ++i) x[i] -= along * other[i];
      }
    const double length = std::sqrt(dot(x, x, n));
    for (std::int64_t i = 0; i < n; ++i) x[i] /= length;
  }
}

}  // namespace detail

/// The k largest eigenvalues of a symmetric m [n, n], of which the lower triangle is read and all is spoilt:
/// Householder's reduction, the QR iteration for the values, inverse iteration for the vectors. Throws where
/// a value is not finite.
inline Eigenpairs largest_eigenpairs(Tensor<double, Cpu>& m, std::int64_t k) {
  ops::require_rank("eigenpairs", "m", m, 2);
  const std::int64_t n = m.dim(0);
  require(m.dim(1) == n, "eigenpairs: m ", m.shape(), " is not square");
  require(1 <= k && k <= n, "eigenpairs: ", k, " of a matrix ", m.shape(), "; expected 1 to ", n);
  double largest = 0;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      const double entry = m.data()[i * n + j];
      require(std::isfinite(entry), "eigenpairs: entry (", i, ", ", j, ") of m is not finite");
      largest = std::max(largest, std::abs(entry));
      m.data()[j * n + i] = entry;
    }
  std::vector<double> beta;
  const detail::Tridiagonal t = detail::tridiagonalize(m, beta);
  Eigenpairs pairs{detail::eigenvalues(t), Tensor<double, Cpu>({k, n})};
  pairs.values.resize(static_cast<std::size_t>(k));
  const double least = std::max(std::numeric_limits<double>::epsilon() * largest, 1e-300);
  for (std::int64_t i = 0; i < k; ++i) detail::inverse_iteration(t, pairs.values[i], least, i, pairs.vectors);
  parallel_for(k, 1, [&](std::int64_t index, std::int64_t) {
    double* x = pairs.vectors.data() + index * n;
    for (std::int64_t i = 1; i < n; ++i) {
      const double along = beta[i] * detail::dot(m.data() + i * n, x, i);
      for (std::int64_t c = 0; c < i; ++c) x[c] -= along * m.data()[i * n + c];
    }
  });
  return pairs;
}

}  // namespace pretext::eval
