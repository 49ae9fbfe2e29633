// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/device.hpp"
#include "pretext/ops/cross_entropy.hpp"
#include "pretext/ops/loss.hpp"
#include "pretext/ops/soft_cross_entropy.hpp"

namespace pretext {
namespace cuda {

/// The rows that a loss has a mean over.
struct LossRows {
  std::int64_t rows;
  int classes;
};

/// Labels [rows], and the share of each that is spread over all classes.
struct LabelTarget {
  const std::int32_t* labels;
  ops::SmoothedLabel formula;
};

/// shares[rows, k] of the classes[rows, k], and the weights[rows] or null.
struct SoftTarget {
  const std::int32_t* classes;
  const float *shares, *weights;
  int k;
};

// Where null is allowed nothing is wanted. `partials` has a number for each block that a sum may take.
template <class T, class Target>
void launch_cross_entropy(const LossRows& rows, const Target& target, const T* logits, float* loss,
                          float* probabilities, double* partials);
template <class T, class Target>
void launch_cross_entropy_gradient(const LossRows& rows, const Target& target, const float* probabilities,
                                   const float* dy, T* dx);
template <class T>
void launch_count_correct(const LossRows& rows, const T* logits, const std::int32_t* labels,
                          std::int32_t* correct, double* partials);
template <class T>
void launch_squared_error(std::int64_t size, const T* x, const T* target, float* loss, double* partials);
template <class T>
void launch_squared_error_gradient(std::int64_t size, const T* x, const T* target, const float* dy, T* dx);

/// Scratch memory for a sum over a grid that blocks_for makes.
inline Tensor<double, Cuda> grid_partials() { return Tensor<double, Cuda>(Shape{16 * multiprocessors()}); }

}  // namespace cuda

/// A label that is none of the classes makes the loss not a number.
template <>
struct Kernel<ops::SoftmaxCrossEntropy, Cuda> {
  template <class T>
  using W = Tensor<Wide<T>, Cuda>;
  using Labels = Tensor<std::int32_t, Cuda>;

  /// Undefined probabilities are not wanted.
  template <class T>
  static void forward(double smoothing, const Tensor<T, Cuda>& logits, const Labels& labels, W<T>& loss,
                      W<T>& probabilities) {
    cuda::launch_cross_entropy(rows_of(logits.shape()), target_of(smoothing, labels, logits.dim(1)),
                               logits.data(), loss.data(), probabilities.data(),
                               cuda::grid_partials().data());
  }

  template <class T>
  static void backward(double smoothing, const W<T>& probabilities, const Labels& labels, const W<T>& dy,
                       Tensor<T, Cuda>& dx) {
    cuda::launch_cross_entropy_gradient(rows_of(dx.shape()), target_of(smoothing, labels, dx.dim(1)),
                                        probabilities.data(), dy.data(), dx.data());
  }

  static cuda::LossRows rows_of(const Shape& logits) { return {logits[0], static_cast<int>(logits[1])}; }

 private:
  static cuda::LabelTarget target_of(double smoothing, const Labels& labels, std::int64_t classes) {
    return {labels.data(), {smoothing, static_cast<double>(classes)}};
  }
};

template <>
struct Kernel<ops::SoftCrossEntropy, Cuda> {
  template <class T>
  using W = Tensor<Wide<T>, Cuda>;
  using Classes = Tensor<std::int32_t, Cuda>;

  /// Undefined weights are 1, undefined probabilities are not wanted.
  template <class T>
  static void forward(const Tensor<T, Cuda>& logits, const Classes& classes, const W<T>& shares,
                      const W<T>& weights, W<T>& loss, W<T>& probabilities) {
    cuda::launch_cross_entropy(Kernel<ops::SoftmaxCrossEntropy, Cuda>::rows_of(logits.shape()),
                               target_of(classes, shares, weights), logits.data(), loss.data(),
                               probabilities.data(), cuda::grid_partials().data());
  }

  template <class T>
  static void backward(const W<T>& probabilities, const Classes& classes, const W<T>& shares,
                       const W<T>& weights, const W<T>& dy, Tensor<T, Cuda>& dx) {
    cuda::launch_cross_entropy_gradient(Kernel<ops::SoftmaxCrossEntropy, Cuda>::rows_of(dx.shape()),
                                        target_of(classes, shares, weights), probabilities.data(), dy.data(),
                                        dx.data());
  }

 private:
  static cuda::SoftTarget target_of(const Classes& classes, const Tensor<float, Cuda>& shares,
                                    const Tensor<float, Cuda>& weights) {
    return {classes.data(), shares.data(), weights.data(), static_cast<int>(classes.dim(1))};
  }
};

template <>
struct Kernel<ops::CountCorrect, Cuda> {
  template <class T>
  static void forward(const Tensor<T, Cuda>& logits, const Tensor<std::int32_t, Cuda>& labels,
                      Tensor<std::int32_t, Cuda>& correct) {
    cuda::launch_count_correct(Kernel<ops::SoftmaxCrossEntropy, Cuda>::rows_of(logits.shape()), logits.data(),
                               labels.data(), correct.data(), cuda::grid_partials().data());
  }
};

template <>
struct Kernel<ops::MeanSquaredError, Cuda> {
  template <class T>
  using W = Tensor<Wide<T>, Cuda>;

  template <class T>
  static void forward(const Tensor<T, Cuda>& x, const Tensor<T, Cuda>& target, W<T>& loss) {
    cuda::launch_squared_error(x.size(), x.data(), target.data(), loss.data(), cuda::grid_partials().data());
  }

  /// The gradient of x; that of the target is the same with the two exchanged.
  template <class T>
  static void backward(const Tensor<T, Cuda>& x, const Tensor<T, Cuda>& target, const W<T>& dy,
                       Tensor<T, Cuda>& dx) {
    cuda::launch_squared_error_gradient(x.size(), x.data(), target.data(), dy.data(), dx.data());
  }
};

}  // namespace pretext
