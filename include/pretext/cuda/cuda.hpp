// SPDX-License-Identifier: MIT
#pragma once

// The GPU's half of the op x device table, for programs that link pretext::cuda.

#include "pretext/cuda/batch_norm.hpp"
#include "pretext/cuda/context.hpp"
#include "pretext/cuda/device.hpp"
#include "pretext/cuda/error.hpp"
#include "pretext/cuda/graph.hpp"
#include "pretext/cuda/loss.hpp"
#include "pretext/cuda/step_state.hpp"
#include "pretext/cuda/triplet_loss.hpp"
#include "pretext/cuda/update.hpp"
