// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/context.hpp"
#include "pretext/tensor/device.hpp"

namespace pretext {
namespace cuda {

/// `count` elements of `bytes` bytes, 1, 2, 4 or 8, become the one at `element` on the host.
void launch_fill(void* to, const void* element, std::size_t bytes, std::size_t count);

}  // namespace cuda

/// The first GPU. All its work is done in order on one stream, so memory may be reused as soon as it is given
/// back.
struct Cuda {
  static constexpr std::string_view name = "cuda";

  /// Device memory; throws an Error that says what was asked for and what there is.
  static void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    cuda::stream();
    // Memory is no part of what a stream does, so it may be asked for while a step is recorded.
    cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
    cuda::check(cudaThreadExchangeStreamCaptureMode(&mode), "allowing an allocation");
    const cudaError_t error = cudaMalloc(&memory, bytes);
    cuda::check(cudaThreadExchangeStreamCaptureMode(&mode), "allowing an allocation");
    if (error != cudaErrorMemoryAllocation) cuda::check(error, "allocating memory");
    if (error == cudaSuccess) return memory;
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    cuda::check(cudaMemGetInfo(&free, &total), "asking for free memory");
    fail("cuda: out of memory, asked for ", bytes >> 20, " MiB; ", free >> 20, " of ", total >> 20,
         " MiB are free. Take a smaller batch, or recompute activations");
  }

  static void deallocate(void* memory, std::size_t) { cudaFree(memory); }

  static void copy(void* to, const void* from, std::size_t bytes) {
    move(to, from, bytes, cudaMemcpyDeviceToDevice);
  }
  static void upload(void* to, const void* from, std::size_t bytes) {
    move(to, from, bytes, cudaMemcpyHostToDevice);
  }
  /// Waits until the values are there.
  static void download(void* to, const void* from, std::size_t bytes) {
    move(to, from, bytes, cudaMemcpyDeviceToHost);
    cuda::synchronize();
  }

  static void fill(void* to, const void* element, std::size_t bytes, std::size_t count) {
    if (count != 0) cuda::launch_fill(to, element, bytes, count);
  }

 private:
  static void move(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (bytes != 0) cuda::check(cudaMemcpyAsync(to, from, bytes, kind, cuda::stream()), "copying memory");
  }
};

}  // namespace pretext
