// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/render.hpp"
#include "pretext/cuda/resident.hpp"
#include "pretext/cuda/view_program.hpp"
#include "pretext/tasks/program.hpp"

namespace pretext::tasks {

/// Runs a view program over n pictures that lie on the GPU, from a position of an epoch on: the inputs and labels
/// that draw_batch makes of them on the host. It may be recorded and replayed.
template <class T, class Program>
Batch<Cuda, T> draw_batch(const cuda::DeviceProgram<Program>& program, const cuda::ResidentSet& pictures,
                          const cuda::DrawPosition* position, std::int64_t n, const DrawOptions& options,
                          bool training) {
  const RenderOptions& render = options.render;
  Tensor<View, Cuda> views(Shape{n * (*program).views});
  Batch<Cuda, T> batch{Tensor<T, Cuda>({views.size(), render.height, render.width, render.written()}),
                       Tensor<std::int32_t, Cuda>(Shape{n * (*program).labels})};
  cuda::launch_views(*program, pictures.source(position), n, options.seed, training, views.data(),
                     batch.labels.data());
  constexpr bool crisp = requires { Program::crisp; };
  cuda::render_views(pictures.pictures(), views.data(), render, crisp, batch.inputs);
  return batch;
}

}  // namespace pretext::tasks
