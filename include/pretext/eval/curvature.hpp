// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <cstdint>
#include <limits>

#include "pretext/core/thread_pool.hpp"
#include "pretext/eval/lbfgs.hpp"
#include "pretext/ops/op.hpp"

namespace pretext::eval {

/// x^T x / N of features x [N, dims], the lower triangle; empty for more than `moment_limit` features, where
/// its cost would be more than it saves.
template <class T>
using Moment = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

inline constexpr std::int64_t moment_limit = 8192;

/// Measured on every s-th row, s as large as leaves at least 4 rows a feature: enough for Curvature.
template <class T>
Moment<T> second_moment(const Tensor<T, Cpu>& x) {
  ops::require_rank("second moment", "x", x, 2);
  constexpr std::int64_t tile = 256;
  const std::int64_t d = x.dim(1), tiles = (d + tile - 1) / tile;
  if (d > moment_limit) return {};
  const std::int64_t every = std::max<std::int64_t>(1, x.dim(0) / (4 * std::max<std::int64_t>(1, d)));
  const std::int64_t n = x.dim(0) / every, stride = every * d;
  Moment<T> moment(d, d);
  parallel_for(tiles * tiles, 1, [&](std::int64_t index, std::int64_t) {
    // Eigen keeps columns, so the part of rows j and columns i of this symmetric matrix begins at (i, j).
    const std::int64_t i = index / tiles * tile, j = index % tiles * tile;
    if (i > j) return;
    cpu::gemm_tn<T>({x.data() + i, n, std::min(tile, d - i), stride},
                    {x.data() + j, n, std::min(tile, d - j), stride},
                    {moment.data() + i * d + j, std::min(tile, d - i), std::min(tile, d - j), d});
  });
  return moment *= 1 / static_cast<T>(n);
}

/// How the loss of logistic regression curves at weight 0, near enough: over the weights of one class by
/// M = moment / classes + l2, over the biases by 1 / classes. As the preconditioner of L-BFGS it makes tens
/// of steps of hundreds.
template <class T>
class Curvature {
 public:
  /// An empty moment stands for a curvature of 1 everywhere.
  Curvature(const Moment<T>& moment, int classes, double l2) : classes_(classes) {
    if (moment.size() == 0) return;
    const T scale = 1 / static_cast<T>(classes), epsilon = std::numeric_limits<T>::epsilon();
    // The entries are rounded and M may be singular: more is added to its diagonal until it has a factor.
    T added = std::max(static_cast<T>(l2), 10 * epsilon * (scale * moment.diagonal().mean() + epsilon));
    for (bool found = false; !found; added *= 10) {
      factor_ = scale * moment;
      factor_.diagonal().array() += added;
      found = Eigen::LLT<Eigen::Ref<Moment<T>>>(factor_).info() == Eigen::Success;
    }
  }

  /// The gradient [classes * dims + classes] divided by the curvature: a Newton step.
  Vector operator()(const Vector& gradient) const {
    if (factor_.size() == 0) return gradient;
    Vector step(gradient.size());
    const Eigen::Index dims = factor_.rows();
    const Eigen::Map<const Eigen::MatrixXd> from(gradient.data(), dims, classes_);  // a class a column
    Moment<T> weight = from.template cast<T>();
    factor_.template triangularView<Eigen::Lower>().solveInPlace(weight);
    factor_.template triangularView<Eigen::Lower>().transpose().solveInPlace(weight);
    Eigen::Map<Eigen::MatrixXd>(step.data(), dims, classes_) = weight.template cast<double>();
    step.tail(classes_) = classes_ * gradient.tail(classes_);
    return step;
  }

 private:
  int classes_;
  Moment<T> factor_;  // L of M = L L^T in its lower triangle
};

}  // namespace pretext::eval
