// SPDX-License-Identifier: MIT
#include "pretext/cuda/loss.cuh"

namespace pretext::cuda {

#define PRETEXT_INSTANTIATE(T)                                                                               \
  template void launch_cross_entropy(const LossRows&, const LabelTarget&, const T*, float*, float*,          \
                                     double*);                                                               \
  template void launch_cross_entropy(const LossRows&, const SoftTarget&, const T*, float*, float*, double*); \
  template void launch_cross_entropy_gradient(const LossRows&, const LabelTarget&, const float*,             \
                                              const float*, T*);                                             \
  template void launch_cross_entropy_gradient(const LossRows&, const SoftTarget&, const float*,              \
                                              const float*, T*);                                             \
  template void launch_count_correct(const LossRows&, const T*, const std::int32_t*, std::int32_t*,          \
                                     double*);                                                               \
  template void launch_squared_error(std::int64_t, const T*, const T*, float*, double*);                     \
  template void launch_squared_error_gradient(std::int64_t, const T*, const T*, const float*, T*);

PRETEXT_INSTANTIATE(float)
PRETEXT_INSTANTIATE(bf16)

}  // namespace pretext::cuda
