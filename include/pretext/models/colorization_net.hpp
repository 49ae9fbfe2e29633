// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/nn/upsample.hpp"

namespace pretext::models {

/// What the colorization network is made of.
struct ColorizationNetOptions {
  std::int64_t width = 64;  ///< channels of the first group; up to eight times as many follow
  std::int64_t channels = 1;
  bool recompute = false;  ///< of each group only the input is kept for the backward pass
};

namespace detail {

/// One group of 3 x 3 convolutions with ReLU, all with the same number of outputs.
struct ColorizationGroup {
  std::int64_t in, out, count;
  std::int64_t stride = 1, dilation = 1;  ///< the stride is that of the last convolution
  bool enlarge = false;                   ///< twice the resolution comes first
  bool norm = true;                       ///< a batch norm without weight and bias comes last
};

template <Device D, class T>
nn::Sequential<D, T> colorization_group(const ColorizationGroup& g, Rng& rng) {
  nn::Sequential<D, T> group;
  if (g.enlarge) group.add("up", nn::Upsample({.factor = 2}));
  for (std::int64_t i = 1; i <= g.count; ++i) {
    const std::string number = std::to_string(i);
    group.add("conv" + number, nn::Conv2d<D, T>({.in = i == 1 ? g.in : g.out,
                                                 .out = g.out,
                                                 .kernel = 3,
                                                 .stride = i == g.count ? g.stride : 1,
                                                 .padding = g.dilation,
                                                 .dilation = g.dilation},
                                                rng));
    group.add("relu" + number, nn::Relu());
  }
  if (g.norm) group.add("norm", nn::BatchNorm2d<D, T>({.channels = g.out, .affine = false}));
  return group;
}

}  // namespace detail

/// The network of Zhang, Isola and Efros (ECCV 2016) without its classifier: x[N, H, W, channels] to [N, H/4,
/// W/4, 4 width] for H and W that 8 divides, with one tap a group, conv1 to conv8. Groups 4 to 7 work at an
/// eighth, 5 and 6 with holes. Where the publication has a transposed convolution before conv8, this one
/// doubles the pixels and convolves 3 x 3.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> colorization_net(const ColorizationNetOptions& o, Rng& rng) {
  require(o.width >= 8 && o.width <= 8192, "colorization_net: width must be 8 to 8192, not ", o.width);
  require(o.channels >= 1, "colorization_net: channels must be at least 1, not ", o.channels);
  const std::int64_t w = o.width;
  const detail::ColorizationGroup groups[] = {
      {.in = o.channels, .out = w, .count = 2, .stride = 2},
      {.in = w, .out = 2 * w, .count = 2, .stride = 2},
      {.in = 2 * w, .out = 4 * w, .count = 3, .stride = 2},
      {.in = 4 * w, .out = 8 * w, .count = 3},
      {.in = 8 * w, .out = 8 * w, .count = 3, .dilation = 2},
      {.in = 8 * w, .out = 8 * w, .count = 3, .dilation = 2},
      {.in = 8 * w, .out = 8 * w, .count = 3},
      {.in = 8 * w, .out = 4 * w, .count = 3, .enlarge = true, .norm = false},
  };
  nn::Sequential<D, T> net;
  int number = 0;
  for (const detail::ColorizationGroup& group : groups)
    net.add("conv" + std::to_string(++number),
            nn::Recompute(detail::colorization_group<D, T>(group, rng), o.recompute));
  return net;
}

}  // namespace pretext::models
