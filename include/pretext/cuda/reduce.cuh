// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "a .cuh file is compiled by nvcc: include it from a .cu file, and the .hpp of the same name from a .cpp"
#endif

#include "pretext/cuda/launch.cuh"

// Sums in a fixed order: the same bits in every run.
namespace pretext::cuda {

/// How many blocks of each group have left their part of a sum. All are zero between kernels, which run one
/// after another.
static __device__ unsigned tickets[128];

/// How many came before. What a block wrote before a barrier and this, who comes later sees after this and a
/// barrier.
__device__ inline unsigned next_ticket(unsigned* count) {
  unsigned before;
  asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], 1;"
               : "=r"(before)
               : "l"(__cvta_generic_to_global(count))
               : "memory");
  return before;
}

/// True in all threads of the last of so many blocks of a group to come here: it sees what the others wrote
/// before, if it reads with __ldcg.
__device__ inline bool last_to_come(unsigned group, unsigned blocks) {
  if (blocks == 1) {
    __syncthreads();
    return true;
  }
  __shared__ bool last;
  __syncthreads();
  if (threadIdx.x == 0) {
    last = next_ticket(&tickets[group]) == blocks - 1;
    if (last) tickets[group] = 0;
  }
  __syncthreads();
  return last;
}

struct Sum {
  template <class V>
  __device__ static V of(V a, V b) {
    return a + b;
  }
};
struct Largest {
  __device__ static float of(float a, float b) { return fmaxf(a, b); }
};

/// What `Combine` makes of v in each thread of a warp, in all of them.
template <class Combine, class V>
__device__ V warp_reduce(V v) {
#pragma unroll
  for (int lane = 16; lane > 0; lane /= 2) v = Combine::of(v, __shfl_xor_sync(0xFFFFFFFF, v, lane));
  return v;
}

/// The same for a whole block of `Threads` threads.
template <int Threads, class Combine, class V>
__device__ V block_reduce(V v) {
  static_assert(Threads % 32 == 0);
  __shared__ V warps[Threads / 32];
  v = warp_reduce<Combine>(v);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = v;
  __syncthreads();
  v = warps[0];
#pragma unroll
  for (int i = 1; i < Threads / 32; ++i) v = Combine::of(v, warps[i]);
  __syncthreads();  // warps may be written again
  return v;
}

/// The sum of v over all threads of a grid of blocks of `Threads` threads, in the last block to come here;
/// the other blocks return false. partials has one element a block.
template <int Threads>
__device__ bool grid_sum(double& v, double* partials) {
  v = block_reduce<Threads, Sum>(v);
  if (threadIdx.x == 0) partials[blockIdx.x] = v;
  if (!last_to_come(0, gridDim.x)) return false;
  v = 0;
  for (unsigned i = threadIdx.x; i < gridDim.x; i += Threads) v += __ldcg(&partials[i]);
  v = block_reduce<Threads, Sum>(v);
  return true;
}

}  // namespace pretext::cuda
