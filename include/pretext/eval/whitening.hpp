// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Cholesky>

#include "pretext/eval/softmax_loss.hpp"

namespace pretext::eval {

/// x^T x / N of features x [N, dims], the lower triangle; empty for more than `moment_limit` features, where
/// its cost would be more than it saves.
template <class T>
using Moment = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

inline constexpr std::int64_t moment_limit = 8192;

/// Measured on every s-th row, s as large as leaves at least 4 rows a feature: enough for Whitening.
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

/// Coordinates in which the loss of logistic regression curves much the same in all directions, so that
/// L-BFGS takes tens of steps and not hundreds. At weight 0 the Hessian over the weights of one class is near
/// M = moment / classes + l2. With M = L L^T, these coordinates of a weight are L^T weight; of a bias, bias /
/// sqrt(classes).
template <class T>
class Whitening {
 public:
  /// An empty moment stands for M = 1: coordinates as they are.
  Whitening(const Moment<T>& moment, int classes, double l2) : classes_(classes) {
    if (moment.size() == 0) return;
    const auto scale = 1 / static_cast<double>(classes);
    // The entries are rounded and M may be singular: more is added to its diagonal until it has a factor.
    double added = std::max(l2, 1e-9 * scale * (static_cast<double>(moment.diagonal().mean()) + 1e-20));
    for (bool found = false; !found; added *= 10) {
      factor_ = scale * moment.template cast<double>();
      factor_.diagonal().array() += added;
      found = Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>>(factor_).info() == Eigen::Success;
    }
  }

  /// The coordinates of weight [classes, dims] and bias [classes].
  Vector coordinates(Vector point) const {
    auto [weight, bias] = parts(point);
    if (enabled()) weight = factor_.triangularView<Eigen::Lower>().transpose() * weight;
    bias /= root();
    return point;
  }

  /// Weight and bias that have these coordinates.
  Vector parameters(Vector point) const {
    auto [weight, bias] = parts(point);
    if (enabled()) factor_.triangularView<Eigen::Lower>().transpose().solveInPlace(weight);
    bias *= root();
    return point;
  }

  /// Turns a gradient by weight and bias into one by the coordinates.
  void turn(Vector& gradient) const {
    auto [weight, bias] = parts(gradient);
    if (enabled()) factor_.triangularView<Eigen::Lower>().solveInPlace(weight);
    bias *= root();
  }

 private:
  struct Parts {
    Eigen::Map<Eigen::MatrixXd> weight;  // [dims, classes], columns first
    Eigen::Map<Vector> bias;
  };

  Parts parts(Vector& point) const {
    const Eigen::Index weights = point.size() - classes_;
    return {{point.data(), weights / classes_, classes_}, {point.data() + weights, classes_}};
  }

  bool enabled() const { return factor_.size() != 0; }
  double root() const { return enabled() ? std::sqrt(static_cast<double>(classes_)) : 1; }

  int classes_;
  Eigen::MatrixXd factor_;  // L in its lower triangle
};

}  // namespace pretext::eval
