// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/classifier.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/sequential.hpp"

namespace pretext::models {

/// What a network in network is made of.
struct NinOptions {
  std::int64_t blocks = 4;
  std::int64_t width = 192;  ///< channels of most convolutions; the two narrower ones shrink with it
  std::int64_t channels = 3;
  std::int64_t classes = 0;  ///< 0: without a classifier
  bool recompute = false;    ///< of each block only the input is kept for the backward pass
};

namespace detail {

/// part / 192 of the width, to the nearest multiple of 8.
inline std::int64_t share(std::int64_t width, std::int64_t part) {
  return std::max<std::int64_t>(8, (width * part + 768) / 1536 * 8);
}

/// Three times convolution, batch norm and ReLU, of the given kernels and widths; resolution stays.
template <Device D, class T>
nn::Sequential<D, T> nin_block(std::int64_t in, std::int64_t first_kernel,
                               const std::array<std::int64_t, 3>& widths, Rng& rng) {
  nn::Sequential<D, T> block;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i + 1);
    const std::int64_t kernel = i == 0 ? first_kernel : 1;
    block.add("conv" + number,
              nn::Conv2d<D, T>(
                  {.in = in, .out = widths[i], .kernel = kernel, .padding = kernel / 2, .bias = false}, rng));
    block.add("bn" + number, nn::BatchNorm2d<D, T>({.channels = widths[i]}));
    block.add("relu" + number, nn::Relu());
    in = widths[i];
  }
  return block;
}

}  // namespace detail

/// The network in network of RotNet (Gidaris et al. 2018): x[N, H, W, channels] to [N, H/4, W/4, width],
/// rounded up, with one tap a block; with a classifier to [N, classes]. From 32 x 32 pictures block1 gives
/// 16 x 16, and every later block 8 x 8: as in the released networks, nothing is pooled after block 3,
/// however many blocks there are.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> nin(const NinOptions& o, Rng& rng) {
  require(o.blocks >= 1 && o.blocks <= 16, "nin: blocks must be 1 to 16, not ", o.blocks);
  require(o.width >= 8 && o.width <= 65536, "nin: width must be 8 to 65536, not ", o.width);
  require(o.channels >= 1, "nin: channels must be at least 1, not ", o.channels);
  const ops::Window halve{.stride = 2, .padding = 1};
  const std::int64_t w = o.width, narrow = detail::share(w, 160), narrowest = detail::share(w, 96);

  nn::Sequential<D, T> net;
  for (std::int64_t i = 1; i <= o.blocks; ++i) {
    auto block = i == 1   ? detail::nin_block<D, T>(o.channels, 5, {w, narrow, narrowest}, rng)
                 : i == 2 ? detail::nin_block<D, T>(narrowest, 5, {w, w, w}, rng)
                          : detail::nin_block<D, T>(w, 3, {w, w, w}, rng);
    if (i == 1) block.add("pool", nn::MaxPool2d({.kernel = 3, .window = halve}));
    if (i == 2) block.add("pool", nn::AvgPool2d({.kernel = 3, .window = halve}));
    net.add("block" + std::to_string(i), nn::Recompute(std::move(block), o.recompute));
  }
  detail::add_classifier(net, o.blocks == 1 ? narrowest : w, o.classes, rng);
  return net;
}

}  // namespace pretext::models
