// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/moments.hpp"
#include "pretext/ops/batch_norm.hpp"

namespace pretext {
namespace cpu {

/// y[r, c] = f(c, x[r, c]...) for all rows, in parallel.
template <class F, class T, class... X>
void map_columns(std::int64_t rows, std::int64_t columns, const F& f, T* y, const X*... x) {
  parallel_for(rows, std::max<std::int64_t>(1, chunk / std::max<std::int64_t>(1, columns)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin * columns; i < end * columns; i += columns) {
                   T* __restrict row = y + i;
                   for (std::int64_t c = 0; c < columns; ++c) row[c] = f(c, x[i + c]...);
                 }
               });
}

/// sums[2, C]: for each column of dy and x[rows, C], the sum of dy and the sum of dy * (x - mean).
template <class T>
Tensor<double, Cpu> gradient_sums(const T* dy, const T* x, const T* mean, std::int64_t rows,
                                  std::int64_t columns) {
  Tensor<double, Cpu> sums({2, columns});
  reduce_rows<double>(rows, reduction_grain(rows, columns), 2 * columns, sums.data(),
                      [&](std::int64_t begin, std::int64_t end, double* partial) {
                        Tensor<T, Cpu> block({2, columns});
                        T* __restrict sum = block.data(), * __restrict product = sum + columns;
                        for (std::int64_t first = begin; first < end; first += block_rows(columns)) {
                          block.fill(T(0));
                          const std::int64_t last = std::min(end, first + block_rows(columns));
                          for (std::int64_t i = first * columns; i < last * columns; i += columns)
                            for (std::int64_t c = 0; c < columns; ++c) {
                              sum[c] += dy[i + c];
                              product[c] += dy[i + c] * (x[i + c] - mean[c]);
                            }
                          for (std::int64_t c = 0; c < 2 * columns; ++c)
                            partial[c] += static_cast<double>(sum[c]);
                        }
                      });
  return sums;
}

}  // namespace cpu

template <>
struct Kernel<ops::BatchNorm, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  /// Undefined running statistics are not kept; mean and inverse_deviation are what backward reads.
  template <class T>
  static void forward(const ops::BatchNorm& op, const X<T>& x, const X<T>& gamma, const X<T>& beta,
                      X<T>& running_mean, X<T>& running_var, X<T>& y, X<T>& mean, X<T>& inverse_deviation) {
    const std::int64_t columns = mean.size(), rows = x.size() / columns;
    const Tensor<double, Cpu> moments = cpu::column_moments(x.data(), rows, columns);
    for (std::int64_t c = 0; c < columns; ++c) {
      const double squares = moments.data()[columns + c];
      mean.data()[c] = static_cast<T>(moments.data()[c]);
      inverse_deviation.data()[c] =
          static_cast<T>(1 / std::sqrt(squares / static_cast<double>(rows) + op.epsilon));
      if (running_mean.defined()) approach(op.momentum, moments.data()[c], running_mean.data()[c]);
      if (running_var.defined())
        approach(op.momentum, squares / static_cast<double>(rows - 1), running_var.data()[c]);
    }
    normalize(x, gamma, beta, mean, inverse_deviation, y);
  }

  /// Undefined gradients are not wanted.
  template <class T>
  static void backward(const X<T>& x, const X<T>& gamma, const X<T>& mean, const X<T>& inverse_deviation,
                       const X<T>& dy, X<T>& dx, X<T>& dgamma, X<T>& dbeta) {
    const std::int64_t columns = mean.size(), rows = x.size() / columns;
    const Tensor<double, Cpu> sums = cpu::gradient_sums(dy.data(), x.data(), mean.data(), rows, columns);
    parameter_gradients(sums, inverse_deviation, dgamma, dbeta);
    if (!dx.defined()) return;
    X<T> factors({3, columns});
    T *scale = factors.data(), *level = scale + columns, *slope = level + columns;
    for (std::int64_t c = 0; c < columns; ++c) {
      const double inverse = static_cast<double>(inverse_deviation.data()[c]);
      scale[c] = inverse_deviation.data()[c] * (gamma.defined() ? gamma.data()[c] : T(1));
      level[c] = static_cast<T>(sums.data()[c] / static_cast<double>(rows));
      slope[c] = static_cast<T>(sums.data()[columns + c] * inverse * inverse / static_cast<double>(rows));
    }
    const T* center = mean.data();
    cpu::map_columns(
        rows, columns,
        [=](std::int64_t c, T d, T v) { return scale[c] * (d - level[c] - (v - center[c]) * slope[c]); },
        dx.data(), dy.data(), x.data());
  }

  /// y = (x - mean) * inverse_deviation * gamma + beta
  template <class T>
  static void normalize(const X<T>& x, const X<T>& gamma, const X<T>& beta, const X<T>& mean,
                        const X<T>& inverse_deviation, X<T>& y) {
    const std::int64_t columns = mean.size(), rows = x.size() / std::max<std::int64_t>(1, columns);
    X<T> factors({2, columns});
    T *scale = factors.data(), *shift = scale + columns;
    for (std::int64_t c = 0; c < columns; ++c) {
      scale[c] = inverse_deviation.data()[c] * (gamma.defined() ? gamma.data()[c] : T(1));
      shift[c] = beta.defined() ? beta.data()[c] : T(0);
    }
    const T* center = mean.data();
    cpu::map_columns(
        rows, columns, [=](std::int64_t c, T v) { return (v - center[c]) * scale[c] + shift[c]; }, y.data(),
        x.data());
  }

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
  static void forward(const ops::BatchNormInference& op, const X<T>& x, const X<T>& gamma, const X<T>& beta,
                      const X<T>& mean, const X<T>& var, X<T>& y) {
    Training::normalize(x, gamma, beta, mean, inverse_deviation(op, var), y);
  }

  /// Undefined gradients are not wanted.
  template <class T>
  static void backward(const ops::BatchNormInference& op, const X<T>& x, const X<T>& gamma, const X<T>& mean,
                       const X<T>& var, const X<T>& dy, X<T>& dx, X<T>& dgamma, X<T>& dbeta) {
    const std::int64_t columns = mean.size(), rows = x.size() / std::max<std::int64_t>(1, columns);
    const X<T> inverse = inverse_deviation(op, var);
    if (dgamma.defined() || dbeta.defined())
      Training::parameter_gradients(cpu::gradient_sums(dy.data(), x.data(), mean.data(), rows, columns),
                                    inverse, dgamma, dbeta);
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
