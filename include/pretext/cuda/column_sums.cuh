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
//   Loaded load(at);                        from element `at` on
//   Channels channels(c, row);              for columns c ... of a chunk that begins with a row
//   static void add(loaded, channels, float (&sums)[2][pack]);
//   struct Origin; Origin origin(c, row);   what is needed of column c in the end
//   static float2 part(origin, rows, sums); what a chunk of so many rows leaves, from its float2 of sums
//   static void take(part, rows, double2& total);
//   void finish(c, origin, rows, total);    writes what column c comes to
//
// Of a small map most of the time goes into waiting: as many loads as there are registers wait together, and
// few follow them.
namespace pretext::cuda {

/// Which of its tile's columns a thread of a block works on beside its loads: those that neighbours load
/// first come first, so that threads meet different banks of shared memory.
template <int pack>
struct TileColumn {
  int of_tile, c;
  int share, shares;  ///< which of so many threads with this column; behind all work where there is none

  __device__ explicit TileColumn(const ColumnTiles& tiles) {
    const int thread = static_cast<int>(threadIdx.x), columns = tiles.tile_columns;
    of_tile = thread % columns, share = thread / columns, shares = ColumnTiles::threads / columns;
    c = (static_cast<int>(blockIdx.x) * tiles.width + of_tile % tiles.width) * pack + of_tile / tiles.width;
    if (share >= shares || c >= tiles.columns) share = ColumnTiles::threads;
  }
  /// One thread for each column.
  __device__ bool first() const { return share == 0; }
};

/// What the sums of the lanes of a block come to: in the first thread of each column its sums.
template <int pack>
__device__ float2 sum_of_lanes(const float (&sums)[2][pack], const ColumnTiles& tiles,
                               const TileColumn<pack>& column) {
  constexpr int threads = ColumnTiles::threads;
  __shared__ float scratch[threads * pack + (pack - 1) * ColumnTiles::most_packs];
  __shared__ float2 shares[threads];
  const int thread = static_cast<int>(threadIdx.x), stride = threads + tiles.width,
            lanes = threads / tiles.width,
            from = column.of_tile / tiles.width * stride + column.of_tile % tiles.width;
  float of_share[2] = {};
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int k = 0; k < pack; ++k) scratch[k * stride + thread] = sums[i][k];
    __syncthreads();
    for (int lane = column.share; lane < lanes; lane += column.shares)
      of_share[i] += scratch[from + lane * tiles.width];
    if (i == 0) __syncthreads();
  }
  shares[thread] = {of_share[0], of_share[1]};
  __syncthreads();
  float2 sum{0, 0};
  if (column.first())
    for (int s = 0; s < column.shares; ++s) {
      const float2 of = shares[s * tiles.tile_columns + thread];
      sum.x += of.x, sum.y += of.y;
    }
  return sum;
}

/// The sums of a thread over its share of so many rows and of the columns of its tile.
template <class F>
__device__ void sum_rows(const F& f, const ColumnTiles& tiles, std::int64_t begin, int rows,
                         float (&sums)[2][F::pack]) {
  const int lanes = ColumnTiles::threads / tiles.width, lane = static_cast<int>(threadIdx.x) / tiles.width;
  const int c =
      (static_cast<int>(blockIdx.x) * tiles.width + static_cast<int>(threadIdx.x) % tiles.width) * F::pack;
  int left = rows - lane;  // of which every lanes-th is this thread's
  if (lane >= lanes || c >= tiles.columns || left <= 0) return;
  const std::int64_t step = lanes * tiles.columns;
  std::int64_t at = (begin + lane) * tiles.columns + c;
  typename F::Loaded loaded[F::unroll];
  const auto load = [&] {
#pragma unroll
    for (int u = 0; u < F::unroll; ++u)
      if (u * lanes < left) loaded[u] = f.load(at + u * step);
  };
  load();
  const auto channels = f.channels(c, begin);
  while (true) {
#pragma unroll
    for (int u = 0; u < F::unroll; ++u)
      if (u * lanes < left) F::add(loaded[u], channels, sums);
    left -= F::unroll * lanes, at += F::unroll * step;
    if (left <= 0) return;
    load();
  }
}

/// The total of a column over all chunks, in the first of its threads.
template <class F>
__device__ double2 total_of_chunks(const ColumnTiles& tiles, const TileColumn<F::pack>& column,
                                   const float2* parts) {
  constexpr int threads = ColumnTiles::threads, unroll = 6;  // loads that wait together
  __shared__ double2 shares[threads];
  double2 total{0, 0};
  parts += std::int64_t{blockIdx.x} * tiles.tile_columns + column.of_tile;
  for (int first = column.share; first < tiles.chunks; first += unroll * column.shares) {
    float2 part[unroll];
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const int chunk = first + u * column.shares;
      if (chunk < tiles.chunks) part[u] = __ldcg(parts + chunk * tiles.part_columns());
    }
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      const int chunk = first + u * column.shares;
      const std::int64_t begin = chunk * tiles.chunk_rows;
      if (chunk < tiles.chunks) F::take(part[u], min(tiles.chunk_rows, tiles.rows - begin), total);
    }
  }
  shares[threadIdx.x] = total;
  __syncthreads();
  total = {0, 0};
  if (column.first())
    for (int s = 0; s < column.shares; ++s) {
      const double2 of = shares[s * tiles.tile_columns + threadIdx.x];
      total.x += of.x, total.y += of.y;
    }
  return total;
}

template <class F>
__global__ void __launch_bounds__(ColumnTiles::threads, 1)
    column_sums_kernel(const F f, const ColumnTiles tiles, float2* parts) {
  const std::int64_t begin = blockIdx.y * tiles.chunk_rows;
  const int rows = static_cast<int>(min(tiles.chunk_rows, tiles.rows - begin));
  float sums[2][F::pack] = {};
  sum_rows(f, tiles, begin, rows, sums);
  const TileColumn<F::pack> column(tiles);
  typename F::Origin origin{};
  if (column.first() && rows > 0) origin = f.origin(column.c, begin);
  const float2 sum = sum_of_lanes<F::pack>(sums, tiles, column);
  if (column.first())
    parts[blockIdx.y * tiles.part_columns() + std::int64_t{blockIdx.x} * tiles.tile_columns +
          column.of_tile] = F::part(origin, rows, sum);
  if (!last_to_come(blockIdx.x, gridDim.y)) return;
  const double2 total = total_of_chunks<F>(tiles, column, parts);
  if (column.first()) f.finish(column.c, origin, tiles.rows, total);
}

/// parts has tiles.scratch_size() elements.
template <class F>
void launch_column_sums(const F& f, const ColumnTiles& tiles, float* parts, const char* what) {
  const dim3 grid(static_cast<unsigned>(tiles.groups), static_cast<unsigned>(tiles.chunks));
  column_sums_kernel<<<grid, ColumnTiles::threads, 0, stream()>>>(f, tiles, reinterpret_cast<float2*>(parts));
  check_launch(what);
}

}  // namespace pretext::cuda
