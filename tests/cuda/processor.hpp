// SPDX-License-Identifier: MIT
#pragma once

// The processor's half of the op x device table, which the GPU's is compared with.
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/gather.hpp"
#include "pretext/cpu/l2_normalize.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/reduce.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/cpu/upsample.hpp"
