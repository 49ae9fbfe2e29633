// SPDX-License-Identifier: MIT
#include "pretext/cuda/global_avg_pool.cuh"

namespace pretext::cuda {

template void launch_global_avg_pool(std::int64_t, std::int64_t, std::int64_t, const float*, float*);
template void launch_global_avg_pool(std::int64_t, std::int64_t, std::int64_t, const bf16*, bf16*);
template void launch_global_avg_pool_backward(std::int64_t, std::int64_t, std::int64_t, const float*, float*);
template void launch_global_avg_pool_backward(std::int64_t, std::int64_t, std::int64_t, const bf16*, bf16*);

}  // namespace pretext::cuda
