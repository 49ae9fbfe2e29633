// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/stateless.hpp"
#include "pretext/ops/pad_channels.hpp"

namespace pretext::nn {

/// x[..., C] between channels of zeros: a shortcut without weights to a layer of more channels.
using PadChannels = Stateless<ops::PadChannels>;

}  // namespace pretext::nn
