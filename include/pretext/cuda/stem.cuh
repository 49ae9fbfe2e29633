// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/stem_forward.cuh"
#include "pretext/cuda/stem_gradient.cuh"

namespace pretext::cuda {
namespace stem {

inline auto forward_kernel_of(int squares) {
  return squares == 1   ? forward_kernel<1>
         : squares == 2 ? forward_kernel<2>
         : squares == 3 ? forward_kernel<3>
                        : forward_kernel<4>;
}

template <int Columns, int Most>
auto gradient_kernel_for(int squares) {
  return squares == 2   ? gradient_kernel<Columns, 2>
         : squares == 5 ? gradient_kernel<Columns, 5>
                        : gradient_kernel<Columns, Most>;
}

inline auto gradient_kernel_of(int columns, int squares) {
  return columns == 1   ? gradient_kernel_for<1, 10>(squares)
         : columns == 2 ? gradient_kernel_for<2, 8>(squares)
         : columns == 3 ? gradient_kernel_for<3, 5>(squares)
                        : gradient_kernel_for<4, 5>(squares);
}

/// What merge_kernel asks a plan for.
struct MomentParts {
  const float* counts;
  std::int64_t rows;

  __device__ double rows_of(int part) const { return counts[part]; }
};

}  // namespace stem

void launch_stem_forward(const StemForward& pass, double* moments) {
  const StemForwardPlan& plan = pass.plan;
  pointwise::launch(stem::forward_kernel_of(plan.squares), static_cast<unsigned>(plan.blocks),
                    32 * plan.warps, plan.bytes(), pass);
  if (moments != nullptr)
    pointwise::merge<true>(stem::MomentParts{pass.counts, std::int64_t{plan.n} * plan.oh * plan.ow},
                           pass.parts, plan.blocks, plan.co, moments);
}

void launch_stem_gradient(const StemGradient& pass, float* dw) {
  const StemGradientPlan& plan = pass.plan;
  pointwise::launch(stem::gradient_kernel_of(plan.columns, plan.squares),
                    dim3(static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.shares)),
                    pointwise::backward_threads, plan.bytes(), pass);
  pointwise::add_parts(pass.parts, plan.blocks, plan.kh * plan.taps() * plan.co, dw);
}

}  // namespace pretext::cuda
