// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/stateless.hpp"
#include "pretext/ops/elementwise.hpp"

namespace pretext::nn {

/// y = max(x, 0)
using Relu = Stateless<ops::Relu>;
/// y = tanh(x)
using Tanh = Stateless<ops::Tanh>;

}  // namespace pretext::nn
