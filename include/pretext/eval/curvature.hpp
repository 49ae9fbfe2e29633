// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "pretext/eval/cholesky.hpp"
#include "pretext/eval/inner_products.hpp"
#include "pretext/eval/lbfgs.hpp"

namespace pretext::eval {

inline constexpr std::int64_t moment_limit = 8192;

/// x^T x / N of features x [N, dims]: the lower triangle of [dims, dims], the rest unset. Undefined for more
/// than `moment_limit` features, where its cost would be more than it saves. Measured on every s-th row, s as
/// large as leaves at least 4 rows a feature: enough for Curvature.
template <class T>
Tensor<T, Cpu> second_moment(const Tensor<T, Cpu>& x) {
  ops::require_rank("second moment", "x", x, 2);
  const std::int64_t d = x.dim(1);
  if (d > moment_limit) return {};
  const std::int64_t every = std::max<std::int64_t>(1, x.dim(0) / (4 * std::max<std::int64_t>(1, d)));
  const std::int64_t n = x.dim(0) / every;
  Tensor<T, Cpu> moment = column_products<T>({x.data(), n, d, every * d});
  for (std::int64_t i = 0; i < d; ++i)
    for (std::int64_t j = 0; j <= i; ++j) moment.data()[i * d + j] /= static_cast<T>(n);
  return moment;
}

/// How the loss of logistic regression curves at weight 0, near enough: over the weights of one class by
/// M = moment / classes + l2, over the biases by 1 / classes. As the preconditioner of L-BFGS it makes tens
/// of steps of hundreds.
template <class T>
class Curvature {
 public:
  /// An undefined moment stands for a curvature of 1 everywhere.
  Curvature(const Tensor<T, Cpu>& moment, int classes, double l2) : classes_(classes) {
    if (!moment.defined() || moment.size() == 0) return;
    const std::int64_t d = moment.dim(0);
    double trace = 0;
    for (std::int64_t i = 0; i < d; ++i) trace += moment.data()[i * d + i];
    if (!std::isfinite(trace)) return;  // the loss will say so
    // The entries are rounded and M may be singular: more is added to its diagonal until it has a factor.
    const double mean = trace / static_cast<double>(d) / classes, epsilon = std::numeric_limits<T>::epsilon();
    for (double added = std::max(l2, 10 * epsilon * (mean + epsilon));; added *= 10) {
      factor_ = moment.clone();
      for (std::int64_t i = 0; i < d; ++i) {
        for (std::int64_t j = 0; j <= i; ++j) factor_.data()[i * d + j] /= static_cast<T>(classes);
        factor_.data()[i * d + i] += static_cast<T>(added);
      }
      if (cholesky(factor_)) return;
    }
  }

  /// The gradient [classes * dims + classes] divided by the curvature: a Newton step.
  Vector operator()(const Vector& gradient) const {
    if (!factor_.defined()) return gradient;
    const std::int64_t d = factor_.dim(0);
    Tensor<T, Cpu> weight({d, classes_});
    for (std::int64_t c = 0; c < classes_; ++c)
      for (std::int64_t i = 0; i < d; ++i)
        weight.data()[i * classes_ + c] = static_cast<T>(gradient[c * d + i]);
    cholesky_solve(factor_, weight);
    Vector step(gradient.size());
    for (std::int64_t c = 0; c < classes_; ++c)
      for (std::int64_t i = 0; i < d; ++i) step[c * d + i] = weight.data()[i * classes_ + c];
    for (std::int64_t c = classes_ * d; c < std::ssize(step); ++c)
      step[c] = static_cast<double>(classes_) * gradient[c];
    return step;
  }

 private:
  std::int64_t classes_;
  Tensor<T, Cpu> factor_;  // L of M = L L^T in its lower triangle
};

}  // namespace pretext::eval
