// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/dropout.hpp"
#include "pretext/nn/flatten.hpp"
#include "pretext/nn/l2_normalize.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/local_response_norm.hpp"
#include "pretext/nn/pad_channels.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/pre_activation.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/residual.hpp"
#include "pretext/nn/reversible.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/nn/upsample.hpp"

namespace test {

using namespace pretext;

/// How what a layer infers relates to what it computes in training.
enum class Inference { same, same_once_frozen, differs };

/// One layer and what every layer is tested for: tests/nn/layer_test.cpp reads this table.
template <Device D = Cpu, class T = double>
struct LayerRow {
  std::string name;
  Shape input, output;
  std::vector<std::string> members;  // the names of its parameters and buffers, in order
  std::function<nn::AnyLayer<D, T>(Rng& rng)> make;
  Inference inference = Inference::same;
  double tolerance = 1e-8;  // of the gradient
};

template <Device D = Cpu, class T = double>
std::vector<LayerRow<D, T>> layer_table() {
  using Conv2d = nn::Conv2d<D, T>;
  using Linear = nn::Linear<D, T>;
  using BatchNorm2d = nn::BatchNorm2d<D, T>;
  const auto any = [](auto&& layer) { return nn::AnyLayer<D, T>(std::forward<decltype(layer)>(layer)); };
  const auto body = [](Rng& rng, std::int64_t in, std::int64_t out) {
    nn::Sequential<D, T> net;
    net.add("conv1", Conv2d({.in = in, .out = out, .kernel = 3, .padding = 1}, rng)).add("tanh1", nn::Tanh());
    return net;
  };
  return {
      {"Conv2d",
       {2, 5, 4, 3},
       {2, 3, 2, 4},
       {"weight", "bias"},
       [=](Rng& rng) {
         return any(Conv2d({.in = 3, .out = 4, .kernel = 3, .stride = 2, .padding = 1}, rng));
       }},
      {"Conv2d of groups, dilated, without bias",
       {1, 5, 5, 4},
       {1, 3, 3, 6},
       {"weight"},
       [=](Rng& rng) {
         return any(Conv2d({.in = 4, .out = 6, .kernel = 2, .dilation = 2, .groups = 2, .bias = false}, rng));
       }},
      {"Linear",
       {3, 5},
       {3, 4},
       {"weight", "bias"},
       [=](Rng& rng) { return any(Linear({.in = 5, .out = 4}, rng)); }},
      {"Linear without bias",
       {1, 5},
       {1, 4},
       {"weight"},
       [=](Rng& rng) { return any(Linear({.in = 5, .out = 4, .bias = false}, rng)); }},
      {"BatchNorm2d",
       {2, 3, 3, 4},
       {2, 3, 3, 4},
       {"weight", "bias", "running_mean", "running_var"},
       [=](Rng&) { return any(BatchNorm2d({.channels = 4})); },
       Inference::same_once_frozen},
      {"BatchNorm2d of its statistics alone",
       {6, 3},
       {6, 3},
       {"running_mean", "running_var"},
       [=](Rng&) { return any(BatchNorm2d({.channels = 3, .momentum = 0.5, .affine = false})); },
       Inference::same_once_frozen},
      {"Relu", {2, 3, 3, 2}, {2, 3, 3, 2}, {}, [=](Rng&) { return any(nn::Relu()); }},
      {"Tanh", {2, 7}, {2, 7}, {}, [=](Rng&) { return any(nn::Tanh()); }},
      {"MaxPool2d",
       {2, 6, 5, 2},
       {2, 3, 3, 2},
       {},
       [=](Rng&) { return any(nn::MaxPool2d({.kernel = 3, .window = {.stride = 2, .padding = 1}})); }},
      {"AvgPool2d",
       {2, 6, 5, 2},
       {2, 3, 3, 2},
       {},
       [=](Rng&) { return any(nn::AvgPool2d({.kernel = 3, .window = {.stride = 2, .padding = 1}})); }},
      {"Upsample", {2, 2, 3, 2}, {2, 6, 9, 2}, {}, [=](Rng&) { return any(nn::Upsample({.factor = 3})); }},
      {"GlobalAvgPool", {2, 3, 4, 3}, {2, 3}, {}, [=](Rng&) { return any(nn::GlobalAvgPool()); }},
      {"LocalResponseNorm",
       {1, 2, 2, 7},
       {1, 2, 2, 7},
       {},
       [=](Rng&) { return any(nn::LocalResponseNorm({.size = 3, .alpha = 0.5})); }},
      {"PadChannels",
       {2, 3, 2, 3},
       {2, 3, 2, 6},
       {},
       [=](Rng&) {
         return any(nn::PadChannels({2, 1}));
       }},
      {"Flatten", {2, 3, 2, 3}, {2, 18}, {}, [=](Rng&) { return any(nn::Flatten()); }},
      {"L2Normalize", {3, 6}, {3, 6}, {}, [=](Rng&) { return any(nn::L2Normalize()); }},
      {"Dropout",
       {4, 9},
       {4, 9},
       {},
       [=](Rng&) { return any(nn::Dropout{.rate = 0.3}); },
       Inference::differs},
      {"Residual",
       {1, 4, 4, 3},
       {1, 4, 4, 3},
       {"conv1.weight", "conv1.bias"},
       [=](Rng& rng) { return any(nn::Residual(body(rng, 3, 3))); }},
      {"Residual with relu",
       {1, 4, 4, 3},
       {1, 4, 4, 3},
       {"conv1.weight", "conv1.bias"},
       [=](Rng& rng) { return any(nn::Residual(body(rng, 3, 3), nn::Identity(), ops::Add{.relu = true})); }},
      {"Residual with a shortcut",
       {1, 4, 4, 2},
       {1, 4, 4, 3},
       {"conv1.weight", "conv1.bias", "downsample.weight"},
       [=](Rng& rng) {
         return any(
             nn::Residual(body(rng, 2, 3), Conv2d({.in = 2, .out = 3, .kernel = 1, .bias = false}, rng)));
       }},
      {"PreActivation",
       {3, 4, 4, 3},
       {3, 4, 4, 3},
       {"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "conv1.weight", "conv1.bias"},
       [=](Rng& rng) { return any(nn::PreActivation(BatchNorm2d({.channels = 3}), body(rng, 3, 3))); },
       Inference::same_once_frozen,
       1e-6},
      {"Recompute",
       {2, 4, 4, 2},
       {2, 4, 4, 3},
       {"conv1.weight", "conv1.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"},
       [=](Rng& rng) {
         auto net = body(rng, 2, 3);
         net.add("bn", BatchNorm2d({.channels = 3}));
         return any(nn::Recompute(std::move(net)));
       },
       Inference::same_once_frozen,
       1e-6},
      {"Reversible",
       {2, 3, 3, 4},
       {2, 3, 3, 4},
       {"0.conv1.weight", "0.conv1.bias", "1.conv1.weight", "1.conv1.bias", "2.conv1.weight", "2.conv1.bias"},
       [=](Rng& rng) {
         nn::Reversible<D, T> layer;
         for (int i = 0; i < 3; ++i) layer.add(body(rng, 2, 2));
         return any(std::move(layer));
       }},
      {"Dense convolution",
       {2, 3, 4, 2},
       {2, 1, 2, 3},
       {"weight"},
       [=](Rng& rng) {
         return any(Conv2d({.in = 2, .out = 3, .kernel = 3, .bias = false, .dense = true}, rng));
       }},
      {"Sequential",
       {2, 4, 4, 2},
       {2, 3},
       {"conv1.weight", "conv1.bias", "fc.weight", "fc.bias"},
       [=](Rng& rng) {
         auto net = body(rng, 2, 4);
         net.add("pool", nn::GlobalAvgPool()).add("fc", Linear({.in = 4, .out = 3}, rng));
         return any(std::move(net));
       }},
  };
}

}  // namespace test
