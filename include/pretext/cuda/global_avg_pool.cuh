// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "global_avg_pool.cuh is compiled by nvcc: include it from a .cu file, and global_avg_pool.hpp from a .cpp"
#endif

#include "pretext/cuda/global_avg_pool.hpp"
#include "pretext/cuda/lanes.cuh"

namespace pretext::cuda {

/// Each block takes some packs of channels of a picture: a thread sums every blockDim.y-th pixel, and the
/// first row of threads the sums of all rows.
template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads)
    global_avg_pool_kernel(std::int64_t n, std::int64_t pixels, int channels, const T* __restrict__ x,
                           T* __restrict__ y) {
  constexpr int N = pack_size<T>;
  __shared__ float partial[lane_threads * N];
  const int width = static_cast<int>(blockDim.x), parts = (packs_of<N>(channels) + width - 1) / width;
  for (std::int64_t task = blockIdx.x; task < n * parts; task += gridDim.x) {
    const std::int64_t picture = task / parts;
    const int c = (static_cast<int>(task % parts) * width + static_cast<int>(threadIdx.x)) * N,
              there = channels - c;
    float sum[N] = {};
    for (std::int64_t p = threadIdx.y; there > 0 && p < pixels; p += blockDim.y) {
      float v[N];
      load_lanes<Whole>(v, x + (picture * pixels + p) * channels + c, there);
#pragma unroll
      for (int k = 0; k < N; ++k) sum[k] += v[k];
    }
    float* const mine = partial + threadIdx.x * N;
#pragma unroll
    for (int k = 0; k < N; ++k) mine[threadIdx.y * width * N + k] = sum[k];
    __syncthreads();
    if (threadIdx.y == 0 && there > 0) {
      for (unsigned row = 1; row < blockDim.y; ++row)
#pragma unroll
        for (int k = 0; k < N; ++k) sum[k] += mine[row * width * N + k];
#pragma unroll
      for (int k = 0; k < N; ++k) sum[k] /= static_cast<float>(pixels);
      store_lanes<Whole>(y + picture * channels + c, sum, there);
    }
    __syncthreads();
  }
}

template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads)
    global_avg_pool_backward_kernel(unsigned n, unsigned pixels, int channels, const T* __restrict__ dy,
                                    T* __restrict__ dx) {
  constexpr int N = pack_size<T>;
  PixelWalk<N> walk(n * pixels, channels);
  for (; walk.more(); walk.next()) {
    const unsigned pixel = walk.pixel();
    float v[N];
    load_lanes<Whole>(v, dy + std::int64_t{pixel / pixels} * channels + walk.c, walk.there);
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] /= static_cast<float>(pixels);
    store_lanes<Whole>(dx + std::int64_t{pixel} * channels + walk.c, v, walk.there);
  }
}

template <class T>
void launch_global_avg_pool(std::int64_t n, std::int64_t pixels, std::int64_t channels, const T* x, T* y) {
  if (n * channels == 0) return;
  constexpr int N = pack_size<T>;
  const std::int64_t packs_a_pixel = packs_of<N>(channels);
  const auto width = static_cast<unsigned>(std::min<std::int64_t>(32, packs_a_pixel));
  const auto height = static_cast<unsigned>(std::min<std::int64_t>(lane_threads / width, pixels));
  const unsigned blocks = blocks_for(n * ((packs_a_pixel + width - 1) / width), 1);
  with_constants(
      [&](auto whole) {
        global_avg_pool_kernel<whole.value>
            <<<blocks, dim3(width, height), 0, stream()>>>(n, pixels, static_cast<int>(channels), x, y);
      },
      packs<N>(channels, x, y));
  check_launch("global_avg_pool");
}

template <class T>
void launch_global_avg_pool_backward(std::int64_t n, std::int64_t pixels, std::int64_t channels, const T* dy,
                                     T* dx) {
  constexpr int N = pack_size<T>;
  const std::int64_t packs_a_pixel = packs_of<N>(channels);
  each_batch("global_avg_pool", n, pixels * packs_a_pixel, [&](std::int64_t first, std::int64_t count) {
    const unsigned blocks = periodic_blocks(count * pixels * packs_a_pixel, packs_a_pixel);
    with_constants(
        [&](auto whole) {
          global_avg_pool_backward_kernel<whole.value><<<blocks, lane_threads, 0, stream()>>>(
              static_cast<unsigned>(count), static_cast<unsigned>(pixels), static_cast<int>(channels),
              dy + first * channels, dx + first * pixels * channels);
        },
        packs<N>(channels, dy, dx));
  });
}

}  // namespace pretext::cuda
