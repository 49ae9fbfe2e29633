// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/stateless.hpp"
#include "pretext/ops/local_response_norm.hpp"

namespace pretext::nn {

/// Every value of x[..., C] damped by the squares of its neighbours along the channels.
using LocalResponseNorm = Stateless<ops::LocalResponseNorm>;

}  // namespace pretext::nn
