// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/apply.hpp"
#include "pretext/nn/init.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::nn {

/// y[N, OH, OW, out] = x[N, H, W, in] * weight + bias. Weights are drawn N(0, sqrt(2 / (kernel^2 out))), as
/// in RotNet; biases start at 0.
template <Device D = Cpu, class T = float>
struct Conv2d {
  struct Options {
    std::int64_t in, out, kernel;
    std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
    bool bias = true;
    bool dense = false;  ///< it stands for a fully connected layer on a map: files hold its weight flat
  };

  Param<Wide<T>, D> weight, bias;
  ops::Conv2d op;

  Conv2d(Options o, Rng& rng) : op{{o.stride, o.padding, o.dilation}, o.groups} {
    require(o.in >= 1 && o.out >= 1 && o.kernel >= 1, "Conv2d: in, out and kernel must be at least 1, not ",
            o.in, ", ", o.out, " and ", o.kernel);
    require(o.groups >= 1 && o.in % o.groups == 0 && o.out % o.groups == 0, "Conv2d: ", o.groups,
            " groups do not divide ", o.in, " input and ", o.out, " output channels");
    const Shape shape{o.kernel, o.kernel, o.in / o.groups, o.out};
    weight = Param(init::he<Wide<T>, D>(shape, o.kernel * o.kernel * o.out / o.groups, rng),
                   o.dense ? ParamLayout::dense_kernel : ParamLayout::conv_kernel);
    if (o.bias) bias = Param(Tensor<Wide<T>, D>::zeros({o.out}));
  }

  auto operator()(const auto& x) { return apply(op, x, weight, bias); }

  void each(auto&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

}  // namespace pretext::nn
