// SPDX-License-Identifier: MIT
#include "pretext/cuda/operands.cuh"

namespace pretext::cuda {

template void launch_transpose(const float*, float*, std::int64_t, std::int64_t);
template void launch_transpose(const float*, bf16*, std::int64_t, std::int64_t);
template void launch_transpose(const bf16*, float*, std::int64_t, std::int64_t);
template void launch_cast(const float*, bf16*, std::int64_t);

}  // namespace pretext::cuda
