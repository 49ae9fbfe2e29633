// SPDX-License-Identifier: MIT
// 1 x 1 convolutions of bf16 by the tensor cores, for up to 256 channels: products with the pixels as rows.
// The weights stay in shared memory; what a batch norm does is done on the way, so that a pass over the
// pixels reads and writes each map once.
//
//   forward:   f(x) * weight, and the moments of it
//   backward:  g(dy) * weight^T, and the sums that the batch norm before it needs; f(x)^T * g(dy)
#pragma once

#include "pretext/cuda/operands.hpp"
#include "pretext/cuda/pointwise_plan.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::cuda {

/// An operand in plain pointers; a null affine[3, C]: x as it lies.
struct PointwiseOperand {
  const bf16* x;
  const float* affine;
  bool relu;
};

/// A gradient in plain pointers; null factors[2, C]: dy as it lies.
struct PointwiseGradient {
  const bf16* dy;
  PointwiseOperand normalized;
  const float* factors;
};

/// y[rows, out] = f(x[rows, in]) * weight[in, out], and parts[plan.parts(), 2, out] of its moments where they
/// are not null.
struct PointwiseForward {
  PointwiseForwardPlan plan;
  PointwiseOperand x;
  const float* weight;
  bf16* y;
  float* parts;
};

/// dx[rows, in] = g(dy[rows, out]) * weight^T; parts[plan.blocks, in, out] of dw, and parts[plan.blocks, 2,
/// in] of the sums of ops::Gradient for the batch norm that x comes from. Those that are null are not wanted.
struct PointwiseBackward {
  PointwiseBackwardPlan plan;
  PointwiseGradient dy;
  PointwiseOperand x;
  const float* weight;
  bf16* dx;
  float *dw_parts, *sum_parts;
};

void launch_pointwise_forward(const PointwiseForward& pass, double* moments);
void launch_pointwise_backward(const PointwiseBackward& pass, float* dw, double* sums);

struct Pointwise {
  /// Whether forward and backward take a convolution of bf16 of these extents on this GPU.
  static bool supports(const ops::ConvShape& s) {
    const bool pointwise =
        s.kh == 1 && s.kw == 1 && s.groups == 1 && s.window.stride == 1 && s.window.padding == 0;
    const auto channels = [](std::int64_t c) { return c >= 8 && c <= 256 && c % 8 == 0; };
    if (!pointwise || !channels(s.ci) || !channels(s.co) || rows(s) < 1) return false;
    return PointwiseForwardPlan(rows(s), s.ci, s.co).fits() &&
           PointwiseBackwardPlan(rows(s), s.ci, s.co).fits();
  }

  // Results begin at multiples of 16 bytes, as fresh tensors do.

  /// y = x * weight, rounded; `moments`, where it is not null, becomes what ops::Operand calls so.
  static void forward(const ops::ConvShape& s, const ops::Operand<bf16, Cuda>& x,
                      const Tensor<float, Cuda>& weight, Tensor<bf16, Cuda>& y,
                      Tensor<double, Cuda>* moments) {
    const PointwiseForwardPlan plan(rows(s), s.ci, s.co);
    const Tensor<bf16, Cuda> from = aligned(x.x);
    const Tensor<float, Cuda> w = aligned(weight);
    Tensor<float, Cuda> parts;
    if (moments != nullptr) {
      *moments = Tensor<double, Cuda>({2, s.co});
      parts = Tensor<float, Cuda>({plan.parts(), 2, s.co});
    }
    launch_pointwise_forward({plan, {from.data(), x.affine.data(), x.relu}, w.data(), y.data(), parts.data()},
                             moments != nullptr ? moments->data() : nullptr);
  }

  /// Undefined gradients are not wanted. `sums`, where it is not null, becomes what ops::Gradient calls so if
  /// x has an affine map.
  static void backward(const ops::ConvShape& s, const ops::Gradient<bf16, Cuda>& dy,
                       const ops::Operand<bf16, Cuda>& x, const Tensor<float, Cuda>& weight,
                       Tensor<bf16, Cuda>& dx, Tensor<float, Cuda>& dw, Tensor<double, Cuda>* sums) {
    const PointwiseBackwardPlan plan(rows(s), s.ci, s.co);
    const Tensor<bf16, Cuda> gradient = aligned(dy.dy), of = aligned(dy.normalized.x), from = aligned(x.x);
    const Tensor<float, Cuda> w = aligned(weight);
    Tensor<float, Cuda> dw_parts, sum_parts;
    if (dw.defined()) dw_parts = Tensor<float, Cuda>({plan.blocks, s.ci, s.co});
    const bool measures = sums != nullptr && dx.defined() && !x.plain();
    if (measures) {
      *sums = Tensor<double, Cuda>({2, s.ci});
      sum_parts = Tensor<float, Cuda>({plan.blocks, 2, s.ci});
    }
    launch_pointwise_backward(
        {plan,
         {gradient.data(), {of.data(), dy.normalized.affine.data(), dy.normalized.relu}, dy.factors.data()},
         {from.data(), x.affine.data(), x.relu},
         w.data(),
         dx.data(),
         dw_parts.data(),
         sum_parts.data()},
        dw.data(), measures ? sums->data() : nullptr);
  }

 private:
  static std::int64_t rows(const ops::ConvShape& s) { return s.n * s.h * s.w; }
};

}  // namespace pretext::cuda
