// SPDX-License-Identifier: MIT
#include "pretext/cuda/render.cuh"

namespace pretext::cuda {

std::int64_t render_scratch(const RenderOptions& options, std::int64_t count, bool crisp) {
  return render_scratch_of(options, count, crisp);
}

template void launch_render<float>(const RenderJob<float>&);
template void launch_render<bf16>(const RenderJob<bf16>&);

}  // namespace pretext::cuda
