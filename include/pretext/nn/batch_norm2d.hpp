// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"
#include "pretext/ops/batch_norm.hpp"

namespace pretext::nn {

/// y[..., C] = (x - mean) / sqrt(variance + epsilon) * weight + bias. A Var is normalised by its own batch
/// and moves the running statistics; a Tensor, and a Var once they are frozen, is normalised by them.
template <Device D = Cpu, class T = float>
struct BatchNorm2d {
  struct Options {
    std::int64_t channels;
    double momentum = 0.1, epsilon = 1e-5;
    bool affine = true;  ///< false: no weight and no bias
  };

  Param<Wide<T>, D> weight, bias;
  Buffer<Wide<T>, D> running_mean, running_var;
  ops::BatchNorm op;

  explicit BatchNorm2d(Options o) : op{o.momentum, o.epsilon} {
    require(o.channels >= 1, "BatchNorm2d: channels must be at least 1, not ", o.channels);
    running_mean = Buffer(Tensor<Wide<T>, D>::zeros({o.channels}));
    running_var = Buffer(Tensor<Wide<T>, D>::full({o.channels}, 1));
    if (!o.affine) return;
    weight = Param(Tensor<Wide<T>, D>::full({o.channels}, 1));
    bias = Param(Tensor<Wide<T>, D>::zeros({o.channels}));
  }

  auto operator()(const auto& x) { return by_running_statistics(x); }
  Var<T, D> operator()(const Var<T, D>& x) {
    require(running_mean.value.defined(), "BatchNorm2d: it was moved from, and has no channels");
    if (running_mean.frozen || running_var.frozen) return by_running_statistics(x);
    if (x.tape->again()) return apply(op, x, weight, bias, Tensor<Wide<T>, D>(), Tensor<Wide<T>, D>());
    return apply(op, x, weight, bias, running_mean.value, running_var.value);
  }

  void each(auto&& f) {
    f("weight", weight);
    f("bias", bias);
    f("running_mean", running_mean);
    f("running_var", running_var);
  }

 private:
  auto by_running_statistics(const auto& x) {
    return apply(ops::BatchNormInference{op.epsilon}, x, weight, bias, running_mean.value, running_var.value);
  }
};

}  // namespace pretext::nn
