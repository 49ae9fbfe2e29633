// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/add.hpp"
#include "pretext/ops/gradient.hpp"
#include "pretext/ops/window.hpp"

namespace pretext::ops {

/// All extents of one convolution: x[n, h, w, ci], weight[kh, kw, ci / groups, co], y[n, oh, ow, co].
struct ConvShape {
  std::int64_t n, h, w, ci, kh, kw, co, oh, ow, groups;
  Window window;
};

/// What becomes of a convolution's sums before they are written: (sum - center) * scale + shift by channels,
/// plus an addend, with 0 in place of negatives if `relu`.
template <class T, Device D>
struct Epilogue {
  WideTensor<T, D> affine{};  ///< [3, C]: center, scale and shift; undefined: the sums themselves
  Operand<T, D> addend{};     ///< of the shape of the result; undefined: none
  bool relu = false;
};

/// y[N, OH, OW, Co] = x[N, H, W, Ci] * weight[KH, KW, Ci/groups, Co] + bias[Co]; an undefined bias is none.
/// Who leaves it out lets a batch norm follow, so a recorded forward without bias measures y's moments.
struct Conv2d {
  static constexpr std::string_view name = "conv2d";
  static constexpr std::size_t inputs = 3, operands = 1;
  static constexpr bool prepares = true, reads_gradients = true;

  Window window{};
  std::int64_t groups = 1;

  template <class T, Device D>
  struct Saved {
    Operand<T, D> x;
    WideTensor<T, D> weight;
  };

  /// The extents, or an Error that says why the shapes do not go together.
  ConvShape shape(const Shape& x, const Shape& weight) const {
    require(x.rank() == 4 && weight.rank() == 4, name, ": x ", x, " and weight ", weight,
            " must have 4 axes");
    require(groups >= 1 && weight[3] % groups == 0 && x[3] == weight[2] * groups, name, ": x ", x, " has ",
            x[3], " channels, but weight ", weight, " with ", groups, " groups takes ", weight[2] * groups,
            " and gives ", weight[3]);
    return {x[0],
            x[1],
            x[2],
            x[3],
            weight[0],
            weight[1],
            weight[3],
            window.output(name, x[1], weight[0]),
            window.output(name, x[2], weight[1]),
            groups,
            window};
  }

  template <class T, Device D>
  Tensor<T, D> forward(const Operand<T, D>& x, const WideTensor<T, D>& weight, const WideTensor<T, D>& bias,
                       Saved<T, D>* saved) const {
    const Operand<T, D> from = readable(x, weight);
    if (saved != nullptr) *saved = {from, weight};
    return compute(from, weight, bias, nullptr, {});
  }

  /// The same with an epilogue, for which there is no backward.
  template <class T, Device D>
  Tensor<T, D> infer(const Operand<T, D>& x, const WideTensor<T, D>& weight, const WideTensor<T, D>& bias,
                     const Epilogue<T, D>& epilogue) const {
    return compute(readable(x, weight), weight, bias, nullptr, epilogue);
  }

  /// What forward returns, measured where there is no bias.
  template <class T, Device D>
  Operand<T, D> prepare(const Operand<T, D>& x, const WideTensor<T, D>& weight, const WideTensor<T, D>& bias,
                        Saved<T, D>* saved) const {
    const Operand<T, D> from = readable(x, weight);
    *saved = {from, weight};
    Tensor<double, D> moments;
    Operand<T, D> y = compute(from, weight, bias, bias.defined() ? nullptr : &moments, {});
    y.moments = moments;
    return y;
  }

  /// Of a forward pass.
  template <class T, Device D>
  std::int64_t multiplications(const Saved<T, D>& saved) const {
    const ConvShape s = shape(saved.x.shape(), saved.weight.shape());
    return s.n * s.oh * s.ow * s.co * s.kh * s.kw * (s.ci / s.groups);
  }

  template <class T, Device D>
  LayerGrads<Gradient<T, D>, T, D> backward(Gradient<T, D> dy, const Saved<T, D>& saved,
                                            Wanted<3> wanted) const {
    const ConvShape s = shape(saved.x.shape(), saved.weight.shape());
    Gradient<T, D> dx;
    WideTensor<T, D> dw, dbias;
    if (wanted[2]) {
      dy = dy.take();
      dbias = SumRows::forward(dy.dy);
    }
    if (wanted[0]) dx.dy = Tensor<T, D>(saved.x.shape());
    if (wanted[1]) dw = WideTensor<T, D>(saved.weight.shape());
    if (wanted[0] || wanted[1])
      Kernel<Conv2d, D>::backward(s, std::move(dy), saved.x, saved.weight, dx.dy, dw, &dx.sums);
    return {std::move(dx), dw, dbias};
  }

 private:
  /// x as the device's kernel reads it, in every pass: one that says so for a shape is given values.
  template <class T, Device D>
  Operand<T, D> readable(const Operand<T, D>& x, const WideTensor<T, D>& weight) const {
    using K = Kernel<Conv2d, D>;
    if constexpr (requires(ConvShape s) { K::template evaluates<T>(s); })
      if (!x.plain() && !K::template evaluates<T>(shape(x.shape(), weight.shape()))) return x.value();
    return x;
  }

  template <class T, Device D>
  Tensor<T, D> compute(const Operand<T, D>& x, const WideTensor<T, D>& weight, const WideTensor<T, D>& bias,
                       std::type_identity_t<Tensor<double, D>>* moments,
                       const std::type_identity_t<Epilogue<T, D>>& epilogue) const {
    const ConvShape s = shape(x.shape(), weight.shape());
    if (bias.defined()) require_shape(name, "bias", bias, {s.co});
    Tensor<T, D> y({s.n, s.oh, s.ow, s.co});
    if (epilogue.addend.x.defined()) require_shape(name, "the addend", epilogue.addend.x, y.shape());
    Kernel<Conv2d, D>::forward(s, x, weight, bias, y, moments, epilogue);
    return y;
  }
};

}  // namespace pretext::ops
