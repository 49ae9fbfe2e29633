// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/reduce.hpp"
#include "pretext/ops/cross_entropy.hpp"
#include "pretext/ops/loss.hpp"

namespace pretext {
namespace cpu {

/// What a row of logits z is measured against: log p = z - largest - log_sum.
template <class T>
struct SoftmaxRow {
  T largest;
  double log_sum;
};

/// The softmax of one row, p[columns], where p is not null.
template <class T>
SoftmaxRow<T> softmax_row(const T* z, std::int64_t columns, T* p) {
  const T largest = *std::max_element(z, z + columns);
  double sum = 0;
  for (std::int64_t c = 0; c < columns; ++c) {
    const T e = std::exp(z[c] - largest);
    sum += static_cast<double>(e);
    if (p != nullptr) p[c] = e;
  }
  for (std::int64_t c = 0; p != nullptr && c < columns; ++c) p[c] /= static_cast<T>(sum);
  return {largest, std::log(sum)};
}

}  // namespace cpu

template <>
struct Kernel<ops::SoftmaxCrossEntropy, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  using Labels = Tensor<std::int32_t, Cpu>;

  /// Undefined probabilities are not wanted.
  template <class T>
  static void forward(double smoothing, const X<T>& logits, const Labels& labels, X<T>& loss,
                      X<T>& probabilities) {
    const std::int64_t n = logits.dim(0), classes = logits.dim(1);
    require_labels(labels, classes);
    cpu::reduce_rows<double>(n, cpu::reduction_grain(n, classes), 1, loss.data(),
                             [&](std::int64_t begin, std::int64_t end, double* partial) {
                               for (std::int64_t i = begin; i < end; ++i)
                                 *partial += row_loss(
                                     smoothing, logits.data() + i * classes, classes, labels.data()[i],
                                     probabilities.defined() ? probabilities.data() + i * classes : nullptr);
                             });
    loss.data()[0] /= static_cast<T>(n);
  }

  template <class T>
  static void backward(double smoothing, const X<T>& probabilities, const Labels& labels, const X<T>& dy,
                       X<T>& dx) {
    const std::int64_t n = dx.dim(0), classes = dx.dim(1);
    const T scale = dy.data()[0] / static_cast<T>(n);
    const ops::SmoothedLabel target{smoothing, static_cast<double>(classes)};
    parallel_for(n, std::max<std::int64_t>(1, cpu::chunk / classes),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     const T* p = probabilities.data() + i * classes;
                     T* row = dx.data() + i * classes;
                     for (std::int64_t c = 0; c < classes; ++c) row[c] = target.gradient(scale, p[c]);
                     row[labels.data()[i]] -= target.label_gradient(scale);
                   }
                 });
  }

 private:
  /// The loss of one row; its probabilities too, where p is not null.
  template <class T>
  static double row_loss(double smoothing, const T* z, std::int64_t classes, std::int32_t label, T* p) {
    const auto [largest, log_sum] = cpu::softmax_row(z, classes, p);
    const ops::SmoothedLabel target{smoothing, static_cast<double>(classes)};
    const double loss = target.at_label(log_sum, static_cast<double>(z[label] - largest));
    if (smoothing == 0) return loss;
    double offsets = 0;
    for (std::int64_t c = 0; c < classes; ++c) offsets += static_cast<double>(z[c] - largest);
    return loss + target.everywhere(offsets);
  }

  static void require_labels(const Labels& labels, std::int64_t classes) {
    for (std::int64_t i = 0; i < labels.size(); ++i)
      require(0 <= labels.data()[i] && labels.data()[i] < classes, ops::SoftmaxCrossEntropy::name, ": label ",
              i, " is ", labels.data()[i], ", which is none of the ", classes, " classes");
  }
};

template <>
struct Kernel<ops::CountCorrect, Cpu> {
  template <class T>
  static void forward(const Tensor<T, Cpu>& logits, const Tensor<std::int32_t, Cpu>& labels,
                      Tensor<std::int32_t, Cpu>& correct) {
    std::int32_t count = 0;
    for (std::int64_t i = 0; i < labels.size(); ++i) {
      const T* row = logits.data() + i * logits.dim(1);
      count += std::max_element(row, row + logits.dim(1)) - row == labels.data()[i] ? 1 : 0;
    }
    correct.data()[0] = count;
  }
};

template <>
struct Kernel<ops::MeanSquaredError, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(const X<T>& x, const X<T>& target, X<T>& loss) {
    cpu::reduce_rows<double>(x.size(), cpu::reduction_grain(x.size(), 1), 1, loss.data(),
                             [&](std::int64_t begin, std::int64_t end, double* partial) {
                               *partial += cpu::sum_of<double>(end - begin, [&](std::int64_t i) {
                                 const T difference = x.data()[begin + i] - target.data()[begin + i];
                                 return static_cast<double>(difference * difference);
                               });
                             });
    loss.data()[0] /= static_cast<T>(x.size());
  }

  /// The gradient of x; that of the target is the same with the two exchanged.
  template <class T>
  static void backward(const X<T>& x, const X<T>& target, const X<T>& dy, X<T>& dx) {
    const T scale = 2 * dy.data()[0] / static_cast<T>(x.size());
    cpu::map([=](T v, T t) { return scale * (v - t); }, x.size(), dx.data(), x.data(), target.data());
  }
};

}  // namespace pretext
