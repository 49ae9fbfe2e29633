// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/gradient_sums.hpp"
#include "pretext/ops/batch_norm.hpp"

namespace pretext {
namespace cpu {

/// y[r, c] = f(c, x[r, c]...) for all rows, in parallel. y may be one of x, and nothing that f reads.
template <class F, class T, class... X>
void map_columns(std::int64_t rows, std::int64_t columns, const F& f, T* y, const X*... x) {
  parallel_for(rows, std::max<std::int64_t>(1, chunk / std::max<std::int64_t>(1, columns)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin * columns; i < end * columns; i += columns) {
                   for (std::int64_t c = 0; c < columns; ++c) y[i + c] = f(c, x[i + c]...);
                 }
               });
}

}  // namespace cpu

template <>
struct Kernel<ops::BatchNorm, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  /// moments[2, C] of x: the mean and the sum of squared deviations in each channel.
  template <class T>
  static Tensor<double, Cpu> moments(const X<T>& x) {
    return cpu::column_moments(x.data(), x.size() / x.dim(-1), x.dim(-1));
  }

  /// What the moments of so many rows say. Undefined running statistics are not kept.
  template <class T>
  static void statistics(const ops::BatchNorm& op, const Tensor<double, Cpu>& moments, std::int64_t rows,
                         X<T>& running_mean, X<T>& running_var, X<T>& mean, X<T>& inverse_deviation) {
    const std::int64_t columns = mean.size();
    for (std::int64_t c = 0; c < columns; ++c) {
      const double squares = moments.data()[columns + c];
      mean.data()[c] = static_cast<T>(moments.data()[c]);
      inverse_deviation.data()[c] =
          static_cast<T>(1 / std::sqrt(squares / static_cast<double>(rows) + op.epsilon));
      if (running_mean.defined()) approach(op.momentum, moments.data()[c], running_mean.data()[c]);
      if (running_var.defined())
        approach(op.momentum, squares / static_cast<double>(rows - 1), running_var.data()[c]);
    }
  }

  /// affine[3, C] of (x - mean) * inverse_deviation * gamma + beta
  template <class T>
  static void affine(const X<T>& gamma, const X<T>& beta, const X<T>& mean, const X<T>& inverse_deviation,
                     X<T>& affine) {
    const std::int64_t columns = mean.size();
    for (std::int64_t c = 0; c < columns; ++c) {
      affine.data()[c] = mean.data()[c];
      affine.data()[columns + c] = inverse_deviation.data()[c] * (gamma.defined() ? gamma.data()[c] : T(1));
      affine.data()[2 * columns + c] = beta.defined() ? beta.data()[c] : T(0);
    }
  }

  /// sums[2, C] of dy and of dy * (x - mean) in each channel, where y is not cut.
  template <class T>
  static Tensor<double, Cpu> gradient_sums(const ops::Operand<T, Cpu>& y, const X<T>& dy) {
    const cpu::Source<T> source(y);
    const std::int64_t columns = y.affine.dim(1);
    return cpu::gradient_sums(dy.data(), source, source.center, dy.size() / columns, columns);
  }

  /// factors[2, C] of the gradient of x: what ops::Gradient calls level and slope.
  template <class T>
  static void factors(const Tensor<double, Cpu>& sums, const X<T>& inverse_deviation, std::int64_t rows,
                      X<T>& factors) {
    const std::int64_t columns = inverse_deviation.size();
    T *level = factors.data(), *slope = level + columns;
    for (std::int64_t c = 0; c < columns; ++c) {
      const double inverse = static_cast<double>(inverse_deviation.data()[c]);
      level[c] = static_cast<T>(sums.data()[c] / static_cast<double>(rows));
      slope[c] = static_cast<T>(sums.data()[columns + c] * inverse * inverse / static_cast<double>(rows));
    }
  }

  /// Undefined gradients are not wanted.
  template <class T>
  static void parameter_gradients(const Tensor<double, Cpu>& sums, const X<T>& inverse_deviation,
                                  X<T>& dgamma, X<T>& dbeta) {
    const std::int64_t columns = inverse_deviation.size();
    for (std::int64_t c = 0; c < columns; ++c) {
      if (dbeta.defined()) dbeta.data()[c] = static_cast<T>(sums.data()[c]);
      if (dgamma.defined())
        dgamma.data()[c] =
            static_cast<T>(sums.data()[columns + c] * static_cast<double>(inverse_deviation.data()[c]));
    }
  }

 private:
  template <class T>
  static void approach(double momentum, double batch, T& running) {
    running = static_cast<T>((1 - momentum) * static_cast<double>(running) + momentum * batch);
  }
};

template <>
struct Kernel<ops::BatchNormInference, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  using Training = Kernel<ops::BatchNorm, Cpu>;

  template <class T>
  static void affine(const ops::BatchNormInference& op, const X<T>& gamma, const X<T>& beta, const X<T>& mean,
                     const X<T>& var, X<T>& affine) {
    Training::affine(gamma, beta, mean, inverse_deviation(op, var), affine);
  }

  /// Undefined gradients are not wanted.
  template <class T>
  static void backward(const ops::BatchNormInference& op, const X<T>& x, const X<T>& gamma, const X<T>& mean,
                       const X<T>& var, const X<T>& dy, X<T>& dx, X<T>& dgamma, X<T>& dbeta) {
    const std::int64_t columns = mean.size(), rows = x.size() / std::max<std::int64_t>(1, columns);
    const X<T> inverse = inverse_deviation(op, var);
    if (dgamma.defined() || dbeta.defined())
      Training::parameter_gradients(
          cpu::gradient_sums(dy.data(), cpu::Source<T>(x.data()), mean.data(), rows, columns), inverse,
          dgamma, dbeta);
    if (!dx.defined()) return;
    const T *scale = inverse.data(), *factor = gamma.data();
    if (gamma.defined())
      cpu::map_columns(
          rows, columns, [=](std::int64_t c, T d) { return d * (scale[c] * factor[c]); }, dx.data(),
          dy.data());
    else
      cpu::map_columns(
          rows, columns, [=](std::int64_t c, T d) { return d * scale[c]; }, dx.data(), dy.data());
  }

 private:
  template <class T>
  static X<T> inverse_deviation(const ops::BatchNormInference& op, const X<T>& var) {
    X<T> inverse(var.shape());
    for (std::int64_t c = 0; c < var.size(); ++c)
      inverse.data()[c] = static_cast<T>(1 / std::sqrt(static_cast<double>(var.data()[c]) + op.epsilon));
    return inverse;
  }
};

}  // namespace pretext
