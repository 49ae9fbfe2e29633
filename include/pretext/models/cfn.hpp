// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/local_response_norm.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/sequential.hpp"

namespace pretext::models {

/// What the tower of a context-free network is made of.
struct CfnOptions {
  std::int64_t width = 96;  ///< channels of the first layer; the others keep their ratio to it
  std::int64_t channels = 3;
  bool batch_norm = false;  ///< after every convolution, instead of local response norm after two pools
  bool small =
      false;  ///< for tiles of 8 to 48 pixels: conv1 is 5 x 5 without stride, and pools have a border
  bool recompute = false;  ///< of each convolution's stage only the input is kept for the backward pass
};

namespace detail {

/// Refuses pictures that would vanish on their way through a network.
struct LeastSize {
  const char* network;
  std::int64_t least;

  template <class X>
  X operator()(const X& x) const {
    require(x.shape().rank() == 4 && x.dim(1) >= least && x.dim(2) >= least, network,
            ": pictures must be [N, H, W, channels] of at least ", least, " x ", least, " pixels, not ",
            x.shape());
    return x;
  }
  void each(auto&&) {}
};

/// A convolution, batch norm where it is asked for, and ReLU, for pictures of at least so many pixels a side.
template <Device D, class T>
auto cfn_layer(const CfnOptions& o, typename nn::Conv2d<D, T>::Options conv, std::int64_t least, Rng& rng) {
  nn::Sequential<D, T> layer;
  layer.add("size", LeastSize{"cfn", least});
  conv.bias = !o.batch_norm;
  layer.add("conv", nn::Conv2d<D, T>(conv, rng));
  if (o.batch_norm) layer.add("bn", nn::BatchNorm2d<D, T>({.channels = conv.out}));
  layer.add("relu", nn::Relu());
  return nn::Recompute(std::move(layer), o.recompute);
}

/// A pool that halves the resolution, and what norms its result.
template <Device D, class T>
nn::Sequential<D, T> cfn_pool(const CfnOptions& o, bool normed) {
  nn::Sequential<D, T> pool;
  pool.add("pool", nn::MaxPool2d({.kernel = 3, .window = {.stride = 2, .padding = o.small ? 1 : 0}}));
  if (normed && !o.batch_norm) pool.add("norm", nn::LocalResponseNorm());
  return pool;
}

}  // namespace detail

/// One of the nine towers of the context-free network (Noroozi and Favaro, ECCV 2016), whose weights are the
/// same: AlexNet's convolutions, in two groups where it has them, with a stride of 2 in conv1. x[N, H, W,
/// channels] of at least 39 x 39 pixels to [N, h, w, 8/3 width]; 64 x 64 gives 2 x 2, 75 x 75 3 x 3. In its
/// small form pictures of any size, to [N, H/8, W/8, 8/3 width], rounded up.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> cfn(const CfnOptions& o, Rng& rng) {
  require(o.width >= 8 && o.width <= 8192 && o.width % 2 == 0, "cfn: width must be even, 8 to 8192, not ",
          o.width);
  require(o.channels >= 1, "cfn: channels must be at least 1, not ", o.channels);
  using Conv = typename nn::Conv2d<D, T>::Options;
  const auto part = [&](std::int64_t of_96) { return (o.width * of_96 + 384) / 768 * 8; };
  const std::int64_t w = o.width, second = part(256), third = part(384);

  nn::Sequential<D, T> net;
  const auto add = [&](const char* name, const Conv& conv, std::int64_t least = 1) {
    net.add(name, detail::cfn_layer<D, T>(o, conv, least, rng));
  };
  if (o.small)
    add("conv1", {.in = o.channels, .out = w, .kernel = 5, .padding = 2});
  else
    add("conv1", {.in = o.channels, .out = w, .kernel = 11, .stride = 2}, 39);
  net.add("pool1", detail::cfn_pool<D, T>(o, true));
  add("conv2", {.in = w, .out = second, .kernel = 5, .padding = 2, .groups = 2});
  net.add("pool2", detail::cfn_pool<D, T>(o, true));
  add("conv3", {.in = second, .out = third, .kernel = 3, .padding = 1});
  add("conv4", {.in = third, .out = third, .kernel = 3, .padding = 1, .groups = 2});
  add("conv5", {.in = third, .out = second, .kernel = 3, .padding = 1, .groups = 2});
  net.add("pool5", detail::cfn_pool<D, T>(o, false));
  return net;
}

}  // namespace pretext::models
