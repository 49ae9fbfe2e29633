// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/pointwise_backward.cuh"
#include "pretext/cuda/pointwise_forward.cuh"

namespace pretext::cuda {
namespace pointwise {

template <int Squares>
auto forward_kernel_for(bool affine) {
  return affine ? forward_kernel<Squares, true> : forward_kernel<Squares, false>;
}

inline auto forward_kernel_of(int squares, bool affine) {
  return squares == 2   ? forward_kernel_for<2>(affine)
         : squares == 4 ? forward_kernel_for<4>(affine)
         : squares == 5 ? forward_kernel_for<5>(affine)
                        : forward_kernel_for<6>(affine);
}

template <int SquaresOut>
auto backward_kernel_for(int squares_in) {
  if constexpr (SquaresOut == 8)
    return squares_in == 1 ? backward_kernel<1, SquaresOut> : backward_kernel<2, SquaresOut>;
  else
    return squares_in == 1   ? backward_kernel<1, SquaresOut>
           : squares_in == 2 ? backward_kernel<2, SquaresOut>
                             : backward_kernel<3, SquaresOut>;
}

inline auto backward_kernel_of(int squares_in, int squares_out) {
  return squares_out == 2   ? backward_kernel_for<2>(squares_in)
         : squares_out == 3 ? backward_kernel_for<3>(squares_in)
         : squares_out == 5 ? backward_kernel_for<5>(squares_in)
         : squares_out == 6 ? backward_kernel_for<6>(squares_in)
                            : backward_kernel_for<8>(squares_in);
}

}  // namespace pointwise

void launch_pointwise_forward(const PointwiseForward& pass, double* moments) {
  const PointwiseForwardPlan& plan = pass.plan;
  pointwise::launch(pointwise::forward_kernel_of(plan.squares, pass.x.affine != nullptr),
                    static_cast<unsigned>(plan.blocks), 32 * plan.warps, plan.bytes(), pass);
  if (moments != nullptr) pointwise::merge<true>(plan, pass.parts, plan.parts(), plan.out, moments);
}

void launch_pointwise_backward(const PointwiseBackward& pass, float* dw, double* sums) {
  const PointwiseBackwardPlan& plan = pass.plan;
  const dim3 blocks(static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.shares));
  pointwise::launch(pointwise::backward_kernel_of(plan.squares_in, plan.squares_out), blocks,
                    pointwise::backward_threads, plan.bytes(), pass);
  if (sums != nullptr) pointwise::merge<false>(plan, pass.sum_parts, plan.blocks, plan.in, sums);
  if (dw == nullptr) return;
  pointwise::add_parts(pass.dw_parts, plan.blocks, plan.in * plan.out, dw);
}

}  // namespace pretext::cuda
