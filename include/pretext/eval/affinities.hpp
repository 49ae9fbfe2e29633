// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "pretext/eval/nearest.hpp"

namespace pretext::eval {

/// The joint probabilities of pairs of rows, by rows: entries [start[i], start[i + 1]) are those of row i
/// with rows `index`. Symmetric; all entries sum to 1.
struct Affinities {
  std::vector<std::int64_t> start{}, index{};
  std::vector<double> p{};

  std::int64_t rows() const { return std::ssize(start) - 1; }
};

namespace detail {

/// Squared distances become probabilities exp(-beta d) / sum, with the beta that makes their perplexity, 2 to
/// their entropy in bits, what is asked for; of 1 to below their number.
inline void calibrate(Span<double> squares, double perplexity) {
  const double least = *std::min_element(squares.begin(), squares.end());
  double mean = 0;
  for (double& square : squares) mean += (square -= least) / static_cast<double>(squares.size());
  if (!(mean > 0)) {
    std::fill(squares.begin(), squares.end(), 1 / static_cast<double>(squares.size()));
    return;
  }
  double low = 0, high = std::numeric_limits<double>::infinity(), beta = 1 / mean;
  const double wanted = std::log(perplexity);
  double sum = 0;
  for (int step = 0; step < 200; ++step) {
    double along = 0;
    sum = 0;
    for (const double square : squares) {
      const double p = std::exp(-beta * square);
      sum += p;
      along += p * square;
    }
    const double entropy = std::log(sum) + beta * along / sum;
    if (std::abs(entropy - wanted) < 1e-10) break;
    (entropy > wanted ? low : high) = beta;
    const double next = std::isinf(high) ? 2 * beta : 0.5 * (low + high);
    if (next == beta) break;
    beta = next;
  }
  for (double& square : squares) square = std::exp(-beta * square) / sum;
}

/// The k rows of x nearest to each, itself left out: [N * k].
template <class T>
std::vector<std::int64_t> other_rows(const Tensor<T, Cpu>& x, std::int64_t k) {
  const Neighbours<T> found = Bank<T>(x, Metric::euclidean).nearest(x, k + 1);
  std::vector<std::int64_t> others;
  for (std::int64_t i = 0; i < x.dim(0); ++i) {
    const std::int64_t* of_row = found.index.data() + i * found.k;
    // Among many rows in one place a row need not be among its own nearest; then the last is left out.
    const std::int64_t* self = std::min(std::find(of_row, of_row + k + 1, i), of_row + k);
    others.insert(others.end(), of_row, self);
    others.insert(others.end(), self + 1, of_row + k + 1);
  }
  return others;
}

/// (p + p^T) / (2 N) of the conditional probabilities p[i * k + j] of row i for row others[i * k + j].
inline Affinities symmetric(const std::vector<std::int64_t>& others, const std::vector<double>& p,
                            std::int64_t rows) {
  struct Entry {
    std::int64_t index;
    double p;
  };
  const std::int64_t k = std::ssize(others) / rows;
  std::vector<std::vector<Entry>> entries(static_cast<std::size_t>(rows));
  for (std::int64_t e = 0; e < std::ssize(others); ++e) {
    entries[static_cast<std::size_t>(e / k)].push_back({others[e], p[e]});
    entries[static_cast<std::size_t>(others[e])].push_back({e / k, p[e]});
  }
  Affinities a{.start = {0}};
  for (std::vector<Entry>& of_row : entries) {
    std::stable_sort(of_row.begin(), of_row.end(),
                     [](const Entry& one, const Entry& other) { return one.index < other.index; });
    for (const Entry& entry : of_row) {
      const double share = entry.p / static_cast<double>(2 * rows);
      if (std::ssize(a.index) > a.start.back() && a.index.back() == entry.index) {
        a.p.back() += share;
        continue;
      }
      a.index.push_back(entry.index);
      a.p.push_back(share);
    }
    a.start.push_back(std::ssize(a.index));
  }
  return a;
}

}  // namespace detail

/// How much the rows of x [N, dims] are each other's neighbours (van der Maaten and Hinton, JMLR 2008): each
/// spreads a Gaussian of the perplexity over its k nearest others by Euclidean distance, and pairs have the
/// mean of both.
template <class T>
Affinities affinities(const Tensor<T, Cpu>& x, double perplexity, std::int64_t k) {
  ops::require_rank("affinities", "x", x, 2);
  const std::int64_t n = x.dim(0), d = x.dim(1);
  require(1 <= k && k < n, "affinities: ", k, " neighbours among ", n, " rows");
  require(1 <= perplexity && perplexity <= static_cast<double>(k), "affinities: a perplexity of ", perplexity,
          " among ", k, " neighbours; expected 1 to ", k);
  Tensor<double, Cpu> rows({n, d});
  std::copy_n(x.data(), x.size(), rows.data());
  const std::vector<std::int64_t> others = detail::other_rows(rows, k);
  std::vector<double> p(others.size());
  parallel_for(n, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t e = begin * k; e < end * k; ++e) {
      const double *a = rows.data() + e / k * d, *b = rows.data() + others[e] * d;
      for (std::int64_t c = 0; c < d; ++c) p[e] += (a[c] - b[c]) * (a[c] - b[c]);
    }
    for (std::int64_t i = begin; i < end; ++i)
      detail::calibrate({p.data() + i * k, static_cast<std::size_t>(k)}, perplexity);
  });
  return detail::symmetric(others, p, n);
}

}  // namespace pretext::eval
