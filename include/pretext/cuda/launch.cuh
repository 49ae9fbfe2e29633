// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "a .cuh file is compiled by nvcc: include it from a .cu file, and the .hpp of the same name from a .cpp"
#endif

#include <cuda_bf16.h>

#include <algorithm>

#include "pretext/core/bf16.hpp"
#include "pretext/cuda/context.hpp"

namespace pretext::cuda {

/// Blocks of so many threads that cover n items, and not more than keep the GPU busy: kernels go on in
/// strides of the whole grid.
inline unsigned blocks_for(std::int64_t n, int threads, int blocks_a_multiprocessor = 16) {
  const std::int64_t most = static_cast<std::int64_t>(multiprocessors()) * blocks_a_multiprocessor;
  return static_cast<unsigned>(std::clamp<std::int64_t>((n + threads - 1) / threads, 1, most));
}

/// Throws where the launch before it was refused.
inline void check_launch(std::string_view what) { check(cudaGetLastError(), what); }

/// So many elements that are loaded and stored at once.
template <class T, int N>
struct alignas(sizeof(T) * N) Pack {
  T v[N];
};

/// Elements in 16 bytes.
template <class T>
inline constexpr int pack_size = static_cast<int>(16 / sizeof(T));

/// True where packs of N elements can be used: each row of so many elements begins at a multiple of a pack.
template <int N, class... P>
bool packs(std::int64_t row, const P*... pointers) {
  return row % N == 0 && ((reinterpret_cast<std::uintptr_t>(pointers) % (sizeof(P) * N) == 0) && ...);
}

template <class T>
__device__ __forceinline__ Wide<T> widen(T x) {
  return static_cast<Wide<T>>(x);
}
template <class T>
__device__ __forceinline__ T narrow_to(Wide<T> x) {
  return static_cast<T>(x);
}
/// By one instruction, with the same result as bf16's own conversion.
template <>
__device__ __forceinline__ bf16 narrow_to<bf16>(float x) {
  bf16 y;
  const __nv_bfloat16 rounded = __float2bfloat16_rn(x);
  memcpy(&y, &rounded, sizeof y);
  return y;
}

}  // namespace pretext::cuda
