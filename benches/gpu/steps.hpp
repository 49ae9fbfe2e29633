// SPDX-License-Identifier: MIT
#pragma once

#include <iostream>
#include <string>

#include "gpu/layers.hpp"
#include "pretext/models/registry.hpp"
#include "pretext/optim/sgd.hpp"
#include "pretext/tasks/rotation.hpp"
#include "pretext/train/recorded.hpp"

namespace bench {

/// 50,000 pictures of 32 x 32 random bytes.
inline data::Dataset random_pictures() {
  data::DatasetBuilder builder("random");
  Rng rng(1, Use::test);
  for (int i = 0; i < 50000; ++i) {
    std::uint8_t* pixels = builder.add(32, 32);
    for (int k = 0; k < 32 * 32 * 3; ++k) pixels[k] = static_cast<std::uint8_t>(rng.bits());
  }
  return std::move(builder).build();
}

struct StepSetting {
  std::string model;
  std::int64_t pictures;
  bool record;
};

/// Answers every line of stdin by the GPU's seconds of one step of rotation training, over a block of steps;
/// at the end prints a record.
template <class T>
void serve_steps(const StepSetting& setting, const std::string& type) {
  cuda::tune_convolutions(true);
  Rng rng(1);
  auto backbone = models::backbone<Cuda, T>(setting.model, {}, rng);
  const std::int64_t features = setting.model.starts_with("nin") ? 192 : 512;
  tasks::Rotation<Cuda, T> task({.features = features}, rng);
  const cuda::ResidentSet pictures(random_pictures());
  const optim::Sgd rule{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true};
  train::RecordedTraining<T, decltype(task)> training(backbone, task, pictures, rule,
                                                      {.batch = setting.pictures, .record = setting.record});
  const auto steps_of = [&](int count) {
    for (int i = 0; i < count; ++i) training.step(0.1);
  };
  const double first = gpu_seconds_of([&] { steps_of(5); });
  const double trial = gpu_seconds_of([&] { steps_of(10); }) / 10;
  const int count = std::max(10, static_cast<int>(0.25 / trial));
  std::vector<double> seconds;
  for (std::string line; std::getline(std::cin, line);) {
    seconds.push_back(gpu_seconds_of([&] { steps_of(count); }) / count);
    std::cout << seconds.back() << std::endl;
  }
  cudaDeviceProp gpu;
  cuda::check(cudaGetDeviceProperties(&gpu, 0), "asking the GPU");
  std::ranges::sort(seconds);
  const MemoryUse use = allocator<Cuda>().use();
  std::cout << JsonObject()
                   .add("peer", "pretext")
                   .add("version", PRETEXT_VERSION)
                   .add("model", setting.model)
                   .add("type", type)
                   .add("pictures", setting.pictures)
                   .add("recorded", setting.record)
                   .add("gpu", std::string(gpu.name))
                   .add("launches", static_cast<std::int64_t>(training.launches()))
                   .add("warm_up_s", first)
                   .add("peak_mib", static_cast<std::int64_t>((use.live + use.cached) >> 20))
                   .add("images_s", seconds.empty() ? 0
                                                    : 4 * static_cast<double>(setting.pictures) /
                                                          seconds[seconds.size() / 2])
                   .add("loss", training.tally().loss)
                   .text()
            << std::endl;
}

}  // namespace bench
