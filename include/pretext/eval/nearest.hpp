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

  /// Shows rows `first` and on. Most scores are no news, which vectors tell fastest.
  void show(const T* scores, std::int64_t count, std::int64_t first) {
    int news = 0;
    for (std::int64_t i = 0; i < count; ++i) news |= scores[i] > least_ ? 1 : 0;
    for (std::int64_t i = 0; news != 0 && i < count; ++i) show(scores[i], first + i);
  }

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

/// Feature rows ready to be searched, all of them: packed once, as the right factor of matrix products. Equal
/// rows score equal, wherever they lie, and of equals the first row is the nearer.
template <class T>
class Bank {
 public:
  Bank() = default;

  /// Copies x [N, dims]; throws where a value is not finite. For cosine, rows get length 1; a row of zeros
  /// stays and is as far from everything as a right angle.
  explicit Bank(const Tensor<T, Cpu>& x, Metric metric = Metric::cosine) : metric_(metric) {
    ops::require_rank("kNN", "x", x, 2);
    rows_ = x.dim(0);
    dims_ = x.dim(1);
    squares_.resize(static_cast<std::size_t>(rows_));
    for (std::int64_t first = 0; first < rows_; first += block)
      blocks_.emplace_back(dims_, std::min(block, rows_ - first));
    parallel_for(rows_, block, [&](std::int64_t begin, std::int64_t end) {
      const Tensor<T, Cpu> rows = prepare(x, begin, end, squares_.data() + begin);
      cpu::Panels<T>& panels = blocks_[static_cast<std::size_t>(begin / block)];
      for (std::int64_t j = 0; j < panels.count(); ++j)
        panels.pack_transposed(j, {rows.data(), end - begin, dims_, dims_});
    });
  }

  std::int64_t size() const { return rows_; }
  Metric metric() const { return metric_; }

  /// The k rows nearest to each query [Q, dims]; fewer where the bank has fewer.
  Neighbours<T> nearest(const Tensor<T, Cpu>& queries, std::int64_t k) const {
    ops::require_rank("kNN", "queries", queries, 2);
    require(k >= 1, "kNN: k must be at least 1, not ", k);
    require(rows_ > 0, "kNN: the bank is empty");
    require(queries.dim(1) == dims_, "kNN: queries ", queries.shape(), " for a bank of ", dims_, " features");
    Neighbours<T> found{.k = std::min(k, rows_), .index = {}, .score = {}};
    found.index.resize(static_cast<std::size_t>(queries.dim(0) * found.k));
    found.score.resize(found.index.size());
    parallel_for(queries.dim(0), cpu::row_block, [&](std::int64_t begin, std::int64_t end) {
      std::vector<detail::Nearest<T>> nearest(static_cast<std::size_t>(end - begin),
                                              detail::Nearest<T>(found.k));
      search(queries, begin, nearest);
      for (std::int64_t q = begin; q < end; ++q)
        nearest[static_cast<std::size_t>(q - begin)].write(found.index.data() + q * found.k,
                                                           found.score.data() + q * found.k);
    });
    return found;
  }

 private:
  static constexpr std::int64_t block = 1024;  // rows that are packed together

  /// Rows [begin, end) of x, for cosine of length 1, and their squared lengths as they were.
  Tensor<T, Cpu> prepare(const Tensor<T, Cpu>& x, std::int64_t begin, std::int64_t end,
                         double* squares) const {
    const std::int64_t d = x.dim(1);
    Tensor<T, Cpu> y({end - begin, d});
    for (std::int64_t r = begin; r < end; ++r) {
      const T* from = x.data() + r * d;
      double sum = 0;
      for (std::int64_t i = 0; i < d; ++i) sum += static_cast<double>(from[i]) * from[i];
      require(sum < 1e36, "kNN: row ", r, " has values that are not finite or too large to compare");
      squares[r - begin] = sum;
      const double scale = metric_ == Metric::cosine && sum > 0 ? 1 / std::sqrt(sum) : 1;
      for (std::int64_t i = 0; i < d; ++i) y.data()[(r - begin) * d + i] = static_cast<T>(scale * from[i]);
    }
    return y;
  }

  /// Shows all rows of the bank to some queries, which stay in cache while the panels pass.
  void search(const Tensor<T, Cpu>& queries, std::int64_t first_query,
              std::vector<detail::Nearest<T>>& nearest) const {
    const std::int64_t n = std::ssize(nearest), width = cpu::panel_columns<T>();
    std::vector<double> squares(nearest.size());
    const Tensor<T, Cpu> q = prepare(queries, first_query, first_query + n, squares.data());
    Tensor<T, Cpu> scores({n, width});
    for (std::int64_t first = 0; first < rows_; first += block) {
      const cpu::Panels<T>& panels = blocks_[static_cast<std::size_t>(first / block)];
      for (std::int64_t j = 0; j < panels.count(); ++j) {
        cpu::multiply<T>({.a = q.data(),
                          .a_row = dims_,
                          .b = panels.panel(j),
                          .c = scores.data(),
                          .c_row = width,
                          .rows = n,
                          .depth = dims_});
        for (std::int64_t r = 0; r < n; ++r) {
          T* row = scores.data() + r * width;
          const auto at = static_cast<std::size_t>(r);
          if (metric_ == Metric::euclidean)
            to_distances(row, panels.width(j), squares[at], first + j * width);
          nearest[at].show(row, panels.width(j), first + j * width);
        }
      }
    }
  }

  /// Products with rows `first` and on become minus the squared distances.
  void to_distances(T* products, std::int64_t count, double query_square, std::int64_t first) const {
    const double* of_row = squares_.data() + first;
    for (std::int64_t i = 0; i < count; ++i)
      products[i] = static_cast<T>(2.0 * products[i] - query_square - of_row[i]);
  }

  Metric metric_ = Metric::cosine;
  std::int64_t rows_ = 0, dims_ = 0;
  std::vector<cpu::Panels<T>> blocks_;
  std::vector<double> squares_;  // the squared length of each row
};

}  // namespace pretext::eval
