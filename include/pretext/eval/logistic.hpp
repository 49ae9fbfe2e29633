// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"
#include "pretext/core/random.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/eval/curvature.hpp"
#include "pretext/eval/softmax_loss.hpp"
#include "pretext/optim/schedule.hpp"

namespace pretext::eval {

/// Multinomial logistic regression: one linear layer and the loss it was fitted to.
struct Logistic {
  Vector parameters;  ///< weight [classes, dims], then bias [classes]
  std::int64_t dims = 0;
  int classes = 0;
  double loss = 0;  ///< on the rows that it was fitted to, with the penalty
  int iterations = 0;
  bool converged = false;

  /// The scores [N, classes] of x [N, dims].
  template <class T>
  Tensor<T, Cpu> logits(const Tensor<T, Cpu>& x) const {
    Tensor<T, Cpu> weight({classes, dims}), bias({classes});
    for (std::int64_t i = 0; i < weight.size(); ++i) weight.data()[i] = static_cast<T>(parameters[i]);
    for (std::int64_t i = 0; i < classes; ++i) bias.data()[i] = static_cast<T>(parameters[weight.size() + i]);
    return apply(ops::Linear{}, x, weight, bias);
  }

  /// The class of the largest score of each row, the first of equals.
  template <class T>
  std::vector<int> predict(const Tensor<T, Cpu>& x) const {
    const Tensor<T, Cpu> scores = logits(x);
    std::vector<int> best;
    for (const T* row = scores.data(); row != scores.data() + scores.size(); row += classes)
      best.push_back(static_cast<int>(std::max_element(row, row + classes) - row));
    return best;
  }
};

/// The minimum of SoftmaxLoss by L-BFGS. `moment` is second_moment() of these rows or of others like them: it
/// changes how fast the minimum is found, not where it is. Starts at `start`, where there is one.
template <class T>
Logistic fit_lbfgs(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, double l2,
                   const std::type_identity_t<Tensor<T, Cpu>>& moment, const LbfgsOptions& options = {},
                   Vector start = {}) {
  const SoftmaxLoss<T> loss(x, labels, classes, l2);
  require(!moment.defined() || moment.shape() == Shape({loss.dims(), loss.dims()}), "fit: a moment ",
          moment.shape(), " for x ", x.shape());
  if (start.empty()) start.resize(static_cast<std::size_t>(loss.parameters()));
  const LbfgsReport report = lbfgs(loss, start, options, Curvature<T>(moment, classes, l2));
  return {std::move(start), loss.dims(), classes, report.value, report.iterations, report.converged()};
}

struct SgdOptions {
  double lr = 0.01;
  double momentum = 0.9;
  std::int64_t batch = 256;
  int epochs = 30;
  std::vector<double>
      milestones{};  ///< epochs at which lr is multiplied by `factor`; none: half a cosine to 0
  double factor = 0.1;
  bool nesterov = false;
  std::uint64_t seed = 0;  ///< of the order of the rows

  /// The learning rate at an epoch; 1.5 is half-way through the second one.
  double rate(double epoch) const {
    if (milestones.empty()) return optim::Cosine{lr, static_cast<double>(epochs)}(epoch);
    return optim::MultiStep{lr, milestones, factor}(epoch);
  }
};

namespace detail {

/// The rows at positions [first, first + batch) of an epoch's order.
template <class T>
void gather(const Tensor<T, Cpu>& x, Span<const int> labels, const Permutation& order, std::int64_t first,
            Tensor<T, Cpu>& rows, std::vector<int>& row_labels) {
  for (std::int64_t i = 0; i < rows.dim(0); ++i) {
    const auto from = static_cast<std::int64_t>(order(static_cast<std::uint64_t>(first + i)));
    std::copy_n(x.data() + from * x.dim(1), x.dim(1), rows.data() + i * x.dim(1));
    row_labels[static_cast<std::size_t>(i)] = labels[static_cast<std::size_t>(from)];
  }
}

}  // namespace detail

/// The same loss by stochastic gradient descent with momentum, from 0. Rows that do not fill a last batch
/// wait for the next epoch's order.
template <class T>
Logistic fit_sgd(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, double l2,
                 const SgdOptions& options = {}) {
  require(options.lr > 0 && options.batch > 0 && options.epochs > 0, "fit: lr ", options.lr, ", batch ",
          options.batch, " and epochs ", options.epochs, " must be positive");
  const SoftmaxLoss<T> whole(x, labels, classes, l2);
  const std::int64_t batch = std::min(options.batch, x.dim(0)), steps = x.dim(0) / batch;
  Vector point(static_cast<std::size_t>(whole.parameters())), velocity = point, gradient = point;
  std::vector<int> row_labels(static_cast<std::size_t>(batch));
  for (std::int64_t step = 0; step < steps * options.epochs; ++step) {
    const Permutation order(static_cast<std::uint64_t>(x.dim(0)), options.seed,
                            static_cast<std::uint32_t>(step / steps));
    Tensor<T, Cpu> rows({batch, x.dim(1)});
    detail::gather(x, labels, order, step % steps * batch, rows, row_labels);
    SoftmaxLoss<T>(rows, row_labels, classes, l2)(point, gradient);
    const double rate = options.rate(static_cast<double>(step) / static_cast<double>(steps));
    detail::multiply(velocity, options.momentum);
    detail::add(velocity, 1, gradient);
    detail::add(point, -rate * (options.nesterov ? options.momentum : 1), velocity);
    if (options.nesterov) detail::add(point, -rate, gradient);
  }
  const double loss = whole(point, gradient);
  const int iterations = narrow<int>(steps * options.epochs, "fit: steps");
  return {std::move(point), whole.dims(), classes, loss, iterations, std::isfinite(loss)};
}

}  // namespace pretext::eval
