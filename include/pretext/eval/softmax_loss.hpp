// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "pretext/cpu/reduce.hpp"
#include "pretext/cpu/thin_product.hpp"
#include "pretext/eval/holdout.hpp"
#include "pretext/eval/lbfgs.hpp"

namespace pretext::eval {

/// The loss of multinomial logistic regression: mean cross-entropy of x weight^T + bias plus l2 / 2 times the
/// squared weights, not the bias. A point is weight [classes, dims] and then bias [classes]. T is what
/// products are computed in; sums over chunks of rows are double.
template <class T>
class SoftmaxLoss {
 public:
  /// Keeps a handle to x [N, dims] and refers to the labels.
  SoftmaxLoss(Tensor<T, Cpu> x, Span<const int> labels, int classes, double l2)
      : x_(std::move(x)), labels_(labels), classes_(classes), l2_(l2) {
    ops::require_rank("softmax loss", "x", x_, 2);
    require(x_.dim(1) >= 1, "softmax loss: x ", x_.shape(), " has no features");
    require_labels("softmax loss", x_.dim(0), labels, classes);
    require(l2 >= 0, "softmax loss: l2 must not be negative, but it is ", l2);
  }

  std::int64_t dims() const { return x_.dim(1); }
  std::int64_t weights() const { return classes_ * dims(); }
  std::int64_t parameters() const { return weights() + classes_; }

  /// The loss at a point; fills its gradient.
  double operator()(const Vector& point, Vector& gradient) const {
    const std::int64_t rows = x_.dim(0), grain = chunk_rows();
    std::vector<Partial> partials(static_cast<std::size_t>((rows - 1) / grain + 1));
    auto weight = Tensor<T, Cpu>::zeros({columns(), dims()});
    for (std::int64_t i = 0; i < weights(); ++i) weight.data()[i] = static_cast<T>(point[i]);
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      partials[static_cast<std::size_t>(begin / grain)] =
          sum_rows(begin, end, weight, point.data() + weights());
    });
    return add_up(partials, point, gradient);
  }

 private:
  struct Partial {
    Tensor<T, Cpu> weight;  // the gradient of the weights [columns, dims]
    std::vector<double> bias;
    double loss = 0;
  };

  // Few classes are a thin side of both products, which then have rows of zeros behind the last class.
  bool thin() const { return classes_ <= 24; }
  std::int64_t columns() const {
    const std::int64_t group = cpu::thin_group;
    return thin() ? (classes_ + group - 1) / group * group : classes_;
  }

  // Rows that are read from memory once for both products: they stay in cache.
  std::int64_t block() const {
    if (!thin()) return 64;
    return std::clamp<std::int64_t>((2048 << 10) / static_cast<std::int64_t>(sizeof(T)) / dims() / 4 * 4, 8,
                                    64);
  }

  // Few enough chunks that their gradients take at most about 2^26 numbers together.
  std::int64_t chunk_rows() const {
    const std::int64_t chunks = std::clamp<std::int64_t>((std::int64_t{1} << 26) / weights(), 4, 32);
    return std::max<std::int64_t>(64, (x_.dim(0) + chunks - 1) / chunks);
  }

  Partial sum_rows(std::int64_t begin, std::int64_t end, const Tensor<T, Cpu>& weight,
                   const double* bias) const {
    const std::int64_t d = dims();
    Partial sum{Tensor<T, Cpu>::zeros(weight.shape()), std::vector<double>(bias_size()), 0};
    Tensor<T, Cpu> scores({block(), columns()});
    std::vector<double> p(bias_size());
    for (std::int64_t first = begin; first < end; first += block()) {
      const std::int64_t count = std::min(block(), end - first), wide = columns();
      const cpu::Matrix<const T> rows{x_.data() + first * d, count, d, d}, w{weight.data(), wide, d, d};
      const cpu::Matrix<T> gradient{sum.weight.data(), wide, d, d};
      if (thin())
        cpu::multiply_thin<T>(rows, w, scores.data());
      else
        cpu::gemm_nt<T>(rows, w, {scores.data(), count, wide, wide});
      for (std::int64_t r = 0; r < count; ++r)
        sum.loss += differentiate(scores.data() + r * wide, bias,
                                  labels_[static_cast<std::size_t>(first + r)], p, sum.bias);
      if (thin())
        cpu::add_thin_sums<T>(scores.data(), rows, gradient);
      else
        cpu::gemm_tn<T>({scores.data(), count, wide, wide}, rows, gradient, true);
    }
    return sum;
  }

  /// The cross-entropy of one row. Its scores [classes] become its gradient, which is added to `bias_sum`.
  static double differentiate(T* scores, const double* bias, int label, std::vector<double>& p,
                              std::vector<double>& bias_sum) {
    double largest = -std::numeric_limits<double>::infinity(), total = 0;
    for (std::size_t c = 0; c < p.size(); ++c) largest = std::max(largest, p[c] = scores[c] + bias[c]);
    const double own = p[static_cast<std::size_t>(label)] - largest;
    for (double& value : p) total += value = std::exp(value - largest);
    for (std::size_t c = 0; c < p.size(); ++c) {
      const double slope = p[c] / total - (static_cast<int>(c) == label ? 1 : 0);
      bias_sum[c] += slope;
      scores[c] = static_cast<T>(slope);
    }
    return std::log(total) - own;
  }

  double add_up(const std::vector<Partial>& partials, const Vector& point, Vector& gradient) const {
    const double scale = 1 / static_cast<double>(x_.dim(0));
    gradient.assign(static_cast<std::size_t>(parameters()), 0.0);
    parallel_for(weights(), cpu::chunk, [&](std::int64_t begin, std::int64_t end) {
      for (const Partial& partial : partials)
        for (std::int64_t i = begin; i < end; ++i) gradient[i] += partial.weight.data()[i];
      for (std::int64_t i = begin; i < end; ++i) gradient[i] = scale * gradient[i] + l2_ * point[i];
    });
    double loss = 0;
    for (const Partial& partial : partials) {
      for (std::size_t c = 0; c < bias_size(); ++c)
        gradient[weights() + static_cast<std::int64_t>(c)] += scale * partial.bias[c];
      loss += partial.loss;
    }
    const double squares =
        cpu::sum_of<double>(weights(), [&](std::int64_t i) { return point[i] * point[i]; });
    return scale * loss + 0.5 * l2_ * squares;
  }

  std::size_t bias_size() const { return static_cast<std::size_t>(classes_); }

  Tensor<T, Cpu> x_;
  Span<const int> labels_;
  int classes_;
  double l2_;
};

}  // namespace pretext::eval
