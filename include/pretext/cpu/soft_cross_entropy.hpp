// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/loss.hpp"
#include "pretext/ops/soft_cross_entropy.hpp"

namespace pretext {

template <>
struct Kernel<ops::SoftCrossEntropy, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  using Classes = Tensor<std::int32_t, Cpu>;

  /// Undefined weights are 1, undefined probabilities are not wanted.
  template <class T>
  static void forward(const X<T>& logits, const Classes& classes, const X<T>& shares, const X<T>& weights,
                      X<T>& loss, X<T>& probabilities) {
    const std::int64_t n = logits.dim(0), columns = logits.dim(1), k = classes.dim(1);
    require_classes(classes, columns);
    cpu::reduce_rows<double>(
        n, cpu::reduction_grain(n, columns), 1, loss.data(),
        [&](std::int64_t begin, std::int64_t end, double* partial) {
          for (std::int64_t i = begin; i < end; ++i) {
            T* p = probabilities.defined() ? probabilities.data() + i * columns : nullptr;
            const double row = row_loss(logits.data() + i * columns, columns, classes.data() + i * k,
                                        shares.data() + i * k, k, p);
            *partial += weights.defined() ? static_cast<double>(weights.data()[i]) * row : row;
          }
        });
    loss.data()[0] /= static_cast<T>(n);
  }

  template <class T>
  static void backward(const X<T>& probabilities, const Classes& classes, const X<T>& shares,
                       const X<T>& weights, const X<T>& dy, X<T>& dx) {
    const std::int64_t n = dx.dim(0), columns = dx.dim(1), k = classes.dim(1);
    const T each = dy.data()[0] / static_cast<T>(n);
    parallel_for(n, std::max<std::int64_t>(1, cpu::chunk / columns),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const T scale = weights.defined() ? each * weights.data()[i] : each;
                     const T *p = probabilities.data() + i * columns, *share = shares.data() + i * k;
                     T *row = dx.data() + i * columns, whole = 0;
                     for (std::int64_t j = 0; j < k; ++j) whole += share[j];
                     for (std::int64_t c = 0; c < columns; ++c) row[c] = scale * whole * p[c];
                     for (std::int64_t j = 0; j < k; ++j) row[classes.data()[i * k + j]] -= scale * share[j];
                   }
                 });
  }

 private:
  template <class T>
  static double row_loss(const T* z, std::int64_t columns, const std::int32_t* classes, const T* shares,
                         std::int64_t k, T* p) {
    const auto [largest, log_sum] = cpu::softmax_row(z, columns, p);
    double loss = 0;
    for (std::int64_t j = 0; j < k; ++j)
      loss += ops::soft_cross_entropy_term(static_cast<double>(shares[j]), log_sum,
                                           static_cast<double>(z[classes[j]] - largest));
    return loss;
  }

  static void require_classes(const Classes& classes, std::int64_t columns) {
    for (std::int64_t i = 0; i < classes.size(); ++i)
      require(0 <= classes.data()[i] && classes.data()[i] < columns, ops::SoftCrossEntropy::name, ": class ",
              i, " is ", classes.data()[i], ", which is none of the ", columns, " classes");
  }
};

}  // namespace pretext
