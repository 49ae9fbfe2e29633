// SPDX-License-Identifier: MIT
#include "pretext/nn/step_cost.hpp"

#include "../support.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/elementary.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/nn/state.hpp"

using namespace pretext;

TEST_CASE("memory and time of a training step are told from smaller ones, which leave no trace") {
  Rng rng(1);
  nn::Sequential<> net;
  for (const std::int64_t in : {3, 48, 48}) {
    net.add(nn::Conv2d<>({.in = in, .out = 48, .kernel = 3, .padding = 1}, rng));
    net.add(nn::BatchNorm2d<>({.channels = 48}));
    net.add(nn::Relu());
  }
  const auto before = nn::save_state(net);
  const auto without_gradients = [&] {
    return std::ranges::all_of(nn::parameters(net), [](const auto& p) { return !p.param->grad.defined(); });
  };
  const Shape input{1, 48, 48, 3};
  const nn::StepCost cost = nn::predict_step(net, input);
  CHECK(cost.seconds_each > 0);
  CHECK(cost.bytes_each > 3 * 48 * 48 * 48 * 4);  // what three layers keep of a picture
  const auto after = nn::save_state(net);
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(before[i].data == after[i].data);
  CHECK(without_gradients());

  const std::int64_t batch = 2 * cost.larger;
  CHECK(cost.larger == 2 * cost.smaller);
  const auto measured = nn::detail::measure_step<float, Cpu>(net, input, batch, 1);
  CHECK(cost.bytes_of(batch) == doctest::Approx(measured.bytes).epsilon(0.15));
}
