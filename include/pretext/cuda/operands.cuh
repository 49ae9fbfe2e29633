// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "a .cuh file is compiled by nvcc: include it from a .cu file, and the .hpp of the same name from a .cpp"
#endif

#include "pretext/cuda/launch.cuh"
#include "pretext/cuda/operands.hpp"

namespace pretext::cuda {
namespace detail {

inline constexpr int tile = 32;

template <class From, class To>
__global__ void __launch_bounds__(256) transpose_kernel(const From* __restrict__ from, To* __restrict__ to,
                                                        std::int64_t rows, std::int64_t columns) {
  __shared__ float values[tile][tile + 1];
  const std::int64_t across = (columns + tile - 1) / tile, tiles = (rows + tile - 1) / tile * across;
  for (std::int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const std::int64_t row = t / across * tile, column = t % across * tile;
    for (unsigned i = threadIdx.y; i < tile; i += blockDim.y)
      if (row + i < rows && column + threadIdx.x < columns)
        values[i][threadIdx.x] = widen(from[(row + i) * columns + column + threadIdx.x]);
    __syncthreads();
    for (unsigned i = threadIdx.y; i < tile; i += blockDim.y)
      if (column + i < columns && row + threadIdx.x < rows)
        to[(column + i) * rows + row + threadIdx.x] = narrow_to<To>(values[threadIdx.x][i]);
    __syncthreads();
  }
}

template <class To>
__global__ void __launch_bounds__(256)
    cast_kernel(const float* __restrict__ from, To* __restrict__ to, std::int64_t n) {
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
       i += static_cast<std::int64_t>(gridDim.x) * blockDim.x)
    to[i] = narrow_to<To>(from[i]);
}

}  // namespace detail

template <class From, class To>
void launch_transpose(const From* from, To* to, std::int64_t rows, std::int64_t columns) {
  if (rows * columns == 0) return;
  const std::int64_t tiles =
      (rows + detail::tile - 1) / detail::tile * ((columns + detail::tile - 1) / detail::tile);
  detail::transpose_kernel<<<blocks_for(tiles, 1), dim3(detail::tile, 8), 0, stream()>>>(from, to, rows,
                                                                                         columns);
  check_launch("transpose");
}

template <class To>
void launch_cast(const float* from, To* to, std::int64_t n) {
  if (n == 0) return;
  detail::cast_kernel<<<blocks_for(n, 256), 256, 0, stream()>>>(from, to, n);
  check_launch("cast");
}

}  // namespace pretext::cuda
