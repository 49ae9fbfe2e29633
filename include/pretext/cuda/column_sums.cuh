// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/column_tiles.hpp"
#include "pretext/cuda/reduce.cuh"

// Two sums over the rows of each column, in one kernel: blocks sum their tiles in float, and the last block
// of each tile adds up what they left, in double and in the order of the rows. What is summed is told by a
// functor
//
//   static constexpr int pack, unroll;      elements that a thread loads at once, and how many such loads
//   struct Loaded; struct Channels;         what a thread loads, and what it knows of its columns
//   Channels channels(c, row);              for columns c ... of a chunk that begins with a row
//   Loaded load(at);                        from element `at` on
//   static void add(loaded, channels, float (&sums)[2][pack]);
//   float2 part(c, row, rows, sums);        what a chunk of so many rows leaves, from its float2 of sums
//   static void take(part, rows, double2& total);
//   void finish(c, rows, total);            writes what column c comes to
namespace pretext::cuda {

/// What the sums of the lanes of a block come to: in thread t the sum over its tile's column t.
template <int pack>
__device__ float sum_of_lanes(const float (&sums)[pack], const ColumnTiles& tiles, float* scratch) {
  constexpr int threads = ColumnTiles::threads;
  const int thread = static_cast<int>(threadIdx.x), columns = tiles.width * pack,
            lanes = threads / tiles.width;
  const int parts = threads / columns, part = thread / columns;
#pragma unroll
  for (int k = 0; k < pack; ++k) scratch[thread * pack + k] = sums[k];
  __syncthreads();
  float sum = 0;
  if (part < parts)
    for (int lane = part; lane < lanes; lane += parts) sum += scratch[lane * columns + thread % columns];
  __syncthreads();
  scratch[thread] = sum;
  __syncthreads();
  sum = 0;
  if (thread < columns)
    for (int p = 0; p < parts; ++p) sum += scratch[p * columns + thread];
  __syncthreads();
  return sum;
}

/// The sums of a thread over its share of rows [begin, end) of the columns from c on.
template <class F>
__device__ void sum_rows(const F& f, const ColumnTiles& tiles, std::int64_t c, std::int64_t begin,
                         std::int64_t end, float (&sums)[2][F::pack]) {
  const std::int64_t lanes = ColumnTiles::threads / tiles.width, lane = threadIdx.x / tiles.width;
  if (lane >= lanes || c >= tiles.columns || begin >= end) return;
  const auto channels = f.channels(c, begin);
  for (std::int64_t row = begin + lane; row < end; row += F::unroll * lanes) {
    typename F::Loaded loaded[F::unroll];
#pragma unroll
    for (int u = 0; u < F::unroll; ++u) loaded[u] = f.load(min(row + u * lanes, end - 1) * tiles.columns + c);
#pragma unroll
    for (int u = 0; u < F::unroll; ++u)
      if (row + u * lanes < end) F::add(loaded[u], channels, sums);
  }
}

/// The total of column `thread` of a tile over all chunks, in thread `thread`.
template <class F>
__device__ double2 total_of_chunks(const ColumnTiles& tiles, std::int64_t first, int columns,
                                   const float* parts) {
  constexpr int threads = ColumnTiles::threads, unroll = 8;  // loads that wait together
  __shared__ double2 shares[threads];
  const int thread = static_cast<int>(threadIdx.x), of = threads / columns, share = thread / columns;
  const std::int64_t column = first + thread % columns;
  double2 total{0, 0};
  for (int first_chunk = share; share < of && first_chunk < tiles.chunks; first_chunk += unroll * of) {
    float2 part[unroll];
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const float* from = parts + 2 * min(first_chunk + u * of, tiles.chunks - 1) * tiles.columns;
      part[u] = {__ldcg(from + column), __ldcg(from + column + tiles.columns)};
    }
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const std::int64_t chunk = first_chunk + u * of, begin = chunk * tiles.chunk_rows;
      if (chunk < tiles.chunks) F::take(part[u], min(tiles.chunk_rows, tiles.rows - begin), total);
    }
  }
  shares[thread] = total;
  __syncthreads();
  total = {0, 0};
  if (thread < columns)
    for (int s = 0; s < of; ++s) {
      total.x += shares[s * columns + thread].x;
      total.y += shares[s * columns + thread].y;
    }
  return total;
}

template <class F>
__global__ void __launch_bounds__(ColumnTiles::threads, 1)
    column_sums_kernel(const F f, const ColumnTiles tiles, float* parts) {
  __shared__ float scratch[ColumnTiles::threads * F::pack];
  const std::int64_t first = std::int64_t{blockIdx.x} * tiles.width * F::pack;
  const std::int64_t begin = blockIdx.y * tiles.chunk_rows, end = min(tiles.rows, begin + tiles.chunk_rows);
  float sums[2][F::pack] = {};
  sum_rows(f, tiles, first + threadIdx.x % tiles.width * F::pack, begin, end, sums);
  const float2 sum{sum_of_lanes(sums[0], tiles, scratch), sum_of_lanes(sums[1], tiles, scratch)};

  const int columns = static_cast<int>(min(std::int64_t{tiles.width * F::pack}, tiles.columns - first));
  const std::int64_t c = first + threadIdx.x;
  const bool owner = static_cast<int>(threadIdx.x) < columns;
  if (owner) {
    const float2 part = f.part(c, begin, end - begin, sum);
    float* const to = parts + 2 * blockIdx.y * tiles.columns + c;
    to[0] = part.x;
    to[tiles.columns] = part.y;
  }
  if (!last_to_come(blockIdx.x, gridDim.y)) return;
  const double2 total = total_of_chunks<F>(tiles, first, columns, parts);
  if (owner) f.finish(c, tiles.rows, total);
}

/// parts has tiles.scratch_size() elements.
template <class F>
void launch_column_sums(const F& f, const ColumnTiles& tiles, float* parts, const char* what) {
  const dim3 grid(static_cast<unsigned>(tiles.groups), static_cast<unsigned>(tiles.chunks));
  column_sums_kernel<<<grid, ColumnTiles::threads, 0, stream()>>>(f, tiles, parts);
  check_launch(what);
}

}  // namespace pretext::cuda
