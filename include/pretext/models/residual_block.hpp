// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/pad_channels.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/pre_activation.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/residual.hpp"
#include "pretext/nn/sequential.hpp"

namespace pretext::models::detail {

/// The convolutions of a residual block: two of 3 x 3, or 1 x 1, 3 x 3 and 1 x 1 around a narrower middle.
struct ResidualBlock {
  std::int64_t in, out;
  std::int64_t middle = 0;      ///< channels of a bottleneck's middle; 0: no bottleneck
  std::int64_t stride = 1;      ///< of the first convolution of 3 x 3
  bool pre_activation = false;  ///< batch norm and ReLU come before each convolution (2016), not after it
  bool padded = false;  ///< the shortcut leaves pixels out and adds zero channels, instead of learning

  bool same_shape() const { return stride == 1 && in == out; }
};

template <Device D, class T>
nn::Conv2d<D, T> residual_conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                               Rng& rng) {
  return nn::Conv2d<D, T>(
      {.in = in, .out = out, .kernel = kernel, .stride = stride, .padding = kernel / 2, .bias = false}, rng);
}

/// What a block adds to its shortcut, in torchvision's names: conv1, bn1, ... Of pre-activation the first
/// batch norm and ReLU, which belong to the shortcut as well, are there only if `whole`.
template <Device D, class T>
nn::Sequential<D, T> residual_body(const ResidualBlock& b, bool whole, Rng& rng) {
  struct Conv {
    std::int64_t in, out, kernel, stride;
  };
  const std::vector<Conv> convs = b.middle != 0
                                      ? std::vector<Conv>{{b.in, b.middle, 1, 1},
                                                          {b.middle, b.middle, 3, b.stride},
                                                          {b.middle, b.out, 1, 1}}
                                      : std::vector<Conv>{{b.in, b.out, 3, b.stride}, {b.out, b.out, 3, 1}};
  nn::Sequential<D, T> body;
  for (std::size_t i = 0; i < convs.size(); ++i) {
    const Conv& c = convs[i];
    const std::string number = std::to_string(i + 1);
    const bool before = b.pre_activation && (whole || i > 0), last = i + 1 == convs.size();
    if (before) body.add("bn" + number, nn::BatchNorm2d<D, T>({.channels = c.in}));
    if (before) body.add("relu" + number, nn::Relu());
    body.add("conv" + number, residual_conv<D, T>(c.in, c.out, c.kernel, c.stride, rng));
    if (!b.pre_activation) body.add("bn" + number, nn::BatchNorm2d<D, T>({.channels = c.out}));
    if (!b.pre_activation && !last) body.add("relu" + number, nn::Relu());
  }
  return body;
}

/// What fits the input of a block to its output; empty where it does already.
template <Device D, class T>
nn::Sequential<D, T> residual_shortcut(const ResidualBlock& b, Rng& rng) {
  nn::Sequential<D, T> shortcut;
  if (b.same_shape()) return shortcut;
  if (b.padded) {
    const std::int64_t before = (b.out - b.in) / 2;
    shortcut.add(nn::AvgPool2d({.kernel = 1, .window = {.stride = b.stride}}));
    shortcut.add(nn::PadChannels({before, b.out - b.in - before}));
    return shortcut;
  }
  shortcut.add(residual_conv<D, T>(b.in, b.out, 1, b.stride, rng));
  if (!b.pre_activation) shortcut.add(nn::BatchNorm2d<D, T>({.channels = b.out}));
  return shortcut;
}

/// Appends a block to a layer; with `recompute` only its input is kept for the backward pass.
template <Device D, class T>
void add_residual(nn::Sequential<D, T>& layer, const ResidualBlock& b, bool recompute, Rng& rng) {
  auto body = residual_body<D, T>(b, false, rng);
  auto shortcut = residual_shortcut<D, T>(b, rng);
  const auto add = [&](auto&& block) { layer.add(nn::Recompute(std::move(block), recompute)); };
  if (!b.pre_activation)
    return add(nn::Residual(std::move(body), std::move(shortcut), ops::Add{.relu = true}));
  nn::BatchNorm2d<D, T> norm({.channels = b.in});
  if (b.same_shape())
    add(nn::PreActivation(std::move(norm), std::move(body)));
  else
    add(nn::PreActivation(std::move(norm), std::move(body), std::move(shortcut)));
}

}  // namespace pretext::models::detail
