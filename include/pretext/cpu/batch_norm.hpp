// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "pretext/cpu/reduce.hpp"
#include "pretext/ops/batch_norm.hpp"

namespace pretext {
namespace cpu {

/// Rows that a sum in the element type runs over before it is added to a sum in double: few enough to be
/// exact to a few bits and to stay in the first cache.
inline std::int64_t block_rows(std::int64_t columns) {
  return std::clamp<std::int64_t>(4096 / std::max<std::int64_t>(1, columns), 1, 128);
}

/// Count, mean and sum of squared deviations of each column, of the rows that were seen so far.
struct Moments {
  std::int64_t rows, columns;
  double *mean, *squares;

  /// Takes in `count` more rows, whose moments in column c are of(c) (Chan, Golub and LeVeque 1979).
  template <class F>
  void merge(std::int64_t count, const F& of) {
    const double share = static_cast<double>(count) / static_cast<double>(rows + count);
    const double weight = share * static_cast<double>(rows);
    for (std::int64_t c = 0; c < columns; ++c) {
      const auto [other_mean, other_squares] = of(c);
      const double delta = other_mean - mean[c];
      mean[c] += share * delta;
      squares[c] += other_squares + weight * delta * delta;
    }
    rows += count;
  }
};

/// Takes in the rows [0, rows) of x, a block at a time: first its mean, then the deviations from it, whose
/// own mean tells what rounding took from the first. scratch[3, columns] is overwritten.
template <class T>
void add_moments(const T* x, std::int64_t rows, T* scratch, Moments& total) {
  const std::int64_t columns = total.columns;
  T* __restrict mean = scratch, * __restrict rest = mean + columns, * __restrict squares = rest + columns;
  for (std::int64_t first = 0; first < rows; first += block_rows(columns)) {
    const std::int64_t count = std::min(block_rows(columns), rows - first);
    const T* block = x + first * columns;
    std::fill_n(scratch, 3 * columns, T(0));
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t c = 0; c < columns; ++c) mean[c] += block[r * columns + c];
    for (std::int64_t c = 0; c < columns; ++c) mean[c] /= static_cast<T>(count);
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t c = 0; c < columns; ++c) {
        const T deviation = block[r * columns + c] - mean[c];
        rest[c] += deviation;
        squares[c] += deviation * deviation;
      }
    total.merge(count, [=](std::int64_t c) {
      const double missed = static_cast<double>(rest[c]), n = static_cast<double>(count);
      return std::pair(static_cast<double>(mean[c]) + missed / n,
                       static_cast<double>(squares[c]) - missed * missed / n);
    });
  }
}

/// moments[2, columns] = the mean and the sum of squared deviations of each column of x[rows, columns]; the
/// chunks are merged in order.
template <class T>
Tensor<double, Cpu> column_moments(const T* x, std::int64_t rows, std::int64_t columns) {
  const std::int64_t grain = reduction_grain(rows, columns), chunks = (rows - 1) / grain + 1;
  Tensor<double, Cpu> partials = Tensor<double, Cpu>::zeros({chunks, 2, columns});
  const auto moments = [&](std::int64_t chunk_index, std::int64_t seen) {
    double* mean = partials.data() + chunk_index * 2 * columns;
    return Moments{seen, columns, mean, mean + columns};
  };
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    Tensor<T, Cpu> scratch({3, columns});
    Moments mine = moments(begin / grain, 0);
    add_moments(x + begin * columns, end - begin, scratch.data(), mine);
  });
  Moments total = moments(0, std::min(grain, rows));
  for (std::int64_t i = 1; i < chunks; ++i) {
    const std::int64_t count = std::min(grain, rows - i * grain);
    const Moments other = moments(i, count);
    total.merge(count, [=](std::int64_t c) { return std::pair(other.mean[c], other.squares[c]); });
  }
  return partials.rows(0, 1).reshape({2, columns});
}

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
