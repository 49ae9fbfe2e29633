// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "pretext/core/thread_pool.hpp"
#include "pretext/cpu/gemm.hpp"
#include "pretext/ops/op.hpp"

namespace pretext::eval {

/// What nearness is: the cosine of the angle, or minus the squared distance.
enum class Metric { cosine, euclidean };

inline const char* to_string(Metric metric) { return metric == Metric::cosine ? "cosine" : "euclidean"; }

/// The k nearest rows of a bank for every query, best first.
template <class T>
struct Neighbours {
  std::int64_t k = 0;
  std::vector<std::int64_t> index;  ///< [queries * k]
  std::vector<T> score;             ///< [queries * k]; larger is nearer
};

namespace detail {

template <class T>
struct Neighbour {
  T score;
  std::int64_t index;

  /// Nearer, or as near and earlier.
  bool before(const Neighbour& other) const {
    return score != other.score ? score > other.score : index < other.index;
  }
};

/// Keeps the k best of what it is shown in rising order of index.
template <class T>
class Nearest {
 public:
  explicit Nearest(std::int64_t k) : k_(k) {}

  void show(T score, std::int64_t index) {
    if (!(score > least_)) return;
    kept_.push_back({score, index});
    if (std::ssize(kept_) < 2 * k_) return;
    std::nth_element(kept_.begin(), kept_.begin() + k_ - 1, kept_.end(), &before);
    kept_.resize(static_cast<std::size_t>(k_));
    least_ = kept_.back().score;  // a later row must be nearer than the worst of k, not as near
  }

  void write(std::int64_t* index, T* score) {
    std::sort(kept_.begin(), kept_.end(), &before);
    for (std::int64_t i = 0; i < k_; ++i) {
      index[i] = kept_[static_cast<std::size_t>(i)].index;
      score[i] = kept_[static_cast<std::size_t>(i)].score;
    }
  }

 private:
  static bool before(const Neighbour<T>& a, const Neighbour<T>& b) { return a.before(b); }

  std::int64_t k_;
  T least_ = -std::numeric_limits<T>::infinity();
  std::vector<Neighbour<T>> kept_;
};

}  // namespace detail

/// Feature rows ready to be searched, all of them, block by block. Equal rows score equal, wherever they
/// lie, and of equals the first row is the nearer.
template <class T>
class Bank {
 public:
  Bank() = default;

  /// Copies x [N, dims]; throws where a value is not finite. For cosine, rows get length 1; a row of zeros
  /// stays and is as far from everything as a right angle.
  explicit Bank(const Tensor<T, Cpu>& x, Metric metric = Metric::cosine) : metric_(metric) {
    ops::require_rank("kNN", "x", x, 2);
    rows_ = x.dim(0);
    x_ = prepare(x, (rows_ + block - 1) / block * block, squares_);
  }

  std::int64_t size() const { return rows_; }
  Metric metric() const { return metric_; }

  /// The k rows nearest to each query [Q, dims]; fewer where the bank has fewer.
  Neighbours<T> nearest(const Tensor<T, Cpu>& queries, std::int64_t k) const {
    ops::require_rank("kNN", "queries", queries, 2);
    require(k >= 1, "kNN: k must be at least 1, not ", k);
    require(rows_ > 0, "kNN: the bank is empty");
    require(queries.dim(1) == x_.dim(1), "kNN: queries ", queries.shape(), " for a bank of ", x_.dim(1),
            " features");
    Neighbours<T> found{.k = std::min(k, rows_), .index = {}, .score = {}};
    found.index.resize(static_cast<std::size_t>(queries.dim(0) * found.k));
    found.score.resize(found.index.size());
    parallel_for(queries.dim(0), together, [&](std::int64_t begin, std::int64_t end) {
      search(queries.rows(begin, end), found.k, found.index.data() + begin * found.k,
             found.score.data() + begin * found.k);
    });
    return found;
  }

 private:
  // Whole register tiles of the matrix product, so that each score is summed in the same order.
  static constexpr std::int64_t block = 960, together = 128, tile = 4;

  /// The rows, for cosine of length 1, followed by zeros up to `padded` rows, and their squared lengths.
  Tensor<T, Cpu> prepare(const Tensor<T, Cpu>& x, std::int64_t padded, std::vector<double>& squares) const {
    const std::int64_t d = x.dim(1);
    Tensor<T, Cpu> y({padded, d});
    squares.resize(static_cast<std::size_t>(padded));
    std::fill(y.data() + x.size(), y.data() + y.size(), T(0));
    parallel_for(x.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const T* from = x.data() + r * d;
        double sum = 0;
        for (std::int64_t i = 0; i < d; ++i) sum += static_cast<double>(from[i]) * from[i];
        require(sum < 1e36, "kNN: row ", r, " has values that are not finite or too large to compare");
        squares[static_cast<std::size_t>(r)] = sum;
        const double scale = metric_ == Metric::cosine && sum > 0 ? 1 / std::sqrt(sum) : 1;
        for (std::int64_t i = 0; i < d; ++i) y.data()[r * d + i] = static_cast<T>(scale * from[i]);
      }
    });
    return y;
  }

  void search(const Tensor<T, Cpu>& queries, std::int64_t k, std::int64_t* index, T* score) const {
    const std::int64_t n = queries.dim(0), padded = (n + tile - 1) / tile * tile, d = x_.dim(1);
    std::vector<double> squares;
    const Tensor<T, Cpu> q = prepare(queries, padded, squares);
    Tensor<T, Cpu> products({padded, block});
    std::vector<detail::Nearest<T>> nearest(static_cast<std::size_t>(n), detail::Nearest<T>(k));
    for (std::int64_t first = 0; first < rows_; first += block) {
      cpu::gemm_nt<T>({q.data(), padded, d, d}, {x_.data() + first * d, block, d, d},
                      {products.data(), padded, block, block});
      const std::int64_t count = std::min(block, rows_ - first);
      for (std::int64_t r = 0; r < n; ++r) {
        const double square = squares[static_cast<std::size_t>(r)];
        for (std::int64_t b = 0; b < count; ++b)
          nearest[static_cast<std::size_t>(r)].show(
              score_of(products.data()[r * block + b], square, first + b), first + b);
      }
    }
    for (std::int64_t r = 0; r < n; ++r)
      nearest[static_cast<std::size_t>(r)].write(index + r * k, score + r * k);
  }

  T score_of(T product, double query_square, std::int64_t row) const {
    if (metric_ == Metric::cosine) return product;
    return static_cast<T>(2.0 * product - query_square - squares_[static_cast<std::size_t>(row)]);
  }

  Metric metric_ = Metric::cosine;
  std::int64_t rows_ = 0;
  Tensor<T, Cpu> x_;             // padded with zeros to whole blocks
  std::vector<double> squares_;  // the squared length of each row
};

}  // namespace pretext::eval
