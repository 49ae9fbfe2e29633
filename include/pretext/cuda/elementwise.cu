// SPDX-License-Identifier: MIT
#include "pretext/cuda/elementwise.cuh"

namespace pretext::cuda {

template struct ElementwiseLauncher<ops::ReluFunctor, float>;
template struct ElementwiseLauncher<ops::ReluFunctor, bf16>;
template struct ElementwiseLauncher<ops::TanhFunctor, float>;
template struct ElementwiseLauncher<ops::TanhFunctor, bf16>;
template struct ElementwiseLauncher<ops::ScaleFunctor, float>;
template struct ElementwiseLauncher<ops::ScaleFunctor, bf16>;

template void launch_affine(const ChannelMap&, const float*, float*, std::int64_t);
template void launch_affine(const ChannelMap&, const bf16*, bf16*, std::int64_t);
template void launch_affine_gradient(const ChannelMap&, const float*, const float*, const float*, float*,
                                     std::int64_t);
template void launch_affine_gradient(const ChannelMap&, const float*, const bf16*, const bf16*, bf16*,
                                     std::int64_t);
template void launch_add(const ChannelMap&, const float*, const ChannelMap&, const float*, bool, float*,
                         std::int64_t);
template void launch_add(const ChannelMap&, const bf16*, const ChannelMap&, const bf16*, bool, bf16*,
                         std::int64_t);

}  // namespace pretext::cuda
