// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "cuda/gpu.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/optim/adam.hpp"
#include "pretext/optim/lars.hpp"
#include "pretext/optim/sgd.hpp"

using namespace test;

namespace {

/// Tensors of all kinds of sizes, one of which does not begin at 16 bytes, and their gradients and state.
template <class F, class T, Device D>
struct Tensors {
  std::vector<Tensor<T, D>> weights, gradients;
  std::vector<std::vector<Tensor<T, D>>> states;

  Tensors() {
    for (const std::int64_t size : {1, 3, 4096, 4097, 12289, 0, 64, 100003}) {
      const auto i = static_cast<std::uint32_t>(weights.size());
      weights.push_back(as<T, D>(draw({{size + 1}}, 2 * i)));
      gradients.push_back(as<T, D>(draw({{size + 1}}, 2 * i + 1)));
      auto& state = states.emplace_back();
      for (std::size_t k = 0; k < F::slots.size(); ++k) state.push_back(Tensor<T, D>::zeros({size + 1}));
    }
  }

  template <class Rule>
  std::vector<ops::UpdateItem<F, T>> items(const Rule& rule, std::int64_t step) {
    std::vector<ops::UpdateItem<F, T>> all;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const std::int64_t skip = i == 4 ? 1 : 0;
      std::array<T*, F::slots.size()> state;
      for (std::size_t k = 0; k < state.size(); ++k) state[k] = states[i][k].data() + skip;
      all.push_back({rule.update({0.1, 0.01, step, static_cast<int>(i % 3)}), weights[i].data() + skip,
                     gradients[i].data() + skip, state, weights[i].size() - 1});
    }
    return all;
  }
};

template <class Rule>
void check_updates(const Rule& rule) {
  using F = typename Rule::Update;
  Tensors<F, double, Cpu> exact;
  Tensors<F, float, Cuda> gpu;
  Kernel<ops::Update<F>, Cuda> kernel;
  for (std::int64_t step = 1; step <= 3; ++step) {
    Kernel<ops::Update<F>, Cpu>().run(Span<const ops::UpdateItem<F, double>>(exact.items(rule, step)));
    kernel.run(gpu.items(rule, step));
  }
  for (std::size_t i = 0; i < exact.weights.size(); ++i) {
    INFO("tensor ", i);
    CHECK(difference(values(gpu.weights[i]), values(exact.weights[i])) <= 1e-5);
    for (std::size_t k = 0; k < F::slots.size(); ++k)
      CHECK(difference(values(gpu.states[i][k]), values(exact.states[i][k])) <= 1e-5);
  }
}

}  // namespace

TEST_CASE(
    "every optimiser moves tensors of all sizes on the GPU as on the processor, and nothing beside them") {
  if (no_gpu()) return;
  check_updates(optim::Sgd{.momentum = 0.9, .nesterov = true});
  check_updates(optim::Adam{});
  check_updates(optim::AdamW{});
  check_updates(optim::Lars{});
}

TEST_CASE("what is launched on the GPU must be what was uploaded") {
  if (no_gpu()) return;
  using F = optim::Sgd::Update;
  Tensors<F, float, Cuda> gpu;
  auto items = gpu.items(optim::Sgd{}, 1);
  Kernel<ops::Update<F>, Cuda> kernel;
  kernel.upload(items);
  items.pop_back();
  CHECK_THROWS_AS(kernel.launch(items), Error);
}
