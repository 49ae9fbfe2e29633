// SPDX-License-Identifier: MIT
#include "pretext/cuda/stem.cuh"
