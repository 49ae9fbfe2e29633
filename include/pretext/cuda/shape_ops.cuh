// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error "shape_ops.cuh is compiled by nvcc: include it from a .cu file, and shape_ops.hpp from a .cpp"
#endif

#include "pretext/cuda/lanes.cuh"
#include "pretext/cuda/shape_ops.hpp"

namespace pretext::cuda {

/// Calls f(a word) of the largest size that divides `bytes`: sizes and addresses, all put together by |.
template <class F>
void with_word(std::int64_t bytes, F&& f) {
  if (bytes % 16 == 0) return f(uint4());
  if (bytes % 8 == 0) return f(uint2());
  if (bytes % 4 == 0) return f(std::uint32_t());
  if (bytes % 2 == 0) return f(std::uint16_t());
  f(std::uint8_t());
}
inline std::int64_t address(const void* pointer) { return reinterpret_cast<std::int64_t>(pointer); }

/// Words of a and then of b in each row of the joined tensor. Parts that are constant are copied there,
/// others from there.
template <class Part, class Joined>
__global__ void __launch_bounds__(lane_threads)
    concat_kernel(std::int64_t rows, std::int64_t a_size, std::int64_t b_size, Part* a, Part* b,
                  Joined* joined) {
  const std::int64_t size = a_size + b_size;
  for (std::int64_t i = first_pack(); i < rows * size; i += pack_stride()) {
    const std::int64_t row = i / size, at = i - row * size;
    Part* const part = at < a_size ? a : b;
    if (part == nullptr) continue;
    Part& word = part[at < a_size ? row * a_size + at : row * b_size + at - a_size];
    if constexpr (std::is_const_v<Part>)
      joined[i] = word;
    else
      word = joined[i];
  }
}

template <class Word>
__global__ void __launch_bounds__(lane_threads)
    gather_kernel(std::int64_t rows, std::int64_t size, std::int64_t count,
                  const std::int32_t* __restrict__ index, const Word* __restrict__ x, Word* __restrict__ y) {
  for (std::int64_t i = first_pack(); i < count * size; i += pack_stride()) {
    const std::int64_t m = i / size, from = index[m];
    Word word;
    if (0 <= from && from < rows)
      word = x[from * size + i - m * size];
    else
      memset(&word, 0xFF, sizeof word);
    y[i] = word;
  }
}

/// Each block takes some packs of a row of dx and looks through all indices, lane_threads at a time, for
/// those that name the row.
template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads)
    gather_backward_kernel(std::int64_t rows, std::int64_t size, std::int64_t count,
                           const std::int32_t* __restrict__ index, const T* __restrict__ dy,
                           T* __restrict__ dx) {
  constexpr int N = pack_size<T>, warps = lane_threads / 32;
  __shared__ unsigned matches[warps];
  const std::int64_t parts = (packs_of<N>(size) + lane_threads - 1) / lane_threads;
  for (std::int64_t task = blockIdx.x; task < rows * parts; task += gridDim.x) {
    const std::int64_t row = task / parts, at = (task % parts * lane_threads + threadIdx.x) * N,
                       there = size - at;
    float sum[N] = {};
    for (std::int64_t first = 0; first < count; first += lane_threads) {
      const std::int64_t m = first + threadIdx.x;
      const bool match = m < count && index[m] == row;
      const unsigned of_warp = __ballot_sync(0xFFFFFFFF, match);
      if (__syncthreads_or(match) == 0) continue;
      if (threadIdx.x % 32 == 0) matches[threadIdx.x / 32] = of_warp;
      __syncthreads();
      for (int warp = 0; warp < warps && there > 0; ++warp)
        for (unsigned left = matches[warp]; left != 0; left &= left - 1) {
          float d[N];
          load_lanes<Whole>(d, dy + (first + warp * 32 + __ffs(static_cast<int>(left)) - 1) * size + at,
                            there);
#pragma unroll
          for (int k = 0; k < N; ++k) sum[k] += d[k];
        }
    }
    if (there > 0) store_lanes<Whole>(dx + row * size + at, sum, there);
  }
}

template <class Word>
__global__ void __launch_bounds__(lane_threads)
    upsample_kernel(std::int64_t rows, std::int64_t width, std::int64_t size, int factor,
                    const Word* __restrict__ x, Word* __restrict__ y) {
  const std::int64_t to_width = width * factor, end = rows * factor * to_width * size;
  for (std::int64_t i = first_pack(); i < end; i += pack_stride()) {
    const std::int64_t pixel = i / size, row = pixel / to_width, column = pixel - row * to_width;
    y[i] = x[(row / factor * width + column / factor) * size + i - pixel * size];
  }
}

template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads)
    upsample_backward_kernel(unsigned pixels, int width, int channels, int factor, const T* __restrict__ dy,
                             T* __restrict__ dx) {
  constexpr int N = pack_size<T>;
  for (PixelWalk<N> walk(pixels, channels); walk.more(); walk.next()) {
    const unsigned pixel = walk.pixel(), row = pixel / static_cast<unsigned>(width),
                   column = pixel % static_cast<unsigned>(width);
    float sum[N] = {};
    for (int ky = 0; ky < factor; ++ky) {
      const std::int64_t first =
          (std::int64_t{row} * factor + ky) * width * factor + std::int64_t{column} * factor;
      for (int kx = 0; kx < factor; ++kx) {
        float d[N];
        load_lanes<Whole>(d, dy + (first + kx) * channels + walk.c, walk.there);
#pragma unroll
        for (int k = 0; k < N; ++k) sum[k] += d[k];
      }
    }
    store_lanes<Whole>(dx + std::int64_t{pixel} * channels + walk.c, sum, walk.there);
  }
}

template <bool Aligned, class T>
__global__ void __launch_bounds__(lane_threads)
    dropout_kernel(ops::DropoutMask mask, const std::uint32_t* __restrict__ step, float scale,
                   const T* __restrict__ x, T* __restrict__ y, std::int64_t n) {
  constexpr int N = pack_size<T>;
  if (step != nullptr) mask.key.step = *step;
  for (std::int64_t i = first_pack(); i * N < n; i += pack_stride()) {
    const std::int64_t there = n - i * N;
    const bool all = Aligned && there >= N;
    Packed<T> packed;
    float v[N];
    all ? packed.template load<true>(x + i * N) : packed.template load<false>(x + i * N, there);
    packed.unpack(v);
#pragma unroll
    for (int k = 0; k < N; k += 4) {
      const Words draws = mask.draws(static_cast<std::uint32_t>((i * N + k) / 4));
#pragma unroll
      for (int j = 0; j < 4; ++j) v[k + j] *= mask.keeps(draws.w[j]) ? scale : 0;
    }
    packed.pack(v);
    all ? packed.template store<true>(y + i * N) : packed.template store<false>(y + i * N, there);
  }
}

template <class T>
void launch_gather_backward(std::int64_t rows, std::int64_t size, std::int64_t count,
                            const std::int32_t* index, const T* dy, T* dx) {
  if (rows * size == 0) return;
  constexpr int N = pack_size<T>;
  const std::int64_t parts = (packs_of<N>(size) + lane_threads - 1) / lane_threads;
  with_constants(
      [&](auto whole) {
        gather_backward_kernel<whole.value>
            <<<blocks_for(rows * parts, 1), lane_threads, 0, stream()>>>(rows, size, count, index, dy, dx);
      },
      packs<N>(size, dy, dx));
  check_launch("gather");
}

template <class T>
void launch_upsample_backward(const Shape& shape, std::int64_t factor, const T* dy, T* dx) {
  constexpr int N = pack_size<T>;
  const std::int64_t pixels = shape[1] * shape[2], channels = shape[3], packs_a_pixel = packs_of<N>(channels);
  each_batch("upsample", shape[0], pixels * packs_a_pixel, [&](std::int64_t first, std::int64_t count) {
    with_constants(
        [&](auto whole) {
          const unsigned blocks = periodic_blocks(count * pixels * packs_a_pixel, packs_a_pixel, 8);
          const std::int64_t before = first * pixels * channels;
          upsample_backward_kernel<whole.value><<<blocks, lane_threads, 0, stream()>>>(
              static_cast<unsigned>(count * pixels), static_cast<int>(shape[2]), static_cast<int>(channels),
              static_cast<int>(factor), dy + before * factor * factor, dx + before);
        },
        packs<N>(channels, dy, dx));
  });
}

template <class T>
void launch_dropout(const ops::DropoutMask& mask, const std::uint32_t* step, float scale, const T* x, T* y,
                    std::int64_t n) {
  if (n == 0) return;
  constexpr int N = pack_size<T>;
  with_constants(
      [&](auto aligned) {
        dropout_kernel<aligned.value>
            <<<blocks_for(packs_of<N>(n), lane_threads), lane_threads, 0, stream()>>>(mask, step, scale, x, y,
                                                                                      n);
      },
      packs<N>(0, x, y));
  check_launch("dropout");
}

}  // namespace pretext::cuda
