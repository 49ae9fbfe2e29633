// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/device.hpp"
#include "pretext/ops/triplet_loss.hpp"

namespace pretext {
namespace cuda {

/// Rows x[rows, columns] and their labels.
template <class T>
struct LabelledRows {
  const T* x;
  const std::int32_t* labels;
  std::int64_t rows, columns;
};

/// What is known of the triplets of each anchor: distances[rows, rows] of all rows from each, sums[rows] of
/// their terms, counts[rows], and half the gradient's factors[rows, rows] before the division by the number
/// of triplets, or null.
struct TripletScratch {
  float* distances;
  double* sums;
  std::int32_t *counts, *factors;
};

/// Mines and measures the triplets; factors are added to.
template <class T>
void launch_triplets(const LabelledRows<T>& rows, float margin, ops::Mining mining, const TripletScratch& to);
/// The mean of the terms, and the factors where they are wanted.
void launch_triplet_mean(std::int64_t rows, const TripletScratch& from, float* loss, float* factors);
template <class T>
void launch_triplet_gradient(const LabelledRows<T>& rows, const float* factors, const float* dy, T* dx);

}  // namespace cuda

template <>
struct Kernel<ops::TripletLoss, Cuda> {
  template <class T>
  using W = Tensor<Wide<T>, Cuda>;

  /// Undefined factors are not wanted.
  template <class T>
  static void forward(Wide<T> margin, ops::Mining mining, const Tensor<T, Cuda>& x,
                      const Tensor<std::int32_t, Cuda>& labels, W<T>& loss, W<T>& factors) {
    const std::int64_t n = x.dim(0);
    Tensor<float, Cuda> distances(Shape{n, n});
    Tensor<double, Cuda> sums(Shape{n});
    Tensor<std::int32_t, Cuda> counts(Shape{n}), halves;
    if (factors.defined()) halves = Tensor<std::int32_t, Cuda>::zeros(Shape{n, n});
    const cuda::TripletScratch scratch{distances.data(), sums.data(), counts.data(), halves.data()};
    if (n > 0)
      cuda::launch_triplets(cuda::LabelledRows<T>{x.data(), labels.data(), n, x.dim(1)}, margin, mining,
                            scratch);
    cuda::launch_triplet_mean(n, scratch, loss.data(), factors.data());
  }

  template <class T>
  static void backward(const W<T>& factors, const Tensor<T, Cuda>& x, const W<T>& dy, Tensor<T, Cuda>& dx) {
    if (dx.size() == 0) return;
    cuda::launch_triplet_gradient(cuda::LabelledRows<T>{x.data(), nullptr, x.dim(0), x.dim(1)},
                                  factors.data(), dy.data(), dx.data());
  }
};

}  // namespace pretext
