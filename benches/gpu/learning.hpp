// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "pretext/core/json.hpp"
#include "pretext/cuda/conv2d.hpp"
#include "pretext/data/open.hpp"
#include "pretext/models/resnet.hpp"
#include "pretext/optim/schedule.hpp"
#include "pretext/optim/sgd.hpp"
#include "pretext/tasks/supervised.hpp"
#include "pretext/tensor/npy.hpp"
#include "pretext/train/evaluate.hpp"
#include "pretext/train/recorded.hpp"

namespace bench {

/// Leaves the pictures [N, 32, 32, 3] and labels [N] of a set for a peer, FOLDER/NAME.npy and
/// NAME_labels.npy.
inline void write_pictures(const data::Dataset& set, const std::filesystem::path& folder,
                           const std::string& name) {
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const ImageView picture = set.image(i);
    pixels.insert(pixels.end(), picture.pixels, picture.pixels + picture.size());
    labels.push_back(set.label(i));
  }
  write_npy(folder / (name + ".npy"), {set.size(), 32, 32, 3}, Span<const std::uint8_t>(pixels));
  write_npy(folder / (name + "_labels.npy"), {set.size()}, Span<const std::int32_t>(labels));
}

struct Learning {
  std::string data, folder;
  double epochs;
  std::uint64_t seed;
};

/// Trains ResNet-18 for small pictures with labels; prints a record of what it then knows of the test part.
/// benches/peers/torch_gpu_learning.py does the same from the pictures that this leaves in the folder.
template <class T>
void learn(const Learning& l, const std::string& type) {
  const data::Dataset train = data::open(l.data, data::Split::train),
                      test = data::open(l.data, data::Split::test);
  if (!std::filesystem::exists(std::filesystem::path(l.folder) / "test_labels.npy")) {
    write_pictures(train, l.folder, "train");
    write_pictures(test, l.folder, "test");
  }
  cuda::tune_convolutions(true);
  Rng rng(l.seed);
  auto net = models::resnet<Cuda, T>({.small = true}, rng);
  tasks::Supervised<Cuda, T> task({.features = 512, .seed = l.seed}, rng);
  const cuda::ResidentSet pictures(train);
  const optim::Sgd rule{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true};
  train::RecordedTraining<T, decltype(task)> training(net, task, pictures, rule,
                                                      {.batch = 128, .seed = l.seed});
  const optim::Cosine schedule{.lr = 0.1, .end = l.epochs};
  const auto an_epoch = static_cast<double>(training.steps_per_epoch());
  const auto steps = static_cast<std::int64_t>(l.epochs * an_epoch);
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < steps; ++i) training.step(schedule(static_cast<double>(i) / an_epoch));
  const cuda::Tally tally = training.tally();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const tasks::Score score = train::evaluate(net, task, test, {.batch = 250, .depth = 0});
  std::puts(JsonObject()
                .add("peer", "pretext")
                .add("version", PRETEXT_VERSION)
                .add("type", type)
                .add("epochs", l.epochs)
                .add("seed", static_cast<std::int64_t>(l.seed))
                .add("seconds", seconds)
                .add("mean_loss", tally.loss / static_cast<double>(tally.steps))
                .add("test_accuracy", score.accuracy())
                .text()
                .c_str());
}

}  // namespace bench
