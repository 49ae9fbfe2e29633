// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/array.hpp"
#include "pretext/cpu/reduce.hpp"
#include "pretext/ops/loss.hpp"

namespace pretext {

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
    const T rest = static_cast<T>(smoothing), hit = T(1) - rest;
    cpu::reduce_rows<double>(n, cpu::reduction_grain(n, classes), 1, loss.data(),
                             [&](std::int64_t begin, std::int64_t end, double* partial) {
                               X<T> exponentials({classes});
                               for (std::int64_t i = begin; i < end; ++i) {
                                 const auto z = cpu::array(logits.data() + i * classes, classes);
                                 auto e = cpu::array(exponentials.data(), classes);
                                 const T largest = z.maxCoeff();
                                 e = (z - largest).exp();
                                 const T sum = e.sum(), own = z[labels.data()[i]] - largest;
                                 if (probabilities.defined())
                                   cpu::array(probabilities.data() + i * classes, classes) = e / sum;
                                 *partial += static_cast<double>(std::log(sum) - hit * own);
                                 if (rest > 0) *partial -= static_cast<double>(rest * (z - largest).mean());
                               }
                             });
    loss.data()[0] /= static_cast<T>(n);
  }

  template <class T>
  static void backward(double smoothing, const X<T>& probabilities, const Labels& labels, const X<T>& dy,
                       X<T>& dx) {
    const std::int64_t n = dx.dim(0), classes = dx.dim(1);
    const T scale = dy.data()[0] / static_cast<T>(n), hit = static_cast<T>(1 - smoothing);
    const T rest = static_cast<T>(smoothing / static_cast<double>(classes));
    parallel_for(n, std::max<std::int64_t>(1, cpu::chunk / classes),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) {
                     auto row = cpu::array(dx.data() + i * classes, classes);
                     row = cpu::array(probabilities.data() + i * classes, classes) - rest;
                     row[labels.data()[i]] -= hit;
                     row *= scale;
                   }
                 });
  }

 private:
  static void require_labels(const Labels& labels, std::int64_t classes) {
    for (std::int64_t i = 0; i < labels.size(); ++i)
      require(0 <= labels.data()[i] && labels.data()[i] < classes, ops::SoftmaxCrossEntropy::name, ": label ",
              i, " is ", labels.data()[i], ", which is none of the ", classes, " classes");
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
                               for (std::int64_t i = begin; i < end; i += cpu::chunk) {
                                 const std::int64_t count = std::min(cpu::chunk, end - i);
                                 const auto difference =
                                     cpu::array(x.data() + i, count) - cpu::array(target.data() + i, count);
                                 *partial += static_cast<double>(difference.square().sum());
                               }
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
