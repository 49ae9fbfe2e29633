// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/activation.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/sequential.hpp"

namespace pretext::models {

/// What an Exemplar-CNN is made of.
struct ExemplarCnnOptions {
  std::vector<std::int64_t> convolutions{64, 64};  ///< channels of each convolution of 5 x 5
  std::int64_t features = 128;                     ///< of the fully connected layer
  std::int64_t channels = 3;
  bool recompute = false;  ///< of each stage only the input is kept for the backward pass
};

/// The three published sizes: 64c5-64c5-128f, 64c5-128c5-256c5-512f and 92c5-256c5-512c5-1024f.
inline const ExemplarCnnOptions exemplar_cnn_small{{64, 64}, 128}, exemplar_cnn_medium{{64, 128, 256}, 512},
    exemplar_cnn_large{{92, 256, 512}, 1024};

/// The network of Exemplar-CNN (Dosovitskiy et al., NIPS 2014) without its classifier: x[N, 32, 32, channels]
/// to [N, 1, 1, features], with taps conv1, conv2, ... and fc. The first two convolutions keep the resolution
/// and are followed by max pooling 2/2, later ones keep it; fc is a convolution of 8 x 8, so that larger
/// pictures give larger maps. Smaller ones are refused. The dropout after fc is the task's.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> exemplar_cnn(const ExemplarCnnOptions& o, Rng& rng) {
  require(o.convolutions.size() >= 2 && o.convolutions.size() <= 16,
          "exemplar_cnn: there are 2 to 16 convolutions, not ", o.convolutions.size());
  require(o.channels >= 1 && o.features >= 1, "exemplar_cnn: channels (", o.channels, ") and features (",
          o.features, ") must be at least 1");
  nn::Sequential<D, T> net;
  std::int64_t in = o.channels;
  for (std::size_t i = 0; i < o.convolutions.size(); ++i) {
    const std::int64_t out = o.convolutions[i];
    require(out >= 1 && out <= 65536, "exemplar_cnn: width must be 1 to 65536, not ", out);
    nn::Sequential<D, T> stage;
    stage.add("conv", nn::Conv2d<D, T>({.in = in, .out = out, .kernel = 5, .padding = 2}, rng));
    stage.add("relu", nn::Relu());
    if (i < 2) stage.add("pool", nn::MaxPool2d({.kernel = 2, .window = {.stride = 2}}));
    net.add("conv" + std::to_string(i + 1), nn::Recompute(std::move(stage), o.recompute));
    in = out;
  }
  nn::Sequential<D, T> fc;
  fc.add("conv", nn::Conv2d<D, T>({.in = in, .out = o.features, .kernel = 8}, rng));
  fc.add("relu", nn::Relu());
  net.add("fc", nn::Recompute(std::move(fc), o.recompute));
  return net;
}

}  // namespace pretext::models
