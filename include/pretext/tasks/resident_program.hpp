// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/render.hpp"
#include "pretext/cuda/resident.hpp"
#include "pretext/cuda/view_program.hpp"
#include "pretext/tasks/program.hpp"

namespace pretext::tasks {

/// Which pictures that lie on the GPU make a batch: n from the position of a step on, in the order of a
/// loader with this seed.
struct ResidentPlan {
  const cuda::ResidentSet& pictures;
  const cuda::StepState* state;  ///< in device memory
  std::int64_t n;
  std::uint64_t seed = 0;
};

/// Runs a view program over them: the inputs and labels that draw_batch makes on the host. It may be recorded
/// and replayed.
template <class T, class Program>
Batch<Cuda, T> draw_batch(const cuda::DeviceProgram<Program>& program, const ResidentPlan& plan,
                          const DrawOptions& options, bool training) {
  const RenderOptions& render = options.render;
  Tensor<View, Cuda> views(Shape{plan.n * (*program).views});
  Batch<Cuda, T> batch{Tensor<T, Cuda>({views.size(), render.height, render.width, render.written()}),
                       Tensor<std::int32_t, Cuda>(Shape{plan.n * (*program).labels})};
  const cuda::DrawSource source{.pictures = plan.pictures.pictures(),
                                .labels = plan.pictures.labels(),
                                .size = plan.pictures.size(),
                                .state = plan.state,
                                .seed = plan.seed};
  cuda::launch_views(*program, source, plan.n, options.seed, training, views.data(), batch.labels.data());
  cuda::render_views(source.pictures, views.data(), render, is_crisp(*program), batch.inputs);
  return batch;
}

}  // namespace pretext::tasks
