// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/image/render.hpp"
#include "pretext/image/view_program.hpp"
#include "pretext/tasks/crop.hpp"
#include "pretext/tasks/task.hpp"

namespace pretext::tasks {

using pretext::Source;

/// What render() needs to know besides the views, and the seed of all draws.
struct DrawOptions {
  RenderOptions render{};
  std::uint64_t seed = 0;
};

/// Runs a view program over the pictures of a plan: inputs [n * views, height, width, channels of the space],
/// labels [n * labels].
template <Device D, class T, class Program>
Batch<D, T> draw_batch(const Program& program, const data::Dataset& dataset, const data::BatchPlan& plan,
                       const DrawOptions& options, bool training) {
  static_assert(std::is_trivially_copyable_v<Program>, "a view program crosses to the device as bytes");
  const std::size_t n = plan.indices.size(), each = static_cast<std::size_t>(program.views),
                    answers = static_cast<std::size_t>(program.labels);
  std::vector<ImageView> pictures(n);
  std::vector<View> views(n * each);
  std::vector<std::int32_t> labels(n * answers);
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t index = plan.indices[i];
    pictures[i] = dataset.image(index);
    const Source source{pictures[i], static_cast<std::int32_t>(i), dataset.label(index), training, index};
    write_views(program, source, options.seed, static_cast<std::uint32_t>(plan.epoch), views.data(),
                labels.data());
  }
  return {render<D, T>(pictures, views, options.render),
          Tensor<std::int32_t, D>::from({static_cast<std::int64_t>(labels.size())}, labels)};
}

}  // namespace pretext::tasks
