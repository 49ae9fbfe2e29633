// SPDX-License-Identifier: MIT
#pragma once

#include <cublasLt.h>
#include <cudnn.h>

#include <cstdint>
#include <string>

#include "pretext/cuda/error.hpp"

namespace pretext::cuda {

/// Why no GPU can be used here; empty where one can.
inline const std::string& why_not() {
  static const std::string reason = [] {
    int devices = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    cudaGetLastError();
    if (error == cudaErrorInsufficientDriver || error == cudaErrorStubLibrary)
      return message("no driver for this CUDA is loaded (", cudaGetErrorString(error), ")");
    if (error == cudaErrorNoDevice || (error == cudaSuccess && devices == 0))
      return std::string("there is a driver, but no GPU");
    return error == cudaSuccess ? std::string() : message(cudaGetErrorString(error));
  }();
  return reason;
}

namespace detail {

/// The libraries' handles and the stream that all of them use; made once, on the first GPU.
struct Context {
  cudaStream_t stream = nullptr;
  cudnnHandle_t dnn = nullptr;
  cublasLtHandle_t blas = nullptr;
  int multiprocessors = 0;

  Context() {
    require(why_not().empty(), "cuda: no GPU can be used: ", why_not());
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
    check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0), "asking the GPU");
    const cudnnStatus_t made = cudnnCreate(&dnn);
    require(made == CUDNN_STATUS_SUCCESS, "cuda: cuDNN does not start: ", cudnnGetErrorString(made));
    require(cudnnSetStream(dnn, stream) == CUDNN_STATUS_SUCCESS, "cuda: cuDNN refuses the stream");
    require(cublasLtCreate(&blas) == CUBLAS_STATUS_SUCCESS, "cuda: cuBLASLt does not start");
  }
};

/// Never destroyed, so that tensors with static lifetime may outlive main().
inline Context& context() {
  static auto* const instance = new Context;
  return *instance;
}

inline const std::uint32_t*& device_step_slot() {
  static const std::uint32_t* slot = nullptr;
  return slot;
}

}  // namespace detail

/// The stream on which everything runs. Throws where no GPU can be used.
inline cudaStream_t stream() { return detail::context().stream; }
inline cudnnHandle_t cudnn() { return detail::context().dnn; }
inline cublasLtHandle_t cublas() { return detail::context().blas; }
inline int multiprocessors() { return detail::context().multiprocessors; }

/// Waits until all that was asked of the GPU is done; throws what went wrong there.
inline void synchronize() { check(cudaStreamSynchronize(stream()), "waiting for the GPU"); }

/// Where the number of the step lies in device memory; null: what draws random numbers was told it.
inline const std::uint32_t* device_step() { return detail::device_step_slot(); }

/// While it lives, what draws random numbers reads the step from there, so that it can be replayed.
class StepOnDevice {
 public:
  explicit StepOnDevice(const std::uint32_t* step) { detail::device_step_slot() = step; }
  ~StepOnDevice() { detail::device_step_slot() = nullptr; }
  StepOnDevice(const StepOnDevice&) = delete;
  StepOnDevice& operator=(const StepOnDevice&) = delete;
};

}  // namespace pretext::cuda
