// SPDX-License-Identifier: MIT
#include "pretext/autograd/trace.hpp"

#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/residual.hpp"
#include "pretext/nn/sequential.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X32 = Tensor<float, Cpu>;

nn::Sequential<> traced_network() {
  Rng rng(1);
  nn::Sequential<> body;
  body.add("conv", nn::Conv2d<>({.in = 3, .out = 3, .kernel = 1, .bias = false}, rng));
  body.add("bn", nn::BatchNorm2d<>({.channels = 3, .affine = false}));
  nn::Sequential<> net;
  net.add("block", nn::Residual(std::move(body), nn::Identity(), ops::Add{.relu = true}));
  net.add("relu", nn::Relu());
  net.add("pool", nn::GlobalAvgPool());
  net.add("fc", nn::Linear<>({.in = 3, .out = 2}, rng));
  return net;
}

TEST_CASE("a trace lists the ops of an inference, whose results and which constants they take") {
  auto net = traced_network();
  Trace trace;
  const X32 x = X32::full({1, 2, 2, 3}, 0.5F);
  const Pending<float, Cpu> y = net(Pending<float, Cpu>(x, trace));
  std::string text;
  for (const TraceStep& step : trace.steps()) {
    text += message(step.name, step.shape, '(');
    for (const TraceArgument& argument : step.arguments) {
      const auto* constant = std::any_cast<X32>(&argument.constant);
      text += argument.step >= 0    ? message(argument.step)
              : constant == nullptr ? std::string("?")
              : constant->defined() ? to_string(constant->shape())
                                    : std::string("none");
      text += ' ';
    }
    text += ")\n";
  }
  CHECK(text ==
        "[1, 2, 2, 3]()\n"
        "conv2d[1, 2, 2, 3](0 [1, 1, 3, 3] none )\n"
        "batch_norm_inference[1, 2, 2, 3](1 none none [3] [3] )\n"
        "add[1, 2, 2, 3](2 0 )\n"
        "relu[1, 2, 2, 3](3 )\n"
        "global_avg_pool[1, 3](4 )\n"
        "linear[1, 2](5 [2, 3] [2] )\n");
  CHECK(y.trace() == &trace);
  CHECK(y.step() == 6);
  REQUIRE(std::any_cast<ops::Add>(&trace.steps()[3].op) != nullptr);
  CHECK(std::any_cast<ops::Add>(&trace.steps()[3].op)->relu);
}

TEST_CASE("what is traced has the values that it has otherwise, and what is not is on no trace") {
  auto net = traced_network();
  Trace trace;
  const X32 x = X32::full({2, 5, 4, 3}, -0.7F);
  const X32 traced = net(Pending<float, Cpu>(x, trace)), plain = net(x);
  CHECK(std::ranges::equal(traced.span(), plain.span()));
  const Pending<float, Cpu> untraced = net(Pending<float, Cpu>(x));
  CHECK(untraced.trace() == nullptr);
  CHECK(trace.steps().size() == 7);
}

}  // namespace
