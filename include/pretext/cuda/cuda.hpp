// SPDX-License-Identifier: MIT
#pragma once

// The GPU's half of the op x device table, for programs that link pretext::cuda.

#include "pretext/cuda/batch_norm.hpp"
#include "pretext/cuda/channel_map.hpp"
#include "pretext/cuda/column_tiles.hpp"
#include "pretext/cuda/context.hpp"
#include "pretext/cuda/conv2d.hpp"
#include "pretext/cuda/conv_cache.hpp"
#include "pretext/cuda/conv_graph.hpp"
#include "pretext/cuda/conv_plan.hpp"
#include "pretext/cuda/cudnn.hpp"
#include "pretext/cuda/device.hpp"
#include "pretext/cuda/elementwise.hpp"
#include "pretext/cuda/error.hpp"
#include "pretext/cuda/finish.hpp"
#include "pretext/cuda/gemm.hpp"
#include "pretext/cuda/graph.hpp"
#include "pretext/cuda/linear.hpp"
#include "pretext/cuda/operands.hpp"
#include "pretext/cuda/pictures.hpp"
#include "pretext/cuda/pool.hpp"
#include "pretext/cuda/render.hpp"
#include "pretext/cuda/resident.hpp"
#include "pretext/cuda/step_state.hpp"
#include "pretext/cuda/view_program.hpp"
