// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/stages.hpp"
#include "pretext/nn/local_response_norm.hpp"

namespace pretext::models {

/// What keeps the activations of an AlexNet in bounds: nothing, the response of neighbouring channels after
/// the first two pools, or batch norm after every convolution, whose bias it replaces.
enum class AlexNetNorm { none, response, batch };

/// What an AlexNet is made of; without changes, torchvision's.
struct AlexNetOptions {
  const char* name = "alexnet";                                      ///< what errors call it
  std::array<std::int64_t, 5> convolutions{64, 192, 384, 256, 256};  ///< channels, as published
  std::int64_t width = 0;  ///< channels of the first; the others keep their ratio to it; 0: as published
  std::int64_t channels = 3;
  std::int64_t classes = 0;                                ///< 0: without fc8
  bool dense = false;                                      ///< with fc6 and fc7; with fc8 always
  std::int64_t hidden = 4096;                              ///< their outputs, as published
  std::int64_t kernel = 11, stem_stride = 4, padding = 2;  ///< of the first convolution
  std::int64_t groups = 1;                                 ///< of the second, fourth and fifth
  AlexNetNorm norm = AlexNetNorm::none;
  bool affine = true;  ///< batch norms have a weight and a bias
  ops::MaxPool2d pool{.kernel = 3, .window = {.stride = 2}};
  std::int64_t last_pool_stride = 2;
  std::int64_t map = 6;  ///< side of the map that fc6 reads
  std::int64_t fc6_padding = 0, fc6_dilation = 1;
  bool dropout_first = true;  ///< before fc6 and fc7 instead of after them; with batch norm there is none
  bool numbered = true;       ///< parameters are called features.0.weight, not conv1.conv.weight
  bool recompute = false;     ///< of each stage only the input is kept for the backward pass
};

inline const AlexNetOptions
    /// With batch norm, fully connected layers included: RotNet's (Gidaris et al. 2018).
    alexnet_bn{.norm = AlexNetNorm::batch},
    /// Caffe's, in two groups, for 227 x 227: what was compared from 2014 to 2018.
    caffenet{.name = "caffenet",
             .convolutions = {96, 256, 384, 384, 256},
             .padding = 0,
             .groups = 2,
             .norm = AlexNetNorm::response,
             .pool = {.kernel = 3, .window = {.stride = 2}, .ceil = true},
             .dropout_first = false,
             .numbered = false},
    /// Zhang et al.'s (2016) for lightness to colours: fc7 is a map of a sixteenth of the resolution.
    alexnet_color{.name = "alexnet_color",
                  .convolutions = {96, 256, 384, 384, 256},
                  .channels = 1,
                  .dense = true,
                  .padding = 5,
                  .groups = 2,
                  .norm = AlexNetNorm::batch,
                  .affine = false,
                  .pool = {.kernel = 3, .window = {.stride = 2, .padding = 1}, .ceil = true},
                  .last_pool_stride = 1,
                  .fc6_padding = 5,
                  .fc6_dilation = 2,
                  .numbered = false},
    /// For pictures of about 32 pixels: a first convolution of 5 x 5 without stride, and pools with a border.
    alexnet_small{.hidden = 1024,
                  .kernel = 5,
                  .stem_stride = 1,
                  .norm = AlexNetNorm::batch,
                  .pool = {.kernel = 3, .window = {.stride = 2, .padding = 1}},
                  .map = 4};

namespace detail {

/// The side of the smallest picture that leaves a map of `side` at the end.
inline std::int64_t least_size(const AlexNetOptions& o, std::int64_t side) {
  const auto before = [](std::int64_t after, std::int64_t kernel, const ops::Window& w, bool ceil) {
    return std::max<std::int64_t>(
        1, (after - 1) * w.stride + kernel - 2 * w.padding - (ceil ? w.stride - 1 : 0));
  };
  ops::Window last = o.pool.window;
  last.stride = o.last_pool_stride;
  side = before(side, o.pool.kernel, last, o.pool.ceil);
  for (int i = 0; i < 2; ++i) side = before(side, o.pool.kernel, o.pool.window, o.pool.ceil);
  return before(side, o.kernel, {.stride = o.stem_stride, .padding = o.padding}, false);
}

inline void check(const AlexNetOptions& o, std::int64_t width) {
  require(o.groups == 1 || o.groups == 2, o.name, ": there are 1 or 2 groups, not ", o.groups);
  require(width >= 8 && width <= 8192 && width % o.groups == 0, o.name, ": width must be ",
          o.groups == 2 ? "even, " : "", "8 to 8192, not ", width);
  require(o.channels >= 1, o.name, ": channels must be at least 1, not ", o.channels);
  require(o.classes >= 0, o.name, ": the number of classes must not be negative, but is ", o.classes);
}

/// Five convolutions, three pools.
template <Device D, class T>
void add_alexnet_features(nn::Sequential<D, T>& net, const AlexNetOptions& o,
                          const std::array<std::int64_t, 5>& widths, Rng& rng) {
  const bool flat = (o.classes != 0 || o.dense) && o.fc6_padding == 0;
  Stages<D, T> stages(net, o.numbered ? "features" : "", o.recompute);
  stages.between("size", LeastSize{o.name, least_size(o, flat ? o.map : 1)});
  std::int64_t in = o.channels;
  for (std::size_t i = 0; i < 5; ++i) {
    const bool first = i == 0, grouped = i == 1 || i >= 3, pooled = i < 2 || i == 4;
    const std::int64_t kernel = first ? o.kernel : i == 1 ? 5 : 3;
    const std::string number = std::to_string(i + 1);
    stages.add("conv", nn::Conv2d<D, T>({.in = in,
                                         .out = widths[i],
                                         .kernel = kernel,
                                         .stride = first ? o.stem_stride : 1,
                                         .padding = first ? o.padding : kernel / 2,
                                         .groups = grouped ? o.groups : 1,
                                         .bias = o.norm != AlexNetNorm::batch},
                                        rng));
    if (o.norm == AlexNetNorm::batch)
      stages.add("bn", nn::BatchNorm2d<D, T>({.channels = widths[i], .affine = o.affine}));
    stages.add("relu", nn::Relu()).end("conv" + number);
    in = widths[i];
    if (!pooled) continue;
    ops::MaxPool2d pool = o.pool;
    if (i == 4) pool.window.stride = o.last_pool_stride;
    stages.add("pool", nn::MaxPool2d(pool));
    if (o.norm == AlexNetNorm::response && i < 2) stages.add("norm", nn::LocalResponseNorm());
    stages.end("pool" + number);
  }
}

}  // namespace detail

/// The network of Krizhevsky et al. (2012) in one of its forms: x[N, H, W, channels] to the map after the
/// last pool, with taps conv1, pool1, conv2, pool2, conv3, conv4, conv5 and pool5, and fc6, fc7, fc8 where
/// they are; with classes to [N, classes]. Pictures that are too small are refused. Names of the numbered
/// forms are torchvision's.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> alexnet(const AlexNetOptions& o, Rng& rng) {
  const std::int64_t published = o.convolutions[0], width = o.width == 0 ? published : o.width;
  detail::check(o, width);
  const auto scaled = [&](std::int64_t of) { return (width * of + 4 * published) / (8 * published) * 8; };
  std::array<std::int64_t, 5> widths{width};
  for (std::size_t i = 1; i < 5; ++i) widths[i] = scaled(o.convolutions[i]);
  nn::Sequential<D, T> net;
  detail::add_alexnet_features(net, o, widths, rng);
  if (o.classes == 0 && !o.dense) return net;
  detail::Stages<D, T> stages(net, o.numbered ? "classifier" : "", o.recompute);
  detail::add_dense(stages,
                    {.in = widths[4],
                     .side = o.map,
                     .hidden = scaled(o.hidden),
                     .classes = o.classes,
                     .padding = o.fc6_padding,
                     .dilation = o.fc6_dilation,
                     .dropout_first = o.dropout_first,
                     .batch_norm = o.norm == AlexNetNorm::batch,
                     .affine = o.affine},
                    rng);
  return net;
}

}  // namespace pretext::models
