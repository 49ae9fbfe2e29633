// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/classifier.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/dropout.hpp"
#include "pretext/nn/recompute.hpp"

namespace pretext::models::detail {

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

/// Puts layers together to the stages of a network. With a prefix they have running numbers, as in
/// torchvision's networks (features.0.weight); without, the name of what they are in their stage
/// (conv1.conv.weight).
template <Device D, class T>
class Stages {
 public:
  /// With `recompute` of each stage only the input is kept for the backward pass.
  Stages(nn::Sequential<D, T>& net, std::string prefix, bool recompute)
      : net_(net), prefix_(std::move(prefix)), recompute_(recompute) {}

  template <class L>
  Stages& add(const char* kind, L&& layer) {
    stage_.add(prefix_.empty() ? kind : std::to_string(count_), std::forward<L>(layer));
    ++count_;
    return *this;
  }

  /// A layer without parameters that the numbers leave out.
  template <class L>
  Stages& between(const char* kind, L&& layer) {
    stage_.add(kind, std::forward<L>(layer));
    return *this;
  }

  /// The layers since the last end are the stage of this tap.
  void end(const std::string& tap) {
    nn::Recompute stage(std::exchange(stage_, nn::Sequential<D, T>()), recompute_);
    net_.add(tap, prefix_.empty() ? tap : prefix_, std::move(stage));
  }

 private:
  nn::Sequential<D, T>& net_;
  nn::Sequential<D, T> stage_;
  std::string prefix_;
  std::int64_t count_ = 0;
  bool recompute_;
};

/// The fully connected layers of AlexNet and VGG: fc6 and fc7, and fc8 where there are classes.
struct DenseLayers {
  std::int64_t in;      ///< channels of the map
  std::int64_t side;    ///< of the map that fc6 reads; a larger one gives a map again
  std::int64_t hidden;  ///< outputs of fc6 and fc7
  std::int64_t classes = 0;
  std::int64_t padding = 0, dilation = 1;  ///< of fc6
  double dropout = 0.5;                    ///< where there is no batch norm
  bool dropout_first = false;              ///< before each layer instead of after it
  bool batch_norm = false, affine = true;  ///< batch norm, and no bias
};

template <Device D, class T>
void add_dense(Stages<D, T>& stages, const DenseLayers& o, Rng& rng) {
  require(o.hidden >= 1 && o.hidden <= 65536, "fully connected layers: 1 to 65536 outputs, not ", o.hidden);
  const nn::Dropout drop{.rate = o.batch_norm ? 0 : o.dropout};
  for (const int number : {6, 7}) {
    const bool first = number == 6;
    if (drop.rate > 0 && o.dropout_first) stages.add("drop", drop);
    stages.add("conv", nn::Conv2d<D, T>({.in = first ? o.in : o.hidden,
                                         .out = o.hidden,
                                         .kernel = first ? o.side : 1,
                                         .padding = first ? o.padding : 0,
                                         .dilation = first ? o.dilation : 1,
                                         .bias = !o.batch_norm,
                                         .dense = true},
                                        rng));
    if (o.batch_norm) stages.add("bn", nn::BatchNorm2d<D, T>({.channels = o.hidden, .affine = o.affine}));
    stages.add("relu", nn::Relu());
    if (drop.rate > 0 && !o.dropout_first) stages.add("drop", drop);
    stages.end("fc" + std::to_string(number));
  }
  if (o.classes == 0) return;
  stages.between("avgpool", nn::GlobalAvgPool());
  stages.add("fc", nn::Linear<D, T>({.in = o.hidden, .out = o.classes}, rng)).end("fc8");
}

}  // namespace pretext::models::detail
