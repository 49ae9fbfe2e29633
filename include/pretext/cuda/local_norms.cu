// SPDX-License-Identifier: MIT
#include "pretext/cuda/local_norms.cuh"

namespace pretext::cuda {

template void launch_l2_normalize(std::int64_t, std::int64_t, float, const float*, float*);
template void launch_l2_normalize(std::int64_t, std::int64_t, float, const bf16*, bf16*);
template void launch_l2_normalize_backward(std::int64_t, std::int64_t, float, const float*, const float*,
                                           float*);
template void launch_l2_normalize_backward(std::int64_t, std::int64_t, float, const bf16*, const bf16*,
                                           bf16*);
template void launch_local_response_norm(const ResponseNorm&, std::int64_t, const float*, float*);
template void launch_local_response_norm(const ResponseNorm&, std::int64_t, const bf16*, bf16*);
template void launch_local_response_norm_backward(const ResponseNorm&, std::int64_t, const float*,
                                                  const float*, float*, float*);
template void launch_local_response_norm_backward(const ResponseNorm&, std::int64_t, const bf16*, const bf16*,
                                                  float*, bf16*);

}  // namespace pretext::cuda
