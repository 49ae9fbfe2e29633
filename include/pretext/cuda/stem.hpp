// SPDX-License-Identifier: MIT
// Convolutions of bf16 pictures of 1 to 4 channels by the tensor cores, for up to 256 output channels: the
// first layer of a network. Products with the output's pixels as rows and the window's taps as depth; windows
// are read from the rows of a picture that lie in shared memory, so that no map of windows is written.
//
//   forward:          windows(x) * weight, and the moments of it
//   weight gradient:  windows(x)^T * g(dy), with what a batch norm does to dy done on the way
#pragma once

#include "pretext/cuda/pointwise.hpp"
#include "pretext/cuda/stem_plan.hpp"

namespace pretext::cuda {

/// y = x * weight; parts[plan.blocks, 2, co] of its moments, and counts[plan.blocks] of their pixels, where
/// they are not null. `packs`: rows of x begin at multiples of 16 bytes.
struct StemForward {
  StemForwardPlan plan;
  const bf16* x;
  const float* weight;
  bf16* y;
  float *parts, *counts;
  bool packs;
};

/// parts[plan.blocks, kh, kw, ci, co] of dw.
struct StemGradient {
  StemGradientPlan plan;
  PointwiseGradient dy;
  const bf16* x;
  float* parts;
  bool packs;
};

void launch_stem_forward(const StemForward& pass, double* moments);
void launch_stem_gradient(const StemGradient& pass, float* dw);

struct Stem {
  /// Whether forward and grad_weight take a convolution of bf16 of these extents on this GPU. There is no
  /// gradient of x.
  static bool supports(const ops::ConvShape& s) {
    return StemTiles::takes(s) && StemForwardPlan(s).fits() && StemGradientPlan(s).fits();
  }

  /// y = x * weight, rounded; `moments`, where it is not null, becomes what ops::Operand calls so.
  static void forward(const ops::ConvShape& s, const Tensor<bf16, Cuda>& x, const Tensor<float, Cuda>& weight,
                      Tensor<bf16, Cuda>& y, Tensor<double, Cuda>* moments) {
    const StemForwardPlan plan(s);
    const Tensor<float, Cuda> w = aligned(weight);
    Tensor<float, Cuda> parts, counts;
    if (moments != nullptr) {
      *moments = Tensor<double, Cuda>({2, s.co});
      parts = Tensor<float, Cuda>({plan.blocks, 2, s.co});
      counts = Tensor<float, Cuda>({plan.blocks});
    }
    launch_stem_forward({plan, x.data(), w.data(), y.data(), parts.data(), counts.data(), packs(s, x)},
                        moments != nullptr ? moments->data() : nullptr);
  }

  static void grad_weight(const ops::ConvShape& s, const ops::Gradient<bf16, Cuda>& dy,
                          const Tensor<bf16, Cuda>& x, Tensor<float, Cuda>& dw) {
    const StemGradientPlan plan(s);
    const Tensor<bf16, Cuda> gradient = aligned(dy.dy), of = aligned(dy.normalized.x);
    Tensor<float, Cuda> parts({plan.blocks, dw.size()});
    launch_stem_gradient(
        {plan,
         {gradient.data(), {of.data(), dy.normalized.affine.data(), dy.normalized.relu}, dy.factors.data()},
         x.data(),
         parts.data(),
         packs(s, x)},
        dw.data());
  }

 private:
  static bool packs(const ops::ConvShape& s, const Tensor<bf16, Cuda>& x) {
    return s.w * s.ci % 8 == 0 && reinterpret_cast<std::uintptr_t>(x.data()) % 16 == 0;
  }
};

}  // namespace pretext::cuda
