// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// The mean over N rows of the cross-entropy between softmax(logits[N, C]) and labels[N], as [1]. With
/// smoothing, a share of the target is spread evenly over all classes. Labels must be 0 to C - 1: others
/// throw on a processor, and make the loss not a number on a GPU. A batch must not be empty: it has no mean.
struct SoftmaxCrossEntropy {
  static constexpr std::string_view name = "softmax_cross_entropy";
  static constexpr std::size_t inputs = 1;
  static constexpr bool wide = true;

  double smoothing = 0;

  template <class T, Device D>
  struct Saved {
    WideTensor<T, D> probabilities;
    Tensor<std::int32_t, D> labels;
  };

  template <class T, Device D>
  WideTensor<T, D> forward(const Tensor<T, D>& logits, const Tensor<std::int32_t, D>& labels,
                           Saved<T, D>* saved) const {
    require_rank(name, "logits", logits, 2);
    require_shape(name, "labels", labels, {logits.dim(0)});
    require(logits.size() > 0, name, ": logits ", logits.shape(), " are empty and have no mean loss");
    require(smoothing >= 0 && smoothing <= 1, name, ": smoothing must be 0 to 1, not ", smoothing);
    WideTensor<T, D> loss({1}), probabilities;
    if (saved != nullptr) *saved = {probabilities = WideTensor<T, D>(logits.shape()), labels};
    Kernel<SoftmaxCrossEntropy, D>::forward(smoothing, logits, labels, loss, probabilities);
    return loss;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const WideTensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(saved.probabilities.shape());
    Kernel<SoftmaxCrossEntropy, D>::backward(smoothing, saved.probabilities, saved.labels, dy, dx);
    return {dx};
  }
};

/// How many rows of logits [N, C] are largest at their label, as [1]; ties count for the first.
struct CountCorrect {
  static constexpr std::string_view name = "count_correct";

  template <class T, Device D>
  static Tensor<std::int32_t, D> forward(const Tensor<T, D>& logits, const Tensor<std::int32_t, D>& labels) {
    require_rank(name, "logits", logits, 2);
    require_shape(name, "labels", labels, {logits.dim(0)});
    Tensor<std::int32_t, D> correct({1});
    Kernel<CountCorrect, D>::forward(logits, labels, correct);
    return correct;
  }
};

/// The mean of (x - target)^2 over all elements, as [1]. A batch must not be empty: it has no mean.
struct MeanSquaredError {
  static constexpr std::string_view name = "mean_squared_error";
  static constexpr std::size_t inputs = 2;
  static constexpr bool wide = true;

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> x, target;
  };

  template <class T, Device D>
  WideTensor<T, D> forward(const Tensor<T, D>& x, const Tensor<T, D>& target, Saved<T, D>* saved) const {
    require(x.defined(), name, ": x is undefined");
    require_shape(name, "target", target, x.shape());
    require(x.size() > 0, name, ": x ", x.shape(), " is empty and has no mean error");
    WideTensor<T, D> loss({1});
    Kernel<MeanSquaredError, D>::forward(x, target, loss);
    if (saved != nullptr) *saved = {x, target};
    return loss;
  }

  template <class T, Device D>
  Grads<T, D, 2> backward(const WideTensor<T, D>& dy, const Saved<T, D>& saved, Wanted<2> wanted) const {
    Grads<T, D, 2> grads;
    const auto& [x, target] = saved;
    if (wanted[0]) Kernel<MeanSquaredError, D>::backward(x, target, dy, grads[0] = Tensor<T, D>(x.shape()));
    if (wanted[1]) Kernel<MeanSquaredError, D>::backward(target, x, dy, grads[1] = Tensor<T, D>(x.shape()));
    return grads;
  }
};

}  // namespace pretext::ops
