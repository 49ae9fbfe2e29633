// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/stateless.hpp"
#include "pretext/ops/reshape.hpp"

namespace pretext::nn {

/// x[N, ...] as rows: y[N, product of the other axes], in the order of memory (pixel by pixel).
using Flatten = Stateless<ops::Flatten>;

}  // namespace pretext::nn
