// SPDX-License-Identifier: MIT
#pragma once

#include "gpu/timing.hpp"
#include "pretext/core/json.hpp"
#include "pretext/cuda/render.hpp"
#include "pretext/tasks/contrastive.hpp"
#include "pretext/tasks/jigsaw.hpp"
#include "pretext/tasks/resident_program.hpp"
#include "pretext/tasks/rotation.hpp"

namespace bench {

/// `count` pictures of one size, of random bytes.
struct RandomPictures {
  std::vector<Image> images;

  RandomPictures(int count, int side) {
    Rng rng(1, Use::test);
    for (int i = 0; i < count; ++i) {
      images.emplace_back(side, side);
      for (int k = 0; k < side * side * 3; ++k)
        images.back().pixels()[k] = static_cast<std::uint8_t>(rng.bits());
    }
  }
  std::int64_t size() const { return std::ssize(images); }
  const char* name() const { return "random"; }
  ImageView image(std::int64_t i) const { return images[static_cast<std::size_t>(i)]; }
  int label(std::int64_t) const { return 0; }
};

/// One record: the GPU's time to write the views of n pictures and to draw them.
template <class T, class Program>
void draw_times(const char* what, const Program& program, int side, std::int64_t n, const RenderOptions& o) {
  const RandomPictures pictures(static_cast<int>(2 * n), side);
  const cuda::ResidentSet set(pictures);
  const cuda::DeviceProgram<Program> there(program);
  cuda::DeviceValue<cuda::StepState> state;
  Tensor<View, Cuda> views(Shape{n * program.views});
  Tensor<std::int32_t, Cuda> labels(Shape{n * program.labels});
  Tensor<T, Cuda> out({views.size(), o.height, o.width, o.written()});
  const cuda::DrawSource source{set.pictures(), set.labels(), set.size(), state.data()};
  const bool crisp = is_crisp(program);
  const double writing =
      seconds_a_call([&] { cuda::launch_views(*there, source, n, 1, true, views.data(), labels.data()); });
  const double drawing =
      seconds_a_call([&] { cuda::render_views(set.pictures(), views.data(), o, crisp, out); });
  std::puts(JsonObject()
                .add("draw", what)
                .add("views", views.size())
                .add("side", static_cast<std::int64_t>(o.height))
                .add("type", sizeof(T) == 2 ? "bf16" : "f32")
                .add("channels", static_cast<std::int64_t>(o.written()))
                .add("write_us", 1e6 * writing)
                .add("draw_us", 1e6 * drawing)
                .add("written_gb_s", 1e-9 * static_cast<double>(out.bytes()) / drawing)
                .text()
                .c_str());
}

/// The input pipelines of the tasks.
template <class T>
void all_draw_times() {
  const auto n = cifar_normalization;
  draw_times<T>("rotation", tasks::RotationViews{}, 32, 128, {32, 32, n});
  draw_times<T>("rotation", tasks::RotationViews{}, 32, 128, {32, 32, n, Space::rgb, 8});
  draw_times<T>("rotation", tasks::RotationViews{tasks::SquareCrop{.size = 224, .padding = 28}}, 256, 64,
                {224, 224, n});
  draw_times<T>("rotation", tasks::RotationViews{tasks::SquareCrop{.size = 224, .padding = 28}}, 256, 64,
                {224, 224, n, Space::rgb, 8});
  draw_times<T>("contrastive", tasks::ContrastiveViews{{.crop = {.size = 32}}}, 32, 256, {32, 32, n});
  draw_times<T>("contrastive", tasks::ContrastiveViews{}, 256, 128, {224, 224, n});
  const auto table = tasks::tile_permutations({.count = 100});
  const tasks::JigsawViews jigsaw{.grid = {.tile = 64, .gap = 11, .jitter = 11, .channel_shift = 2},
                                  .crop = {.height = 225, .width = 225},
                                  .crisp = true,
                                  .table = table.front().data(),
                                  .permutations = 100};
  draw_times<T>("jigsaw", jigsaw, 256, 128, {64, 64, {.statistics = Statistics::tile}});
}

}  // namespace bench
