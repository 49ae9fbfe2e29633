// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error "tensor_core.cuh is compiled by nvcc: include it from a .cu file"
#endif

#include "pretext/cuda/launch.cuh"

// Matrices of bf16 in shared memory, and their products by the tensor cores. A warp holds 16 x 16 elements as
// a Square: lane l has of each quarter the two neighbours at row l / 4, columns l % 4 * 2, in one register.
//
//   quarter 0: upper left     1: lower left     2: upper right     3: lower right
//
// A square that is loaded transposed has each quarter transposed in its place.
namespace pretext::cuda {

struct Square {
  unsigned quarter[4];
};

__device__ __forceinline__ unsigned shared_address(const void* p) {
  return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

/// Where this lane's row of a square lies that begins at `origin`, in a matrix with so many bytes a row.
__device__ __forceinline__ unsigned square_address(unsigned origin, int pitch) {
  const unsigned lane = threadIdx.x % 32;
  return origin + (lane & 15) * static_cast<unsigned>(pitch) + (lane >> 4) * 16;
}

/// `address` is what square_address says.
template <bool Transposed>
__device__ __forceinline__ Square load_square(unsigned address) {
  Square s;
  if constexpr (Transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(s.quarter[0]), "=r"(s.quarter[1]), "=r"(s.quarter[2]), "=r"(s.quarter[3])
                 : "r"(address));
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(s.quarter[0]), "=r"(s.quarter[1]), "=r"(s.quarter[2]), "=r"(s.quarter[3])
                 : "r"(address));
  return s;
}

/// sums += a * b for a[16, 16] and the eight columns of b[16, 8] whose upper and lower quarter, transposed,
/// are given. Lane l has the sums of row l / 4, and of row l / 4 + 8, at columns l % 4 * 2 and after it.
__device__ __forceinline__ void multiply(float (&sums)[4], const Square& a, unsigned upper, unsigned lower) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a.quarter[0]), "r"(a.quarter[1]), "r"(a.quarter[2]), "r"(a.quarter[3]), "r"(upper), "r"(lower));
}

/// Begins to copy 16 bytes to shared memory; zeros where they are not there.
__device__ __forceinline__ void begin_copy(unsigned to, const void* from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(to), "l"(from), "r"(there ? 16 : 0)
               : "memory");
}
/// Ends a group of copies, which may be empty.
__device__ __forceinline__ void end_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits for this thread's copies, but for the last `Groups` groups.
template <int Groups>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
}

/// Two neighbours in one register, the first in the lower half.
__device__ __forceinline__ unsigned pack_pair(float first, float second) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(first, second);
  unsigned word;
  memcpy(&word, &pair, sizeof word);
  return word;
}
__device__ __forceinline__ float first_of(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float second_of(unsigned pair) { return __uint_as_float(pair & 0xFFFF0000); }
/// The larger of each two; what is not a number wins.
__device__ __forceinline__ unsigned larger_pair(unsigned a, unsigned b) {
  unsigned larger;
  asm("max.NaN.bf16x2 %0, %1, %2;" : "=r"(larger) : "r"(a), "r"(b));
  return larger;
}

/// Of each lane's four words, those at the place of a lane among its four neighbours: it gets the words with
/// its own number, of all four in order.
__device__ __forceinline__ uint4 exchange_words(const unsigned (&words)[4]) {
  const bool odd = threadIdx.x & 1, upper = threadIdx.x & 2;
  unsigned pairs[2][2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const unsigned keep = odd ? words[2 * i + 1] : words[2 * i], give = odd ? words[2 * i] : words[2 * i + 1];
    const unsigned got = __shfl_xor_sync(0xFFFFFFFF, give, 1);
    pairs[i][0] = odd ? got : keep;
    pairs[i][1] = odd ? keep : got;
  }
  unsigned keep[2], got[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    keep[i] = upper ? pairs[1][i] : pairs[0][i];
    got[i] = __shfl_xor_sync(0xFFFFFFFF, upper ? pairs[0][i] : pairs[1][i], 2);
  }
  return upper ? make_uint4(got[0], got[1], keep[0], keep[1]) : make_uint4(keep[0], keep[1], got[0], got[1]);
}

}  // namespace pretext::cuda
