// SPDX-License-Identifier: MIT
#include "pretext/models/probe_heads.hpp"

#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/elementary.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/nn/state.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/optim/optimizer.hpp"
#include "pretext/optim/sgd.hpp"
#include "support.hpp"

#include <algorithm>

using namespace pretext;
using models::ProbeHead;

namespace {

const Shape input{6, 16, 16, 3};

Tensor<float, Cpu> noise(const Shape& shape) {
  Tensor<float, Cpu> x(shape);
  Rng rng(3, Use::test);
  for (float& v : x.span()) v = static_cast<float>(rng.normal());
  return x;
}

nn::Sequential<> network() {
  Rng rng(1);
  return models::nin({.blocks = 3, .width = 16}, rng);
}

nn::Sequential<> with_head(ProbeHead head) {
  nn::Sequential<> net = network();
  Rng rng(2);
  models::add_probe_head(net, "block2", input.with(0, 1), {.head = head, .width = 24}, rng);
  return net;
}

std::vector<NamedTensor> state_of_part(nn::Sequential<>& net, bool frozen) {
  std::vector<NamedTensor> part;
  for (NamedTensor& t : nn::save_state(net))
    if (t.name.starts_with("block") == frozen) part.push_back(std::move(t));
  return part;
}

bool same(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  return std::ranges::equal(a, b,
                            [](const NamedTensor& x, const NamedTensor& y) { return x.data == y.data; });
}

}  // namespace

TEST_CASE("a head ends a network at its tap, whose values stay") {
  const Tensor<float, Cpu> x = noise(input);
  nn::Sequential<> whole = network();
  const Tensor<float, Cpu> map = whole.at("block2", x);
  using Taps = std::vector<std::string>;
  const std::tuple<ProbeHead, Taps, Shape> rows[] = {
      {ProbeHead::none, {"block1", "block2"}, {6, 4, 4, 16}},
      {ProbeHead::conv, {"block1", "block2", "conv"}, {6, 4, 4, 24}},
      {ProbeHead::mlp, {"block1", "block2", "fc1", "fc2"}, {6, 1, 1, 24}}};
  for (const auto& [head, taps, shape] : rows) {
    nn::Sequential<> net = with_head(head);
    CHECK(net.taps() == taps);
    CHECK(net(x).shape() == shape);
    CHECK(std::ranges::equal(net.at("block2", x).span(), map.span()));
  }
}

TEST_CASE("training changes a head and not one bit of what is frozen under it") {
  for (const ProbeHead head : {ProbeHead::conv, ProbeHead::mlp}) {
    nn::Sequential<> net = with_head(head);
    const auto frozen = state_of_part(net, true), learning = state_of_part(net, false);
    CHECK(!frozen.empty());
    optim::Optimizer<> optimizer(nn::parameters(net), optim::Sgd{.momentum = 0.9, .weight_decay = 0.1});
    for (int step = 0; step < 2; ++step) {
      Tape<Cpu> tape;
      const auto pooled = apply(ops::GlobalAvgPool{}, net(tape.constant(noise(input))));
      tape.backward(pooled, Tensor<float, Cpu>::full(pooled.shape(), 1));
      for (const auto& p : nn::parameters(net))
        CHECK(p.param->grad.defined() == !p.name.starts_with("block"));
      optimizer.step(0.1);
    }
    CHECK(same(state_of_part(net, true), frozen));
    const auto learnt = state_of_part(net, false);
    REQUIRE(learnt.size() == learning.size());
    for (std::size_t i = 0; i < learnt.size(); ++i) {
      CAPTURE(learnt[i].name);
      CHECK(learnt[i].data != learning[i].data);
    }
  }
}

TEST_CASE("a head says what it cannot stand on") {
  const auto put = [](const std::string& tap, const Shape& shape, std::int64_t width) {
    nn::Sequential<> net = network();
    Rng rng(2);
    models::add_probe_head(net, tap, shape, {.head = ProbeHead::mlp, .width = width}, rng);
  };
  CHECK_THROWS_WITH_AS(put("block9", {1, 16, 16, 3}, 0), doctest::Contains("no tap is named 'block9'"),
                       Error);
  CHECK_THROWS_WITH_AS(put("block2", {1, 16, 24, 3}, 0), doctest::Contains("takes square maps"), Error);
  CHECK_THROWS_WITH_AS(put("block2", {1, 16, 16, 3}, -1), doctest::Contains("must not be negative"), Error);
}
