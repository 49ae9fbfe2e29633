// SPDX-License-Identifier: MIT
// Pictures per second of whole training steps, four views a picture: forward, backward and update.
//   ./run bench --benchmark_filter=rotation
#include <benchmark/benchmark.h>

#include <numeric>
#include <pretext/pretext.hpp>

using namespace pretext;

namespace {

/// Arguments: width of the network, pictures in a step, threads.
void rotation_step(benchmark::State& state) {
  const std::int64_t width = state.range(0), pictures = state.range(1);
  set_num_threads(static_cast<int>(state.range(2)));
  Rng rng(1);
  auto backbone = models::nin({.blocks = 4, .width = width}, rng);
  tasks::Rotation<> task({.features = width}, rng);
  auto params = nn::parameters(backbone);
  for (const auto& p : nn::parameters(task)) params.push_back(p);
  optim::Optimizer<> optimizer(params, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true});
  std::vector<std::int64_t> all(static_cast<std::size_t>(pictures));
  std::iota(all.begin(), all.end(), 0);
  const auto batch = task.batch(data::shapes({.count = pictures}), {0, 0, all}, true);
  Tape<Cpu> tape;
  const auto step = [&] {
    tape.clear(0);
    const auto outcome = task.loss(backbone, tape, batch);
    tape.backward(outcome.loss);
    optimizer.step(0.01);
  };
  step();  // memory is taken from the system once
  for (auto _ : state) step();
  state.SetItemsProcessed(state.iterations() * pictures);
}

BENCHMARK(rotation_step)
    ->ArgNames({"width", "pictures", "threads"})
    ->ArgsProduct({{32, 96, 192}, {32}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// Making a batch of four views of each picture. Arguments: pictures in a step, threads.
void rotation_batch(benchmark::State& state) {
  set_num_threads(static_cast<int>(state.range(1)));
  Rng rng(1);
  const tasks::Rotation<> task({.features = 8}, rng);
  std::vector<std::int64_t> all(static_cast<std::size_t>(state.range(0)));
  std::iota(all.begin(), all.end(), 0);
  const auto pictures = data::shapes({.count = state.range(0)});
  for (auto _ : state) benchmark::DoNotOptimize(task.batch(pictures, {0, 0, all}, true));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(rotation_batch)
    ->ArgNames({"pictures", "threads"})
    ->ArgsProduct({{128}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
