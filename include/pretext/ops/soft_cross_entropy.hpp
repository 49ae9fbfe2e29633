// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// What the weights of the rows of a loss multiply.
enum class Weighting {
  loss,     ///< the loss, and with it the gradient
  gradient  ///< the gradient alone: the loss is reported as if all weights were 1
};

/// The mean over N rows of weight * cross-entropy between softmax(logits[N, C]) and a target that is spread
/// over k classes: shares[N, k] of the classes[N, k]. weights[N] may be undefined: all 1. Only the logits
/// receive a gradient. Classes that are none throw on a processor, and make the loss not a number on a GPU.
struct SoftCrossEntropy {
  static constexpr std::string_view name = "soft_cross_entropy";
  static constexpr std::size_t inputs = 1;
  static constexpr bool wide = true;

  Weighting weighting = Weighting::loss;

  template <class T, Device D>
  struct Saved {
    WideTensor<T, D> probabilities;
    Tensor<std::int32_t, D> classes;
    WideTensor<T, D> shares, weights;
  };

  template <class T, Device D>
  WideTensor<T, D> forward(const Tensor<T, D>& logits, const Tensor<std::int32_t, D>& classes,
                           const WideTensor<T, D>& shares, const WideTensor<T, D>& weights,
                           Saved<T, D>* saved) const {
    require_rank(name, "logits", logits, 2);
    require_rank(name, "classes", classes, 2);
    require(classes.dim(0) == logits.dim(0), name, ": classes ", classes.shape(), " do not have the ",
            logits.dim(0), " rows of logits ", logits.shape());
    require(classes.dim(1) >= 1, name, ": classes ", classes.shape(), " give no target to any row");
    require_shape(name, "shares", shares, classes.shape());
    if (weights.defined()) require_shape(name, "weights", weights, {logits.dim(0)});
    require(logits.size() > 0, name, ": logits ", logits.shape(), " are empty and have no mean loss");
    WideTensor<T, D> loss({1}), probabilities;
    if (saved != nullptr)
      *saved = {probabilities = WideTensor<T, D>(logits.shape()), classes, shares, weights};
    Kernel<SoftCrossEntropy, D>::forward(logits, classes, shares,
                                         weighting == Weighting::loss ? weights : WideTensor<T, D>(), loss,
                                         probabilities);
    return loss;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const WideTensor<T, D>& dy, const Saved<T, D>& s, Wanted<1>) const {
    Tensor<T, D> dx(s.probabilities.shape());
    Kernel<SoftCrossEntropy, D>::backward(s.probabilities, s.classes, s.shares, s.weights, dy, dx);
    return {dx};
  }
};

}  // namespace pretext::ops
