// SPDX-License-Identifier: MIT
#include "pretext/cuda/pointwise.cuh"
