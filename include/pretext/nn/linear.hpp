// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"
#include "pretext/nn/init.hpp"
#include "pretext/ops/linear.hpp"

namespace pretext::nn {

/// y[N, out] = x[N, in] weight[out, in]^T + bias[out]. Weights are drawn uniformly within 1 / sqrt(in),
/// biases start at 0, as RotNet's head does.
template <Device D = Cpu, class T = float>
struct Linear {
  struct Options {
    std::int64_t in, out;
    bool bias = true;
  };

  Param<Wide<T>, D> weight, bias;

  Linear(Options o, Rng& rng) {
    require(o.in >= 1 && o.out >= 1, "Linear: in and out must be at least 1, not ", o.in, " and ", o.out);
    const double bound = 1 / std::sqrt(static_cast<double>(o.in));
    weight = Param(init::uniform<Wide<T>, D>({o.out, o.in}, bound, rng));
    if (o.bias) bias = Param(Tensor<Wide<T>, D>::zeros({o.out}));
  }

  auto operator()(const auto& x) { return apply(ops::Linear{}, x, weight, bias); }

  void each(auto&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

}  // namespace pretext::nn
