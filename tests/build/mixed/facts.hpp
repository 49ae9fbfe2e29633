// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "pretext/core/config.hpp"
#include "pretext/core/random.hpp"
#include "pretext/image/normalization.hpp"
#include "pretext/tasks/crop.hpp"
#include "pretext/tasks/jitter.hpp"

// What the host compiler and nvcc must agree on. Filled by one function, compiled by both and run on both
// devices. Numbers of float agree to roundings: one compiler may fuse what another does in two steps.
struct Facts {
  std::size_t sizes[10];
  pretext::Words philox;
  std::uint32_t bits[5];
  float uniform;
  std::uint64_t order[4];
  float drawn[24];  // pixels of views, finished
};

/// Pixels of a view of a small picture, in two colour spaces, with noise.
PRETEXT_HD inline void draw_facts(float* drawn) {
  using namespace pretext;
  std::uint8_t bytes[9 * 8 * 3];
  for (int i = 0; i < 9 * 8 * 3; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + i / 24);
  const ImageView picture{bytes, 9, 8, 3};
  Rng rng(7, Use::views, 1, 2);
  View view{.map = tasks::ResizedCrop{.size = 5}(picture, rng),
            .shift_x = {1, 0, -1},
            .noise = {0, 1, 0.5F},
            .noise_unit = NoiseUnit::level};
  tasks::ColorJitter{}(view, rng);
  for (const Space space : {Space::rgb, Space::lab}) {
    const Painter paint(picture, view, space, 5, 5);
    const Finish finish({{0.5F, 0.4F, 0.3F}, {1, 2, 3}}, view, space, paint.steps.white(), {});
    for (int i = 0; i < 4; ++i, drawn += 3) {
      float values[3], noise[3];
      paint(i, 4 - i, values);
      finish.draw_noise(static_cast<std::uint32_t>(i), noise[0], noise[1], noise[2]);
      for (int c = 0; c < 3; ++c) drawn[c] = finish(values[c], c) + noise[c];
    }
  }
}

PRETEXT_HD inline Facts facts() {
  using namespace pretext;
  Facts f{{sizeof(Words), alignof(Words), sizeof(Rng), alignof(Rng), sizeof(Permutation),
           alignof(Permutation), sizeof(View), alignof(View), sizeof(Painter), sizeof(Finish)},
          philox({{1, 2, 3, 4}}, 0x0123456789abcdef),
          {},
          0,
          {},
          {}};
  Rng rng(42, Use::test, 3, 7);
  for (auto& b : f.bits) b = rng.bits();
  f.uniform = rng.uniform(-1, 1);
  const Permutation order(1000, 42, 3);
  for (std::uint64_t i = 0; i < 4; ++i) f.order[i] = order(i);
  draw_facts(f.drawn);
  return f;
}

Facts facts_of_nvcc();

/// The facts as a kernel computes them; false, with the reason printed, where there is no GPU.
bool facts_of_gpu(Facts& facts);
