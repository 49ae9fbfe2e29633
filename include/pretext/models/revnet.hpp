// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/classifier.hpp"
#include "pretext/models/residual_block.hpp"
#include "pretext/nn/reversible.hpp"

namespace pretext::models {

/// What a reversible residual network is made of.
struct RevNetOptions {
  std::vector<std::int64_t> blocks{3, 4, 6, 3};  ///< of each layer
  std::int64_t width = 64;  ///< a quarter of the channels of the first layer; each next one doubles them
  std::int64_t channels = 3;
  std::int64_t classes = 0;      ///< 0: without a classifier
  std::int64_t stem_stride = 0;  ///< of the first convolution; 0: 2, and 1 in the small form
  bool last_relu = false;        ///< after the last batch norm
  bool small = false;  ///< for pictures of about 32 pixels: a stem of 3 x 3 that neither strides nor pools
  bool store = false;  ///< activations are kept, as by other networks: more memory, less time
};

/// The reversible residual network (Gomez et al. 2017) as Kolesnikov, Zhai and Beyer (CVPR 2019) have it:
/// x[N, H, W, channels] to [N, H/32, W/32, 32 width], or [N, H/8, W/8, 32 width] in its small form; with a
/// classifier to [N, classes]. RevNet-50: {3, 4, 6, 3}. Each block computes one half of the channels from the
/// other; between layers pixels are averaged 2 x 2 and zero channels are added on both sides.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> revnet(const RevNetOptions& o, Rng& rng) {
  require(o.width >= 8 && o.width <= 4096 && o.width % 2 == 0, "revnet: width must be even, 8 to 4096, not ",
          o.width);
  require(o.channels >= 1, "revnet: channels must be at least 1, not ", o.channels);
  require(o.stem_stride >= 0 && o.stem_stride <= 8, "revnet: the stem's stride must be 1 to 8, not ",
          o.stem_stride);
  require(o.blocks.size() >= 1 && o.blocks.size() <= 6, "revnet: there are 1 to 6 layers, not ",
          o.blocks.size());
  nn::Sequential<D, T> net;
  std::int64_t channels = 4 * o.width;
  const std::int64_t stride = o.stem_stride != 0 ? o.stem_stride : o.small ? 1 : 2;
  net.add("conv1", detail::residual_conv<D, T>(o.channels, channels, o.small ? 3 : 7, stride, rng));
  if (!o.small) net.add("maxpool", nn::MaxPool2d({.kernel = 3, .window = {.stride = 2, .padding = 1}}));
  for (std::size_t i = 0; i < o.blocks.size(); ++i) {
    require(o.blocks[i] >= 1 && o.blocks[i] <= 100, "revnet: a layer has 1 to 100 blocks, not ", o.blocks[i]);
    const std::string number = std::to_string(i + 1);
    if (i > 0) {
      nn::Sequential<D, T> down;
      down.add(nn::AvgPool2d({.kernel = 2, .window = {.stride = 2}, .ceil = true}));
      down.add(nn::PadChannels({channels / 2, channels / 2}));
      net.add("down" + number, std::move(down));
      channels *= 2;
    }
    nn::Reversible<D, T> layer(o.store);
    const detail::ResidualBlock block{
        .in = channels / 2, .out = channels / 2, .middle = channels / 8, .pre_activation = true};
    for (std::int64_t b = 0; b < o.blocks[i]; ++b) layer.add(detail::residual_body<D, T>(block, true, rng));
    net.add("layer" + number, std::move(layer));
  }
  net.add("norm", nn::BatchNorm2d<D, T>({.channels = channels}));
  if (o.last_relu) net.add("relu", nn::Relu());
  detail::add_classifier(net, channels, o.classes, rng);
  return net;
}

}  // namespace pretext::models
