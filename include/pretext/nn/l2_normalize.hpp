// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/stateless.hpp"
#include "pretext/ops/l2_normalize.hpp"

namespace pretext::nn {

/// Every row of x[..., C] at Euclidean length 1.
using L2Normalize = Stateless<ops::L2Normalize>;

}  // namespace pretext::nn
