// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/add.hpp"

namespace pretext::ops {

/// y[N, out] = x[N, in] weight[out, in]^T + bias[out]; an undefined bias is none.
struct Linear {
  static constexpr std::string_view name = "linear";
  static constexpr std::size_t inputs = 3;

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> x;
    WideTensor<T, D> weight;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, const WideTensor<T, D>& weight, const WideTensor<T, D>& bias,
                       Saved<T, D>* saved) const {
    require_rank(name, "weight", weight, 2);
    require_rank(name, "x", x, 2);
    require(x.dim(1) == weight.dim(1), name, ": x ", x.shape(), " has ", x.dim(1), " features, but weight ",
            weight.shape(), " takes ", weight.dim(1));
    if (bias.defined()) require_shape(name, "bias", bias, {weight.dim(0)});
    Tensor<T, D> y({x.dim(0), weight.dim(0)});
    Kernel<Linear, D>::forward(x, weight, bias, y);
    if (saved != nullptr) *saved = {x, weight};
    return y;
  }

  /// Of a forward pass.
  template <class T, Device D>
  std::int64_t multiplications(const Saved<T, D>& saved) const {
    return saved.x.dim(0) * saved.weight.size();
  }

  template <class T, Device D>
  LayerGrads<Tensor<T, D>, T, D> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved,
                                          Wanted<3> wanted) const {
    Tensor<T, D> dx;
    WideTensor<T, D> dw, dbias;
    if (wanted[0]) Kernel<Linear, D>::grad_input(dy, saved.weight, dx = Tensor<T, D>(saved.x.shape()));
    if (wanted[1]) Kernel<Linear, D>::grad_weight(saved.x, dy, dw = WideTensor<T, D>(saved.weight.shape()));
    if (wanted[2]) dbias = SumRows::forward(dy);
    return {dx, dw, dbias};
  }
};

}  // namespace pretext::ops
