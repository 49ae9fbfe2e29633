// SPDX-License-Identifier: MIT
#include "pretext/cuda/pool.cuh"

namespace pretext::cuda {

template void launch_max_pool(const PoolSizes&, const ChannelMap&, const float*, float*, PoolTap*);
template void launch_max_pool(const PoolSizes&, const ChannelMap&, const bf16*, bf16*, PoolTap*);
template void launch_max_pool_backward(const PoolSizes&, const float*, const PoolTap*, float*);
template void launch_max_pool_backward(const PoolSizes&, const bf16*, const PoolTap*, bf16*);
template void launch_avg_pool(const PoolSizes&, bool, const ChannelMap&, const float*, float*);
template void launch_avg_pool(const PoolSizes&, bool, const ChannelMap&, const bf16*, bf16*);
template void launch_avg_pool_backward(const PoolSizes&, bool, const float*, float*);
template void launch_avg_pool_backward(const PoolSizes&, bool, const bf16*, bf16*);

}  // namespace pretext::cuda
