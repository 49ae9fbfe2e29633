// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/nin.hpp"
#include "pretext/nn/freeze.hpp"
#include "pretext/nn/init.hpp"

namespace pretext::models {

/// What learns on top of a frozen network, before a classifier's mean of the map and linear layer.
enum class ProbeHead {
  none,  ///< nothing: the classifier is linear
  mlp,   ///< two fully connected layers over the whole map, each with batch norm and ReLU: taps fc1 and fc2
  conv   ///< a block of network in network, three convolutions 3 x 3, 1 x 1 and 1 x 1: tap conv
};

struct ProbeHeadOptions {
  ProbeHead head = ProbeHead::none;
  std::int64_t width = 0;  ///< of its layers; 0: 200 and 192, as RotNet's for 10 classes
};

/// Freezes a network up to a tap, which becomes its last, and puts a head on it: the classifiers by which
/// Gidaris et al. (2018) measure features. `input` [1, H, W, C] is what the network will be given, which the
/// mlp head is made for.
template <Device D, class T>
void add_probe_head(nn::Sequential<D, T>& net, const std::string& tap, const Shape& input,
                    const ProbeHeadOptions& o, Rng& rng) {
  require(o.width >= 0, "probe head: width must not be negative, but is ", o.width);
  const Shape map = net.at(tap, Tensor<T, D>::zeros(input)).shape();
  require(o.head == ProbeHead::none || map.rank() == 4, "probe head: tap ", tap,
          " must be a map [N, H, W, C], not ", map);
  require(o.head != ProbeHead::mlp || map[1] == map[2], "probe head: the mlp head takes square maps, but ",
          tap, " is ", map);
  net.end_at(tap);
  nn::freeze(net);
  if (o.head == ProbeHead::none) return;
  if (o.head == ProbeHead::conv) {
    const std::int64_t width = o.width == 0 ? 192 : o.width;
    net.add("conv", detail::nin_block<D, T>(map[3], 3, {width, width, width}, rng));
    return;
  }
  const std::int64_t width = o.width == 0 ? 200 : o.width;
  for (const int i : {1, 2}) {
    nn::Sequential<D, T> layer;
    const std::int64_t side = i == 1 ? map[1] : 1;
    nn::Conv2d<D, T> linear({.in = i == 1 ? map[3] : width, .out = width, .kernel = side, .bias = false},
                            rng);
    linear.weight.value = init::he<Wide<T>, D>(linear.weight.value.shape(), width, rng);
    layer.add("linear", std::move(linear));
    layer.add("bn", nn::BatchNorm2d<D, T>({.channels = width}));
    layer.add("relu", nn::Relu());
    net.add("fc" + std::to_string(i), std::move(layer));
  }
}

}  // namespace pretext::models
