// SPDX-License-Identifier: MIT
#include "pretext/cuda/batch_norm.cuh"

namespace pretext::cuda {

template void launch_moments(const ColumnTiles&, int, const float*, float*, double*);
template void launch_moments(const ColumnTiles&, int, const bf16*, float*, double*);
template void launch_gradient_sums(const ColumnTiles&, int, const NormalizedMap<float>&, const float*, float*,
                                   double*);
template void launch_gradient_sums(const ColumnTiles&, int, const NormalizedMap<bf16>&, const bf16*, float*,
                                   double*);
template void launch_sum_rows(const ColumnTiles&, int, const float*, float*, float*);
template void launch_sum_rows(const ColumnTiles&, int, const bf16*, float*, float*);
template void launch_each_channel(std::int64_t, const ops::BatchStatistics<float>&);
template void launch_each_channel(std::int64_t, const ops::GivenStatistics<float>&);
template void launch_each_channel(std::int64_t, const ops::BatchGradients<float>&);
template void launch_scale_channels(std::int64_t, std::int64_t, const float*, const float*, float*);
template void launch_scale_channels(std::int64_t, std::int64_t, const bf16*, const float*, bf16*);

}  // namespace pretext::cuda
