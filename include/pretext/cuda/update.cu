// SPDX-License-Identifier: MIT
#include "pretext/cuda/update.cuh"
#include "pretext/optim/adam.hpp"
#include "pretext/optim/lars.hpp"
#include "pretext/optim/sgd.hpp"

namespace pretext::cuda {

using optim::Adam;
using optim::Lars;
using optim::Sgd;

template void launch_update(const UpdateEntry<Sgd::Update>*, const UpdateChunk*, std::int64_t);
template void launch_update(const UpdateEntry<Adam::Update>*, const UpdateChunk*, std::int64_t);
template void launch_update_norms(const UpdateEntry<Lars::Update>*, const UpdateChunk*, std::int64_t,
                                  double*);
template void launch_scaled_update(const UpdateEntry<Lars::Update>*, std::int64_t, const UpdateChunk*,
                                   std::int64_t, const double*, Lars::Update*);
static_assert(std::is_same_v<Adam::Update, optim::AdamW::Update>);

}  // namespace pretext::cuda
