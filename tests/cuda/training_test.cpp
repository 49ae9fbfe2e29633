// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "cuda/gpu.hpp"
#include "cuda/processor.hpp"
#include "pretext/cpu/render.hpp"
#include "pretext/data/shapes.hpp"
#include "pretext/models/registry.hpp"
#include "pretext/nn/state.hpp"
#include "pretext/optim/adam.hpp"
#include "pretext/optim/lars.hpp"
#include "pretext/optim/sgd.hpp"
#include "pretext/tasks/rotation.hpp"
#include "pretext/train/recorded.hpp"

using namespace test;

namespace {

const data::Dataset& pictures() {
  static const data::Dataset set = data::shapes({.count = 96, .size = 32, .seed = 5});
  return set;
}

/// A small network with all that changes from step to step: running statistics and dropout.
template <class T, Device D>
struct Network {
  Rng rng{1};
  nn::Sequential<D, T> net = layers(rng);
  tasks::Rotation<D, T> task{{.features = 16}, rng};

  static nn::Sequential<D, T> layers(Rng& rng) {
    nn::Sequential<D, T> net;
    net.add("conv1", nn::Conv2d<D, T>({.in = 3, .out = 16, .kernel = 3, .padding = 1, .bias = false}, rng));
    net.add("bn1", nn::BatchNorm2d<D, T>({.channels = 16}));
    net.add("relu1", nn::Relu{});
    net.add("drop", nn::Dropout{.rate = 0.2});
    net.add("conv2", nn::Conv2d<D, T>({.in = 16, .out = 16, .kernel = 3, .stride = 2}, rng));
    net.add("relu2", nn::Relu{});
    return net;
  }

  std::uint64_t hash() { return nn::hash_state(net) ^ 3 * nn::hash_state(task); }

  ParamList<Wide<T>, D> parameters() {
    auto all = nn::parameters<D, T>(net);
    for (auto& p : nn::parameters<D, T>(task, "head.")) all.push_back(p);
    return all;
  }
};

constexpr optim::Sgd nesterov{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true};

/// The losses of so many steps on batches that the processor draws.
template <class T, Device D, class Rule>
std::vector<double> losses(int steps, const Rule& rule, double lr) {
  Network<float, Cpu> drawer;
  Network<T, D> trained;
  optim::Optimizer<D, Wide<T>> optimizer(trained.parameters(), rule);
  Tape<D> tape(3);
  std::vector<double> all;
  for (int step = 0; step < steps; ++step) {
    const auto plan = data::plan_batch(pictures().size(), {.batch = 24, .seed = 3}, step / 4, step % 4);
    const auto drawn = drawer.task.batch(pictures(), plan, true);
    std::vector<T> inputs;
    for (const float v : drawn.inputs.span()) inputs.push_back(static_cast<T>(v));
    const tasks::Batch<D, T> batch{Tensor<T, D>::from(drawn.inputs.shape(), inputs),
                                   drawn.labels.template to<D>()};
    tape.clear(static_cast<std::uint32_t>(step));
    const auto outcome = trained.task.loss(trained.net, tape, batch);
    all.push_back(static_cast<double>(outcome.loss.value().item()));
    CHECK(outcome.correct.item() >= 0);
    tape.backward(outcome.loss);
    optimizer.step(lr);
  }
  return all;
}

template <class Rule>
void check_curves(const std::string& name, const Rule& rule, double lr) {
  INFO(name);
  const auto here = losses<float, Cpu>(100, rule, lr), there = losses<float, Cuda>(100, rule, lr),
             narrow = losses<bf16, Cuda>(100, rule, lr);
  double worst = 0, worst_narrow = 0;
  for (std::size_t i = 0; i < here.size(); ++i) {
    worst = std::max(worst, std::abs(there[i] - here[i]));
    worst_narrow = std::max(worst_narrow, std::abs(narrow[i] - here[i]));
  }
  CHECK(worst <= 1e-3);
  CHECK(worst_narrow <= 0.1);
  MESSAGE(name, ": losses of 100 steps differ by up to ", worst, ", in bf16 ", worst_narrow, "; from ",
          here.front(), " to ", here.back());
}

template <class T>
using Recorded = train::RecordedTraining<T, tasks::Rotation<Cuda, T>>;

/// A hash of the network after so many steps by device.
template <class T>
std::uint64_t trained(bool record, int steps = 12) {
  Network<T, Cuda> network;
  const cuda::ResidentSet set(pictures());
  Recorded<T> training(network.net, network.task, set, nesterov, {.batch = 24, .seed = 3, .record = record});
  for (int i = 0; i < steps; ++i) training.step(0.05 / (1 + i));
  const cuda::Tally tally = training.tally();
  CHECK(tally.steps == steps);
  CHECK(tally.loss / steps > 0.1);
  CHECK(tally.loss / steps < 3);
  if (record) CHECK(training.launches() > 10);
  return network.hash();
}

}  // namespace

TEST_CASE("100 training steps on the GPU have the losses of the processor's within 1e-3") {
  if (no_gpu()) return;
  check_curves("sgd", nesterov, 0.01);
  check_curves("adamw", optim::AdamW{.weight_decay = 0.01}, 1e-3);
  check_curves("lars", optim::Lars{.momentum = 0.9, .weight_decay = 1e-4, .trust = 0.02}, 0.05);
}

TEST_CASE("a recorded step has the bits of one made launch by launch, and all have the same bits each time") {
  if (no_gpu()) return;
  CHECK(trained<float>(true) == trained<float>(false));
  CHECK(trained<float>(true) == trained<float>(true));
  CHECK(trained<bf16>(true) == trained<bf16>(false));
}

TEST_CASE("a recorded training goes on from a checkpoint to the bits of one that never stopped") {
  if (no_gpu()) return;
  const cuda::ResidentSet set(pictures());
  const train::RecordedOptions options{.batch = 24, .seed = 3};
  const auto steps = [](Recorded<bf16>& training, std::int64_t until) {
    while (training.steps() < until) training.step(0.05 / static_cast<double>(1 + training.steps()));
  };
  Network<bf16, Cuda> first, second;
  Recorded<bf16> before(first.net, first.task, set, nesterov, options);
  steps(before, 6);
  const TempDir folder;
  const std::string file = folder.path() / "here.safetensors";
  train::save_checkpoint(file, before.checkpoint());
  steps(before, 12);

  Recorded<bf16> after(second.net, second.task, set, nesterov, options);
  const train::Checkpoint checkpoint = train::load_checkpoint(file);
  after.resume(checkpoint);
  CHECK(after.steps() == 6);
  steps(after, 12);
  CHECK(first.hash() == second.hash());

  CHECK_THROWS_WITH_AS(after.resume(checkpoint),
                       "training: 12 steps were made; a checkpoint is loaded before the first", Error);
  Recorded<bf16> other(second.net, second.task, set, nesterov, {.batch = 12, .seed = 3});
  CHECK_THROWS_WITH_AS(other.resume(checkpoint),
                       "training: the checkpoint is of rotation, seed 3, 4 batches of 24; expected rotation, "
                       "seed 3, 8 batches of 12",
                       Error);
}
