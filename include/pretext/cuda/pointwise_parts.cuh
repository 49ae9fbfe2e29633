// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/pointwise.hpp"
#include "pretext/cuda/tensor_core.cuh"
#include "pretext/ops/normalized.hpp"

// What the passes of a 1 x 1 convolution share, and how what their blocks leave is added up.
namespace pretext::cuda::pointwise {

extern __shared__ uint4 memory[];

/// What lies in shared memory, one after another.
struct Carver {
  unsigned char* next = reinterpret_cast<unsigned char*>(memory);

  template <class T = unsigned char>
  __device__ T* take(int count) {
    T* const begin = reinterpret_cast<T*>(next);
    next += count * static_cast<int>(sizeof(T));
    return begin;
  }
};

__device__ __forceinline__ uint4 pack_eight(const float (&v)[8]) {
  return make_uint4(pack_pair(v[0], v[1]), pack_pair(v[2], v[3]), pack_pair(v[4], v[5]),
                    pack_pair(v[6], v[7]));
}
__device__ __forceinline__ void unpack_eight(uint4 words, float (&v)[8]) {
  v[0] = first_of(words.x), v[1] = second_of(words.x), v[2] = first_of(words.y), v[3] = second_of(words.y);
  v[4] = first_of(words.z), v[5] = second_of(words.z), v[6] = first_of(words.w), v[7] = second_of(words.w);
}
__device__ __forceinline__ void load_four(const float* from, float* to) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
}

/// to[rows, padded_columns] = rows of from[.., columns] in bf16, and zeros around them: row_of(i) says which
/// one becomes row i; below 0: none.
template <class Row>
__device__ __forceinline__ void load_weight_rows(const float* from, int columns, int rows, int padded_columns,
                                                 unsigned char* to, Row row_of) {
  constexpr int together = 4;
  const int pieces = padded_columns / 8, pitch = shared_pitch(padded_columns), all = rows * pieces,
            threads = static_cast<int>(blockDim.x);
  for (int i = static_cast<int>(threadIdx.x); i < all; i += together * threads) {
    float v[together][8] = {};
#pragma unroll
    for (int k = 0; k < together; ++k) {
      const int row = row_of((i + k * threads) / pieces), column = (i + k * threads) % pieces * 8;
      if (row < 0 || column >= columns) continue;
      load_four(from + row * columns + column, v[k]);
      load_four(from + row * columns + column + 4, v[k] + 4);
    }
#pragma unroll
    for (int k = 0; k < together; ++k)
      if (const int at = i + k * threads; at < all)
        *reinterpret_cast<uint4*>(to + at / pieces * pitch + at % pieces * 16) = pack_eight(v[k]);
  }
}

/// to[padded_rows, padded_columns] = from[rows, columns] in bf16, and zeros around it.
__device__ inline void load_weights(const float* from, int rows, int columns, int padded_rows,
                                    int padded_columns, unsigned char* to) {
  load_weight_rows(from, columns, padded_rows, padded_columns, to,
                   [rows](int row) { return row < rows ? row : -1; });
}

/// Zeros in columns [first, end) of a matrix.
__device__ inline void clear_columns(unsigned char* matrix, int rows, int pitch, int first, int end) {
  const int pieces = (end - first) / 8;
  for (int i = static_cast<int>(threadIdx.x); i < rows * pieces; i += static_cast<int>(blockDim.x))
    *reinterpret_cast<uint4*>(matrix + i / pieces * pitch + first * 2 + i % pieces * 16) =
        make_uint4(0, 0, 0, 0);
}

/// What becomes of two channels on the way, rounded. Negatives are cut after the rounding, two at once.
__device__ __forceinline__ unsigned evaluate_pair(unsigned pair, const ops::Normalized<float>& first,
                                                  const ops::Normalized<float>& second, bool relu) {
  float a = first_of(pair), b = second_of(pair);
  first.evaluate(a);
  second.evaluate(b);
  return larger_pair(pack_pair(a, b), relu ? 0 : 0xFF80FF80);  // zeros or -infinities
}

/// v[0] = the sum over the lanes of the same column of squares, l % 4, of value l / 4 of each.
__device__ __forceinline__ float sum_of_eight(float (&v)[8]) {
#pragma unroll
  for (int half = 4; half > 0; half /= 2) {
    const bool upper = threadIdx.x & static_cast<unsigned>(half * 4);
#pragma unroll
    for (int i = 0; i < half; ++i) {
      const float keep = upper ? v[i + half] : v[i], give = upper ? v[i] : v[i + half];
      v[i] = keep + __shfl_xor_sync(0xFFFFFFFF, give, half * 4);
    }
  }
  return v[0];
}

/// What a warp makes at once: 32 rows of Squares squares of columns, summed, and rounded to pairs.
template <int Squares>
using Sums = float[2][2 * Squares][4];
template <int Squares>
using Pairs = unsigned[2][2 * Squares][2];

/// sums += x * the squares of weights at the address b and to its right.
template <int Squares>
__device__ __forceinline__ void multiply_row(Sums<Squares>& sums, const Square (&x)[2], unsigned b) {
#pragma unroll
  for (int p = 0; p < Squares; ++p) {
    const Square w = load_square<true>(b + static_cast<unsigned>(p * 32));
#pragma unroll
    for (int m = 0; m < 2; ++m) {
      multiply(sums[m][2 * p], x[m], w.quarter[0], w.quarter[1]);
      multiply(sums[m][2 * p + 1], x[m], w.quarter[2], w.quarter[3]);
    }
  }
}

template <int Squares>
__device__ __forceinline__ void round_sums(const Sums<Squares>& sums, Pairs<Squares>& y) {
#pragma unroll
  for (int m = 0; m < 2; ++m)
#pragma unroll
    for (int j = 0; j < 2 * Squares; ++j) {
      y[m][j][0] = pack_pair(sums[m][j][0], sums[m][j][1]);
      y[m][j][1] = pack_pair(sums[m][j][2], sums[m][j][3]);
    }
}

/// store(eight columns of y, their row, the first of them) for all that this lane is to store.
template <int Squares, class Store>
__device__ __forceinline__ void each_eight(const Pairs<Squares>& y, Store&& store) {
  const int l = static_cast<int>(threadIdx.x % 32), t = l % 4;
#pragma unroll
  for (int m = 0; m < 2; ++m) {
#pragma unroll
    for (int j = 0; j < Squares / 2 * 4; j += 4)
#pragma unroll
      for (int h = 0; h < 2; ++h)
        store(exchange_words({y[m][j][h], y[m][j + 1][h], y[m][j + 2][h], y[m][j + 3][h]}),
              m * 16 + h * 8 + l / 4, (j + t) * 8);
    constexpr int j = 2 * Squares - 2;
    if constexpr (Squares % 2 == 1)
      store(exchange_words({y[m][j][0], y[m][j + 1][0], y[m][j][1], y[m][j + 1][1]}),
            m * 16 + t / 2 * 8 + l / 4, (j + t % 2) * 8);
  }
}

inline constexpr int merge_threads = 512, merge_columns = 8;

/// sums[2, columns] of parts[count, 2, columns]; Moments: those of all rows from those of the plan's parts.
template <bool Moments, class Plan>
__global__ void __launch_bounds__(merge_threads)
    merge_kernel(const Plan plan, const float* parts, int count, int columns, double* sums) {
  constexpr int slices = merge_threads / merge_columns;
  __shared__ double2 totals[merge_threads];
  const int thread = static_cast<int>(threadIdx.x), slice = thread / merge_columns,
            c = static_cast<int>(blockIdx.x) * merge_columns + thread % merge_columns;
  const double shift = Moments ? parts[c] : 0;
  double2 total{0, 0};
#pragma unroll 4
  for (int part = slice; part < count; part += slices) {
    const float* const from = parts + std::int64_t{2} * part * columns + c;
    if constexpr (Moments) {
      const double n = static_cast<double>(plan.rows_of(part)), deviation = from[0] - shift;
      total.x += n * deviation;
      total.y += from[columns] + n * deviation * deviation;
    } else {
      total.x += from[0];
      total.y += from[columns];
    }
  }
  totals[thread] = total;
  for (int some = slices / 2; some > 0; some /= 2) {
    __syncthreads();
    if (slice >= some) continue;
    totals[thread].x += totals[thread + some * merge_columns].x;
    totals[thread].y += totals[thread + some * merge_columns].y;
  }
  if (slice != 0) return;
  total = totals[thread];
  if constexpr (Moments) {
    const double rows = static_cast<double>(plan.rows), squares = total.y - total.x * total.x / rows;
    total = {shift + total.x / rows, squares < 0 ? 0 : squares};
  }
  sums[c] = total.x;
  sums[columns + c] = total.y;
}

inline constexpr int add_threads = 256, add_packs = 32;

/// to[n] = the sum of parts[count, n] in four neighbours a thread; n is a multiple of 4.
template <int Packs>
__global__ void __launch_bounds__(add_threads)
    add_parts_kernel(const float* __restrict__ parts, int count, int n, float* __restrict__ to) {
  constexpr int slices = add_threads / Packs;
  __shared__ float4 totals[add_threads];
  const int thread = static_cast<int>(threadIdx.x), slice = thread / Packs,
            at = (static_cast<int>(blockIdx.x) * Packs + thread % Packs) * 4;
  float4 total{0, 0, 0, 0};
  if (at < n)
#pragma unroll 8
    for (int part = slice; part < count; part += slices) {
      const float4 v = *reinterpret_cast<const float4*>(parts + std::int64_t{part} * n + at);
      total.x += v.x, total.y += v.y, total.z += v.z, total.w += v.w;
    }
  totals[thread] = total;
  __syncthreads();
  if (slice != 0 || at >= n) return;
  for (int s = 1; s < slices; ++s) {
    const float4 v = totals[thread + s * Packs];
    total.x += v.x, total.y += v.y, total.z += v.z, total.w += v.w;
  }
  *reinterpret_cast<float4*>(to + at) = total;
}

/// Launches a kernel with so many bytes of shared memory, which may be more than it has without asking.
template <class Pass>
void launch(void (*kernel)(Pass), dim3 blocks, int threads, int bytes, const Pass& pass) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes),
        "asking for shared memory");
  kernel<<<blocks, static_cast<unsigned>(threads), static_cast<std::size_t>(bytes), stream()>>>(pass);
  check_launch("conv2d by tensor cores");
}

template <bool Moments, class Plan>
void merge(const Plan& plan, const float* parts, int count, int columns, double* sums) {
  merge_kernel<Moments><<<static_cast<unsigned>(columns / merge_columns), merge_threads, 0, stream()>>>(
      plan, parts, count, columns, sums);
  check_launch("the sums of conv2d");
}

inline void add_parts(const float* parts, int count, int n, float* to) {
  const int each = 4 * add_packs;
  add_parts_kernel<add_packs>
      <<<static_cast<unsigned>((n + each - 1) / each), add_threads, 0, stream()>>>(parts, count, n, to);
  check_launch("the sums of conv2d");
}

}  // namespace pretext::cuda::pointwise
