// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "pretext/cpu/reduce.hpp"

namespace pretext::eval {

namespace detail {

/// The sum over the rows of x [N, dims] of f(value, column), for each column.
template <class T, class F>
std::vector<double> column_sums(const Tensor<T, Cpu>& x, const F& f) {
  const std::int64_t rows = x.dim(0), columns = x.dim(1);
  std::vector<double> sums(static_cast<std::size_t>(columns));
  cpu::reduce_rows<double>(rows, cpu::reduction_grain(rows, columns), columns, sums.data(),
                           [&](std::int64_t begin, std::int64_t end, double* partial) {
                             for (std::int64_t r = begin; r < end; ++r)
                               for (std::int64_t c = 0; c < columns; ++c)
                                 partial[c] += f(static_cast<double>(x.data()[r * columns + c]), c);
                           });
  return sums;
}

}  // namespace detail

/// Moves every feature to mean 0 and deviation 1, by the statistics of the rows that it was fitted to. A
/// feature that is constant there, up to rounding, says nothing and becomes 0.
template <class T>
class Standardizer {
 public:
  Standardizer() = default;

  /// One that leaves `dims` features as they are.
  static Standardizer unchanged(std::int64_t dims) {
    Standardizer s;
    s.mean_.assign(static_cast<std::size_t>(dims), T(0));
    s.scale_.assign(static_cast<std::size_t>(dims), T(1));
    return s;
  }

  /// Measures x [N, dims]; throws where a value is not finite.
  explicit Standardizer(const Tensor<T, Cpu>& x) {
    ops::require_rank("standardize", "x", x, 2);
    require(x.dim(0) > 0, "standardize: there are no rows to measure");
    const std::vector<double> sums = detail::column_sums(x, [](double value, std::int64_t) { return value; });
    for (const double sum : sums) mean_.push_back(static_cast<T>(sum / static_cast<double>(x.dim(0))));
    const std::vector<double> squares = detail::column_sums(x, [this](double value, std::int64_t column) {
      const double offset = value - mean_[static_cast<std::size_t>(column)];
      return offset * offset;
    });
    for (std::size_t i = 0; i < mean_.size(); ++i) scale_.push_back(scale(i, squares[i], x.dim(0)));
  }

  std::int64_t dims() const { return static_cast<std::int64_t>(mean_.size()); }
  Span<const T> mean() const { return mean_; }

  /// One over the deviation; 0 where a feature is constant.
  Span<const T> scale() const { return scale_; }

  /// y[i] = (x[rows[i]] - mean) * scale
  Tensor<T, Cpu> operator()(const Tensor<T, Cpu>& x, Span<const std::int64_t> rows) const {
    ops::require_rank("standardize", "x", x, 2);
    require(x.dim(1) == dims(), "standardize: x ", x.shape(), " has ", x.dim(1), " features, but ", dims(),
            " were measured");
    for (const std::int64_t row : rows)
      require(0 <= row && row < x.dim(0), "standardize: there is no row ", row, " in ", x.shape());
    Tensor<T, Cpu> y({static_cast<std::int64_t>(rows.size()), dims()});
    parallel_for(y.dim(0), cpu::reduction_grain(y.dim(0), dims()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r)
        move(x.data() + rows[static_cast<std::size_t>(r)] * dims(), y.data() + r * dims());
    });
    return y;
  }

  /// The same for all rows in their order.
  Tensor<T, Cpu> operator()(const Tensor<T, Cpu>& x) const {
    ops::require_rank("standardize", "x", x, 2);
    std::vector<std::int64_t> rows(static_cast<std::size_t>(x.dim(0)));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    return (*this)(x, rows);
  }

 private:
  T scale(std::size_t column, double squares, std::int64_t rows) const {
    const double deviation = std::sqrt(squares / static_cast<double>(rows));
    require(std::isfinite(deviation), "standardize: feature ", column,
            " has a value that is not finite; look at the network that made it");
    const double rounding =
        8.0 * std::numeric_limits<T>::epsilon() * std::abs(static_cast<double>(mean_[column]));
    return deviation > rounding ? static_cast<T>(1 / deviation) : T(0);
  }

  void move(const T* from, T* to) const {
    for (std::size_t i = 0; i < mean_.size(); ++i) to[i] = (from[i] - mean_[i]) * scale_[i];
  }

  std::vector<T> mean_, scale_;
};

}  // namespace pretext::eval
