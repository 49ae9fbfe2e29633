// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/stateless.hpp"
#include "pretext/ops/upsample.hpp"

namespace pretext::nn {

/// y[N, factor H, factor W, C]: every pixel of x[N, H, W, C] as a square of equal ones.
using Upsample = Stateless<ops::Upsample>;

}  // namespace pretext::nn
