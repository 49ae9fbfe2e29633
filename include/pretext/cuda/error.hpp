// SPDX-License-Identifier: MIT
#pragma once

#include <cuda_runtime_api.h>

#include "pretext/core/error.hpp"

namespace pretext::cuda {

/// Throws where a call of the CUDA runtime failed; `what` says what was tried.
inline void check(cudaError_t error, std::string_view what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // so that it is not reported a second time
  fail("cuda: ", what, ": ", cudaGetErrorString(error), " (", cudaGetErrorName(error), ")");
}

}  // namespace pretext::cuda
