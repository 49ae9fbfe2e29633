// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/models/alexnet.hpp"

namespace pretext::models {

/// What the tower of a context-free network is made of.
struct CfnOptions {
  std::int64_t width = 96;  ///< channels of the first layer; the others keep their ratio to it
  std::int64_t channels = 3;
  std::int64_t stem_stride = 0;  ///< of conv1; 0: 2, and 1 in the small form
  bool batch_norm = false;       ///< after every convolution, instead of local response norm after two pools
  bool small =
      false;  ///< for tiles of 8 to 48 pixels: conv1 is 5 x 5 without stride, and pools have a border
  bool recompute = false;  ///< of each convolution's stage only the input is kept for the backward pass
};

/// One of the nine towers of the context-free network (Noroozi and Favaro, ECCV 2016), whose weights are the
/// same: AlexNet's convolutions, in two groups where it has them, with a stride of 2 in conv1. x[N, H, W,
/// channels] of at least 39 x 39 pixels to [N, h, w, 8/3 width]; 64 x 64 gives 2 x 2, 75 x 75 3 x 3. In its
/// small form pictures of any size, to [N, H/8, W/8, 8/3 width], rounded up.
template <Device D = Cpu, class T = float>
nn::Sequential<D, T> cfn(const CfnOptions& o, Rng& rng) {
  return alexnet<D, T>({.name = "cfn",
                        .convolutions = {96, 256, 384, 384, 256},
                        .width = o.width,
                        .channels = o.channels,
                        .kernel = o.small ? 5 : 11,
                        .stem_stride = o.stem_stride != 0 ? o.stem_stride
                                       : o.small          ? 1
                                                          : 2,
                        .padding = o.small ? 2 : 0,
                        .groups = 2,
                        .norm = o.batch_norm ? AlexNetNorm::batch : AlexNetNorm::response,
                        .pool = {.kernel = 3, .window = {.stride = 2, .padding = o.small ? 1 : 0}},
                        .numbered = false,
                        .recompute = o.recompute},
                       rng);
}

}  // namespace pretext::models
