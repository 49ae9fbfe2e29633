// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/classifier.hpp"
#include "pretext/models/residual_block.hpp"

namespace pretext::models {

/// What a residual network is made of.
struct ResNetOptions {
  std::vector<std::int64_t> blocks{2, 2, 2, 2};  ///< of each layer; {3, 4, 6, 3}: ResNet-34 and ResNet-50
  std::int64_t width = 64;                       ///< channels of the first layer; each next one doubles them
  std::int64_t channels = 3;
  std::int64_t classes = 0;      ///< 0: without a classifier
  bool bottleneck = false;       ///< blocks of three convolutions that end four times as wide: ResNet-50
  std::int64_t middle = 1;       ///< times the width: a bottleneck's middle; 2: Wide ResNet-50-2
  std::int64_t stem = 0;         ///< channels of the first convolution; 0: the width
  std::int64_t stem_stride = 0;  ///< of the first convolution; 0: 2, and 1 in the small form
  bool pre_activation = false;   ///< the second version (2016), of which Wide ResNets are made as well
  bool padded = false;           ///< shortcuts pad with zeros instead of learning, as for CIFAR (2015)
  bool small = false;  ///< for pictures of about 32 pixels: a stem of 3 x 3 that neither strides nor pools
  bool recompute = false;  ///< of each residual block only the input is kept for the backward pass
};

namespace detail {

inline void check(const ResNetOptions& o) {
  require(o.width >= 8 && o.width <= 8192, "resnet: width must be 8 to 8192, not ", o.width);
  require(o.channels >= 1, "resnet: channels must be at least 1, not ", o.channels);
  require(o.middle >= 1 && o.middle <= 64, "resnet: the middle must be 1 to 64 widths, not ", o.middle);
  require(o.stem >= 0 && o.stem <= 8192, "resnet: the stem must have 1 to 8192 channels, not ", o.stem);
  require(o.stem_stride >= 0 && o.stem_stride <= 8, "resnet: the stem's stride must be 1 to 8, not ",
          o.stem_stride);
  require(o.blocks.size() >= 1 && o.blocks.size() <= 6, "resnet: there are 1 to 6 layers, not ",
          o.blocks.size());
  for (const std::int64_t count : o.blocks)
    require(count >= 1 && count <= 100, "resnet: a layer has 1 to 100 blocks, not ", count);
}

/// The first convolution and what follows it up to the first layer; returns the number of channels.
template <Device D, class T>
std::int64_t add_resnet_stem(nn::Sequential<D, T>& net, const ResNetOptions& o, Rng& rng) {
  const std::int64_t out = o.stem == 0 ? o.width : o.stem, kernel = o.small ? 3 : 7;
  const std::int64_t stride = o.stem_stride != 0 ? o.stem_stride : o.small ? 1 : 2;
  net.add("conv1", residual_conv<D, T>(o.channels, out, kernel, stride, rng));
  if (!o.pre_activation) {
    net.add("bn1", nn::BatchNorm2d<D, T>({.channels = out}));
    net.add("relu", nn::Relu());
  }
  if (!o.small) net.add("maxpool", nn::MaxPool2d({.kernel = 3, .window = {.stride = 2, .padding = 1}}));
  return out;
}

}  // namespace detail

/// The residual network of He et al. (2015; with pre_activation 2016): x[N, H, W, channels] to [N, H/32,
/// W/32, C], where C is 8 times the width, or 32 times with bottlenecks, or to [N, H/8, W/8, C] in its small
/// form; with a classifier to [N, classes]. A bottleneck strides in its 3 x 3. Names are torchvision's.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> resnet(const ResNetOptions& o, Rng& rng) {
  detail::check(o);
  nn::Sequential<D, T> net;
  std::int64_t in = detail::add_resnet_stem(net, o, rng);
  for (std::size_t i = 0; i < o.blocks.size(); ++i) {
    const std::int64_t width = o.width << i, out = o.bottleneck ? 4 * width : width;
    nn::Sequential<D, T> layer;
    for (std::int64_t b = 0; b < o.blocks[i]; ++b, in = out)
      detail::add_residual(layer,
                           {.in = in,
                            .out = out,
                            .middle = o.bottleneck ? o.middle * width : 0,
                            .stride = b == 0 && i > 0 ? 2 : 1,
                            .pre_activation = o.pre_activation,
                            .padded = o.padded},
                           o.recompute, rng);
    net.add("layer" + std::to_string(i + 1), std::move(layer));
  }
  if (o.pre_activation) {
    net.add("norm", nn::BatchNorm2d<D, T>({.channels = in}));
    net.add("relu", nn::Relu());
  }
  detail::add_classifier(net, in, o.classes, rng);
  return net;
}

}  // namespace pretext::models
