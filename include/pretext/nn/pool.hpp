// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/stateless.hpp"
#include "pretext/ops/pool.hpp"

namespace pretext::nn {

/// y[N, OH, OW, C] = the largest value of each window of x[N, H, W, C].
using MaxPool2d = Stateless<ops::MaxPool2d>;
/// y[N, OH, OW, C] = the mean of each window of x[N, H, W, C].
using AvgPool2d = Stateless<ops::AvgPool2d>;
/// y[N, C] = the mean of x[N, H, W, C] over all pixels.
using GlobalAvgPool = Stateless<ops::GlobalAvgPool>;

}  // namespace pretext::nn
