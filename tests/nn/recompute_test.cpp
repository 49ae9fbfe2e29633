// SPDX-License-Identifier: MIT
#include "pretext/nn/recompute.hpp"

#include "nn/step.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/dropout.hpp"
#include "pretext/nn/freeze.hpp"
#include "pretext/nn/residual.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/nn/state.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X32 = Tensor<float, Cpu>;
using Net = nn::Sequential<>;

constexpr std::int64_t channels = 20;
const Shape input{3, 6, 7, channels};

nn::Conv2d<> conv(Rng& rng, std::int64_t kernel = 3) {
  return nn::Conv2d<>(
      {.in = channels, .out = channels, .kernel = kernel, .padding = kernel / 2, .bias = false}, rng);
}

nn::BatchNorm2d<> norm() { return nn::BatchNorm2d<>({.channels = channels}); }

Net body(Rng& rng) {
  Net net;
  net.add("conv1", conv(rng))
      .add("bn1", norm())
      .add("relu1", nn::Relu())
      .add("drop", nn::Dropout{.rate = 0.3});
  net.add("conv2", conv(rng, 1)).add("bn2", norm());
  return net;
}

/// One or several blocks in a row, each recomputed or not.
struct Row {
  std::string name;
  std::function<Net(Rng& rng, bool recompute)> make;
};

std::vector<Row> rows() {
  return {{"convolution, batch norm, relu",
           [](Rng& rng, bool on) {
             Net block, net;
             block.add("conv", conv(rng)).add("bn", norm()).add("relu", nn::Relu());
             net.add("block", nn::Recompute(std::move(block), on));
             return net;
           }},
          {"blocks with dropout, whose ends wait to be read",
           [](Rng& rng, bool on) {
             Net net;
             for (const char* name : {"a", "b", "c"}) net.add(name, nn::Recompute(body(rng), on));
             net.add("drop", nn::Dropout{.rate = 0.5});
             return net;
           }},
          {"a block that begins with the relu of what waits",
           [](Rng& rng, bool on) {
             Net block, net;
             block.add("relu", nn::Relu()).add("conv", conv(rng));
             net.add("conv", conv(rng)).add("bn", norm()).add("block", nn::Recompute(std::move(block), on));
             net.add("relu", nn::Relu());
             return net;
           }},
          {"residual blocks, with and without a shortcut",
           [](Rng& rng, bool on) {
             Net net;
             net.add(nn::Recompute(nn::Residual(body(rng), nn::Identity(), ops::Add{.relu = true}), on));
             net.add(nn::Recompute(nn::Residual(body(rng), conv(rng, 1), ops::Add{.relu = true}), on));
             return net;
           }},
          {"a block in a block",
           [](Rng& rng, bool on) {
             Net inner, outer, net;
             inner.add("conv", conv(rng)).add("bn", norm()).add("drop", nn::Dropout());
             outer.add("conv", conv(rng)).add("bn", norm()).add("inner", nn::Recompute(std::move(inner), on));
             outer.add("last", body(rng));
             net.add("outer", nn::Recompute(std::move(outer), on));
             return net;
           }},
          {"a block of which a part is frozen", [](Rng& rng, bool on) {
             Net net;
             net.add("a", nn::Recompute(body(rng), on)).add("b", nn::Recompute(body(rng), on));
             nn::freeze(net, "a");
             nn::freeze(net, "b.bn1");
             nn::freeze(net, "b.conv2");
             return net;
           }}};
}

bool equal(const X32& a, const X32& b) {
  return a.shape() == b.shape() && a.defined() == b.defined() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.bytes())) == 0;
}

TEST_CASE("recomputed blocks give the bits of stored ones: values, gradients, statistics and draws") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    for (const bool leaf : {true, false}) {
      Rng a(1), b(1);
      Net stored = row.make(a, false), recomputed = row.make(b, true);
      REQUIRE(nn::hash_state(stored) == nn::hash_state(recomputed));
      for (std::uint32_t number = 0; number < 2; ++number) {
        const test::Step<float> expected(stored, input, leaf, number), found(recomputed, input, leaf, number);
        CHECK(equal(found.y, expected.y));
        if (leaf) CHECK(equal(found.dx, expected.dx));
        CHECK(found.draws == expected.draws);
      }
      CHECK(nn::hash_state(stored) == nn::hash_state(recomputed));
      const auto p = nn::parameters(stored), q = nn::parameters(recomputed);
      REQUIRE(p.size() == q.size());
      for (std::size_t i = 0; i < p.size(); ++i) {
        CHECK(p[i].name == q[i].name);
        CHECK(p[i].param->grad.defined() == q[i].param->grad.defined());
        if (p[i].param->grad.defined()) CHECK(equal(p[i].param->grad, q[i].param->grad));
      }
    }
  }
}

TEST_CASE("of a recomputed block only its input is kept, and nothing of one that gets no gradient") {
  const auto kept = [](bool on, bool frozen) {
    Rng rng(1);
    Net net;
    for (const char* name : {"a", "b", "c"}) net.add(name, nn::Recompute(body(rng), on));
    if (frozen) nn::freeze(net);
    const X32 x = test::noise<float>({4, 16, 16, channels}, 1);
    Tape<Cpu> tape;
    const std::size_t before = allocator<Cpu>().use().live;
    const auto y = net(tape.constant(x));
    return static_cast<double>(allocator<Cpu>().use().live - before) / static_cast<double>(x.bytes());
  };
  CHECK(kept(false, false) > 8.5);  // each block: two convolutions and what dropout leaves
  CHECK(kept(true, false) < 3.5);   // each block's result
  CHECK(kept(true, true) < 1.5);
}

TEST_CASE("a recomputed layer infers as the layer does") {
  Rng a(1), b(1);
  Net stored = rows()[3].make(a, false), recomputed = rows()[3].make(b, true);
  const X32 x = test::noise<float>({2, 6, 7, channels}, 1);
  CHECK(equal(stored(x), recomputed(x)));
}

}  // namespace
