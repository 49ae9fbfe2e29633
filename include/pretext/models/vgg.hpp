// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/stages.hpp"

namespace pretext::models {

/// What a VGG network is made of.
struct VggOptions {
  std::array<std::int64_t, 5> convolutions{1, 1, 2, 2, 2};  ///< of each block: VGG-11
  std::int64_t width = 64;  ///< channels of the first block; they double three times
  std::int64_t channels = 3;
  std::int64_t classes = 0;  ///< 0: without fully connected layers
  std::int64_t hidden = 0;   ///< outputs of fc6 and fc7; 0: 64 times the width, 8 times in the small form
  double dropout = 0.5;      ///< after fc6 and fc7
  bool batch_norm = true;    ///< after every convolution
  bool dense_norm = false;   ///< after fc6 and fc7 too, and then no dropout: Kolesnikov et al. (2019)
  bool small = false;  ///< for 32 pixels and less: fc6 reads a map of 1 x 1, not of 7 x 7; pools keep rims
  bool recompute = false;  ///< of each stage only the input is kept for the backward pass
};

/// Convolutions of each block of VGG-11, 13, 16 and 19.
inline constexpr std::array<std::int64_t, 5> vgg11_blocks{1, 1, 2, 2, 2}, vgg13_blocks{2, 2, 2, 2, 2},
    vgg16_blocks{2, 2, 3, 3, 3}, vgg19_blocks{2, 2, 4, 4, 4};

/// The network of Simonyan and Zisserman (2015), with batch norm: x[N, H, W, channels] of at least 32 x 32
/// pixels to [N, H/32, W/32, 8 width], rounded down (small: of any size, rounded up), with a tap blockI and a
/// tap poolI for each of five blocks; with classes of at least 224 x 224 (small: 32 x 32) to [N, classes],
/// with taps fc6, fc7 and fc8. Names are torchvision's.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> vgg(const VggOptions& o, Rng& rng) {
  require(o.width >= 8 && o.width <= 8192, "vgg: width must be 8 to 8192, not ", o.width);
  require(o.channels >= 1, "vgg: channels must be at least 1, not ", o.channels);
  require(o.classes >= 0 && o.hidden >= 0, "vgg: classes (", o.classes, ") and hidden (", o.hidden,
          ") must not be negative");
  const std::int64_t side = o.small || o.classes == 0 ? 1 : 7;
  nn::Sequential<D, T> net;
  detail::Stages<D, T> features(net, "features", o.recompute);
  std::int64_t in = o.channels;
  for (std::size_t block = 0; block < 5; ++block) {
    const std::int64_t out = o.width << std::min<std::size_t>(block, 3), count = o.convolutions[block];
    require(count >= 1 && count <= 100, "vgg: a block has 1 to 100 convolutions, not ", count);
    if (block == 0 && (!o.small || o.classes != 0))
      features.between("size", detail::LeastSize{"vgg", 32 * side});
    for (std::int64_t i = 0; i < count; ++i, in = out) {
      features.add("conv", nn::Conv2d<D, T>({.in = in, .out = out, .kernel = 3, .padding = 1}, rng));
      if (o.batch_norm) features.add("bn", nn::BatchNorm2d<D, T>({.channels = out}));
      features.add("relu", nn::Relu());
    }
    const std::string number = std::to_string(block + 1);
    features.end("block" + number);
    features.add("pool", nn::MaxPool2d({.kernel = 2, .window = {.stride = 2}, .ceil = o.small}))
        .end("pool" + number);
  }
  if (o.classes == 0) return net;
  detail::Stages<D, T> classifier(net, "classifier", o.recompute);
  detail::add_dense(classifier,
                    {.in = in,
                     .side = side,
                     .hidden = o.hidden != 0 ? o.hidden : (o.small ? 8 : 64) * o.width,
                     .classes = o.classes,
                     .dropout = o.dropout,
                     .batch_norm = o.dense_norm},
                    rng);
  return net;
}

}  // namespace pretext::models
