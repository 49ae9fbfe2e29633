// SPDX-License-Identifier: MIT
#include "pretext/cuda/triplet_loss.cuh"

namespace pretext::cuda {

template void launch_triplets(const LabelledRows<float>&, float, ops::Mining, const TripletScratch&);
template void launch_triplets(const LabelledRows<bf16>&, float, ops::Mining, const TripletScratch&);
template void launch_triplet_gradient(const LabelledRows<float>&, const float*, const float*, float*);
template void launch_triplet_gradient(const LabelledRows<bf16>&, const float*, const float*, bf16*);

void launch_triplet_mean(std::int64_t rows, const TripletScratch& from, float* loss, float* factors) {
  const unsigned blocks = factors == nullptr ? 1 : blocks_for(rows * rows, 4 * triplet_threads);
  triplet_mean_kernel<<<blocks, triplet_threads, 0, stream()>>>(rows, from, loss, factors);
  check_launch("the mean of triplet_loss");
}

}  // namespace pretext::cuda
