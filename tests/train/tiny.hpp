// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/reduce.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/dropout.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/optim/sgd.hpp"
#include "pretext/tasks/classifier.hpp"
#include "pretext/train/fit.hpp"

namespace test {

using namespace pretext;

/// Square pictures in three classes, which differ in which channel is bright.
inline data::Dataset tiny_pictures(std::int64_t count = 30, int size = 6) {
  data::DatasetBuilder builder("tiny", {"red", "green", "blue"});
  Rng rng(5, Use::synthetic);
  for (std::int64_t i = 0; i < count; ++i) {
    const int label = static_cast<int>(i % 3);
    std::uint8_t* pixels = builder.add(size, size, label);
    for (int k = 0; k < size * size * 3; ++k)
      pixels[k] = static_cast<std::uint8_t>(rng.below(128) + (k % 3 == label ? 96U : 0U));
  }
  return std::move(builder).build();
}

/// Tells the classes of noisy pictures apart; the noise is a function of (seed, epoch, picture).
struct TinyTask {
  std::uint64_t seed = 0;
  nn::Linear<> head;
  std::function<void(const data::BatchPlan&, tasks::Batch<>&)> on_batch{};
  std::function<void()> on_evaluate{};

  TinyTask(Rng& rng, std::uint64_t s) : seed(s), head({.in = 8, .out = 3}, rng) {}

  std::string name() const { return "tiny"; }

  tasks::Batch<> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    const auto n = static_cast<std::int64_t>(plan.indices.size());
    const std::int64_t size = dataset.image(0).height, values = size * size * 3;
    tasks::Batch<> batch{Tensor<float, Cpu>({n, size, size, 3}), Tensor<std::int32_t, Cpu>({n})};
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t index = plan.indices[static_cast<std::size_t>(i)];
      Rng rng(seed, Use::views, static_cast<std::uint32_t>(plan.epoch), static_cast<std::uint32_t>(index));
      const ImageView picture = dataset.image(index);
      for (std::int64_t k = 0; k < values; ++k)
        batch.inputs.data()[i * values + k] =
            static_cast<float>(picture.pixels[k]) / 128 - 1 + (training ? rng.uniform(-0.5F, 0.5F) : 0.0F);
      batch.labels.data()[i] = dataset.label(index);
    }
    if (training && on_batch) on_batch(plan, batch);
    return batch;
  }

  tasks::Outcome<> loss(nn::Sequential<>& backbone, Tape<Cpu>& tape, const tasks::Batch<>& batch) {
    const Var<float, Cpu> scores = logits(backbone, tape.constant(batch.inputs));
    return tasks::outcome_of(scores, batch.labels);
  }

  tasks::Score evaluate(nn::Sequential<>& backbone, const tasks::Batch<>& batch) {
    if (on_evaluate) on_evaluate();
    const Tensor<float, Cpu> scores = logits(backbone, batch.inputs);
    return tasks::score_of(scores, batch.labels);
  }

  void each(auto&& f) { head.each(f); }

 private:
  template <class X>
  X logits(nn::Sequential<>& backbone, const X& inputs) {
    return head(apply(ops::GlobalAvgPool{}, backbone(inputs)));
  }
};

/// A network with all that a resume must bring back: weights, running statistics, dropout.
struct TinyTraining {
  Rng rng;
  nn::Sequential<> net;
  TinyTask task;

  explicit TinyTraining(std::uint64_t initial_weights = 3)
      : rng(initial_weights), net(layers(rng)), task(rng, 3) {}

  static nn::Sequential<> layers(Rng& rng) {
    nn::Sequential<> net;
    net.add("conv1", nn::Conv2d<>({.in = 3, .out = 8, .kernel = 3, .padding = 1, .bias = false}, rng));
    net.add("bn1", nn::BatchNorm2d<>({.channels = 8}));
    net.add("relu1", nn::Relu{});
    net.add("drop", nn::Dropout{.rate = 0.2});
    net.add("conv2", nn::Conv2d<>({.in = 8, .out = 8, .kernel = 3, .padding = 1}, rng));
    net.add("relu2", nn::Relu{});
    return net;
  }

  /// A hash of every weight and running statistic of network and head.
  std::uint64_t hash() {
    Hash hash;
    hash.word(nn::hash_state(net));
    hash.word(nn::hash_state(task));
    return hash.value();
  }

  std::vector<train::Record> fit(const train::FitOptions& options,
                                 const data::Dataset& dataset = tiny_pictures()) {
    return train::fit(net, task, dataset, rule(), options);
  }

  static optim::Sgd rule() { return {.momentum = 0.9, .weight_decay = 1e-3, .nesterov = true}; }

  /// Four epochs of five steps without a word.
  static train::FitOptions options(const std::filesystem::path& out = {}) {
    return {.epochs = 4,
            .batch = 6,
            .seed = 3,
            .schedule = optim::WarmUp{optim::Cosine{0.05, 4}, 0.5},
            .groups = {{.match = optim::vectors, .weight_decay = 0}},
            .validation = tiny_pictures(9),
            .record_every = 3,
            .out = out,
            .checkpoint_seconds = 1e9,
            .config = "epochs = 4\n",
            .model = "tiny",
            .progress = {.out = nullptr}};
  }
};

}  // namespace test
