// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/residual.hpp"
#include "pretext/nn/sequential.hpp"

namespace pretext::models {

/// What a residual network of basic blocks is made of.
struct ResNetOptions {
  std::array<std::int64_t, 4> blocks{2, 2, 2, 2};  ///< ResNet-18; {3, 4, 6, 3}: ResNet-34
  std::int64_t width = 64;                         ///< channels of the first layer; they double three times
  std::int64_t channels = 3;
  bool small = false;  ///< for pictures of about 32 pixels: a stem of 3 x 3 that neither strides nor pools
  bool recompute = false;  ///< of each residual block only the input is kept for the backward pass
};

namespace detail {

/// Two convolutions 3 x 3 with batch norm, and the input added; a 1 x 1 convolution fits the input where
/// resolution or channels change.
template <Device D, class T>
auto basic_block(std::int64_t in, std::int64_t out, std::int64_t stride, Rng& rng) {
  nn::Sequential<D, T> body, shortcut;
  body.add("conv1",
           nn::Conv2d<D, T>(
               {.in = in, .out = out, .kernel = 3, .stride = stride, .padding = 1, .bias = false}, rng));
  body.add("bn1", nn::BatchNorm2d<D, T>({.channels = out}));
  body.add("relu", nn::Relu());
  body.add("conv2", nn::Conv2d<D, T>({.in = out, .out = out, .kernel = 3, .padding = 1, .bias = false}, rng));
  body.add("bn2", nn::BatchNorm2d<D, T>({.channels = out}));
  if (stride != 1 || in != out) {
    shortcut.add(nn::Conv2d<D, T>({.in = in, .out = out, .kernel = 1, .stride = stride, .bias = false}, rng));
    shortcut.add(nn::BatchNorm2d<D, T>({.channels = out}));
  }
  return nn::Residual(std::move(body), std::move(shortcut), ops::Add{.relu = true});
}

}  // namespace detail

/// The residual network of He et al. (2015) with basic blocks, without its classifier: x[N, H, W, channels]
/// to [N, H/32, W/32, 8 width], or [N, H/8, W/8, 8 width] in its small form. Names are torchvision's.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> resnet(const ResNetOptions& o, Rng& rng) {
  require(o.width >= 8 && o.width <= 8192, "resnet: width must be 8 to 8192, not ", o.width);
  require(o.channels >= 1, "resnet: channels must be at least 1, not ", o.channels);
  nn::Sequential<D, T> net;
  const std::int64_t kernel = o.small ? 3 : 7, stride = o.small ? 1 : 2;
  net.add("conv1", nn::Conv2d<D, T>({.in = o.channels,
                                     .out = o.width,
                                     .kernel = kernel,
                                     .stride = stride,
                                     .padding = kernel / 2,
                                     .bias = false},
                                    rng));
  net.add("bn1", nn::BatchNorm2d<D, T>({.channels = o.width}));
  net.add("relu", nn::Relu());
  if (!o.small) net.add("maxpool", nn::MaxPool2d({.kernel = 3, .window = {.stride = 2, .padding = 1}}));
  for (std::int64_t i = 0, in = o.width; i < 4; ++i) {
    const std::int64_t out = o.width << i, count = o.blocks[static_cast<std::size_t>(i)];
    require(count >= 1 && count <= 100, "resnet: a layer has 1 to 100 blocks, not ", count);
    nn::Sequential<D, T> layer;
    for (std::int64_t b = 0; b < count; ++b, in = out)
      layer.add(nn::Recompute(detail::basic_block<D, T>(in, out, b == 0 && i > 0 ? 2 : 1, rng), o.recompute));
    net.add("layer" + std::to_string(i + 1), std::move(layer));
  }
  return net;
}

}  // namespace pretext::models
