// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <optional>

#include "pretext/eval/cholesky.hpp"
#include "pretext/eval/inner_products.hpp"
#include "pretext/eval/lbfgs.hpp"

namespace pretext::eval {

/// Few rows x [N, dims] seen in as many features as there are rows: x = l q, where q has orthonormal rows.
/// The weights of a linear classifier with a penalty on their squares have no part at right angles to the
/// rows (the representer theorem), so that the minimum for l [N, N] is that for x, at the cost of N features.
template <class T>
class RowSpace {
 public:
  static constexpr std::int64_t row_limit = 4096;  ///< a larger factor would cost more than it saves

  /// The space of the rows of x; none where they are not few, or not finite.
  static std::optional<RowSpace> of(const Tensor<T, Cpu>& x) {
    ops::require_rank("row space", "x", x, 2);
    const std::int64_t n = x.dim(0);
    if (n == 0 || n > row_limit || 2 * n > x.dim(1)) return std::nullopt;
    RowSpace space(x);
    double trace = 0;
    for (std::int64_t i = 0; i < n; ++i) trace += space.factor_.data()[i * n + i];
    if (!(trace > 0) || !std::isfinite(trace)) return std::nullopt;
    space.factorize(trace);
    return space;
  }

  std::int64_t dims() const { return x_.dim(1); }

  /// l [N, N], a row for each row of x.
  Tensor<T, Cpu> rows() const {
    Tensor<T, Cpu> l(factor_.shape());
    for (std::int64_t i = 0; i < l.size(); ++i) l.data()[i] = static_cast<T>(factor_.data()[i]);
    return l;
  }

  /// The weights [classes, dims] of x that have the scores of weights [classes, N] of rows(); what follows
  /// them, the biases, stays.
  Vector weights_of_x(const Vector& parameters, std::int64_t classes) const {
    const std::int64_t n = x_.dim(0);
    Tensor<double, Cpu> scores({n, classes});
    cpu::gemm_nt<double>({factor_.data(), n, n, n}, {parameters.data(), classes, n, n},
                         {scores.data(), n, classes, classes});
    cholesky_solve(factor_, scores);
    Vector result(static_cast<std::size_t>(classes * dims()));
    each_slice([&](const Tensor<double, Cpu>& slice, std::int64_t first) {
      const std::int64_t width = slice.dim(1);
      cpu::gemm_tn<double>({scores.data(), n, classes, classes}, {slice.data(), n, width, width},
                           {result.data() + first, classes, width, dims()});
    });
    result.insert(result.end(), parameters.begin() + classes * n, parameters.end());
    return result;
  }

 private:
  explicit RowSpace(const Tensor<T, Cpu>& x)
      : x_(x), factor_(Tensor<double, Cpu>::zeros({x.dim(0), x.dim(0)})) {
    each_slice([&](const Tensor<double, Cpu>& slice, std::int64_t) {
      const std::int64_t n = slice.dim(0), width = slice.dim(1);
      const auto products = row_products<double>({slice.data(), n, width, width});
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j <= i; ++j) factor_.data()[i * n + j] += products.data()[i * n + j];
    });
  }

  /// Calls f(slice [N, width], first column) for columns of x in double, a thousand at a time: rounded to
  /// float, the products of rows would hide what is small.
  template <class F>
  void each_slice(F&& f) const {
    const std::int64_t n = x_.dim(0);
    for (std::int64_t first = 0; first < dims(); first += 1024) {
      Tensor<double, Cpu> slice({n, std::min<std::int64_t>(1024, dims() - first)});
      for (std::int64_t i = 0; i < n; ++i)
        std::copy_n(x_.data() + i * dims() + first, slice.dim(1), slice.data() + i * slice.dim(1));
      f(slice, first);
    }
  }

  /// Standardised rows add up to 0, so their products have no factor until rounding's share is on the
  /// diagonal.
  void factorize(double trace) {
    const Tensor<double, Cpu> products = std::move(factor_);
    const std::int64_t n = products.dim(0);
    for (double added = std::numeric_limits<double>::epsilon() * trace;; added *= 10) {
      factor_ = products.clone();
      for (std::int64_t i = 0; i < n; ++i) factor_.data()[i * n + i] += added;
      if (cholesky(factor_)) break;
    }
    for (std::int64_t i = 0; i < n; ++i) std::fill_n(factor_.data() + i * n + i + 1, n - i - 1, 0.0);
  }

  Tensor<T, Cpu> x_;
  Tensor<double, Cpu> factor_;  // l, of x x^T = l l^T, with zeros above its diagonal
};

}  // namespace pretext::eval
