// SPDX-License-Identifier: MIT
#include "pretext/cuda/conv2d.cuh"

namespace pretext::cuda {

template void launch_direct_forward(const ops::ConvShape&, const float*, const float*, float*);
template void launch_direct_forward(const ops::ConvShape&, const bf16*, const float*, bf16*);
template void launch_direct_grad_input(const ops::ConvShape&, float*, const float*, const float*);
template void launch_direct_grad_input(const ops::ConvShape&, bf16*, const float*, const bf16*);
template void launch_direct_grad_weight(const ops::ConvShape&, const float*, float*, const float*);
template void launch_direct_grad_weight(const ops::ConvShape&, const bf16*, float*, const bf16*);

}  // namespace pretext::cuda
