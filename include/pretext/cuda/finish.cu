// SPDX-License-Identifier: MIT
#include "pretext/cuda/finish.cuh"

namespace pretext::cuda {

template void launch_finish(const Finish&, const float*, float*, std::int64_t, std::int64_t);
template void launch_finish(const Finish&, const bf16*, bf16*, std::int64_t, std::int64_t);

}  // namespace pretext::cuda
