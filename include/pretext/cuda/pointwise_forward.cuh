// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/pointwise_parts.cuh"

namespace pretext::cuda::pointwise {

/// Where the map of channel c lies among those of its 16: a lane of a square has channels 2 t, 2 t + 1,
/// 2 t + 8 and 2 t + 9, which become neighbours.
__device__ __forceinline__ int lane_order(int c) {
  return c / 16 * 16 + c % 8 / 2 * 4 + c % 16 / 8 * 2 + c % 2;
}

/// Means and sums of squared deviations of values in `Count` columns, of which each lane has seen `n` rows:
/// half of the columns go to the lane `distance` away, the others come together here.
template <int Count, int All>
__device__ __forceinline__ void merge_halves(float (&mean)[All], float (&squares)[All], float& n,
                                             unsigned distance) {
  constexpr int half = Count / 2;
  const bool upper = threadIdx.x & distance;
  const float other = __shfl_xor_sync(0xFFFFFFFF, n, static_cast<int>(distance)), all = n + other,
              share = all > 0 ? other / all : 0, weight = share * n;
#pragma unroll
  for (int i = 0; i < half; ++i) {
    const float give_mean = upper ? mean[i] : mean[i + half],
                give_squares = upper ? squares[i] : squares[i + half];
    const float keep = upper ? mean[i + half] : mean[i];
    const float delta = __shfl_xor_sync(0xFFFFFFFF, give_mean, static_cast<int>(distance)) - keep;
    const float more = __shfl_xor_sync(0xFFFFFFFF, give_squares, static_cast<int>(distance));
    mean[i] = keep + share * delta;
    squares[i] = (upper ? squares[i + half] : squares[i]) + more + weight * delta * delta;
  }
  n = all;
}

/// One warp of a forward pass.
template <int Squares, bool Affine>
struct ForwardWarp {
  static constexpr int tile_rows = PointwiseForwardPlan::tile_rows;
  using Words = Pairs<Squares>;

  const PointwiseForward& pass;
  unsigned weights, tile;  // addresses
  const float* channels;   // [3, depth] in the order of lanes
  float* moments;          // [2, width]

  __device__ static int lane() { return static_cast<int>(threadIdx.x % 32); }

  /// Begins to copy x[rows, in] of a tile.
  __device__ __forceinline__ void begin_load(std::int64_t tile_number) const {
    if (tile_number >= pass.plan.tiles()) return;
    const std::int64_t row = tile_number * tile_rows;
    const int in = pass.plan.in, pieces = in / 8, pitch = shared_pitch(pass.plan.depth);
    const int there = static_cast<int>(min(std::int64_t{tile_rows}, pass.plan.rows - row)) * pieces;
    const bf16* const from = pass.x.x + row * in;
    const int down = 32 / pieces, across = 32 % pieces;
    int r = lane() / pieces, c = lane() % pieces;
    for (int i = lane(); i < tile_rows * pieces; i += 32) {
      begin_copy(tile + static_cast<unsigned>(r * pitch + c * 16), from + (i < there ? i * 8 : 0), i < there);
      r += down, c += across;
      if (c >= pieces) c -= pieces, ++r;
    }
    end_copies();
  }

  /// Two squares of x, one below the other, and what becomes of them on the way.
  __device__ __forceinline__ void load(unsigned address, int depth, Square (&x)[2]) const {
    const int pitch = shared_pitch(pass.plan.depth);
#pragma unroll
    for (int m = 0; m < 2; ++m)
      x[m] = load_square<false>(address + static_cast<unsigned>(m * 16 * pitch + depth * 32));
    if constexpr (!Affine) return;
    const float* const from = channels + depth * 16 + lane() % 4 * 4;
    float center[4], scale[4], shift[4];
    load_four(from, center);
    load_four(from + pass.plan.depth, scale);
    load_four(from + 2 * pass.plan.depth, shift);
#pragma unroll
    for (int q = 0; q < 4; ++q) {
      const int k = q / 2 * 2;
      const ops::Normalized<float> first{center[k], scale[k], shift[k]},
          second{center[k + 1], scale[k + 1], shift[k + 1]};
#pragma unroll
      for (int m = 0; m < 2; ++m)
        x[m].quarter[q] = evaluate_pair(x[m].quarter[q], first, second, pass.x.relu);
    }
  }

  /// y of the tile in the columns of one pass, rounded.
  __device__ __forceinline__ void products(int columns, Words& y) const {
    const int weight_pitch = shared_pitch(pass.plan.width()), steps = pass.plan.depth / 16;
    const unsigned a = square_address(tile, shared_pitch(pass.plan.depth)),
                   b = square_address(weights + static_cast<unsigned>(columns * 2), weight_pitch);
    float sums[2][2 * Squares][4] = {};
    Square x[2], next[2];
    load(a, 0, x);
#pragma unroll 2
    for (int k = 0; k < steps; ++k) {
      load(a, min(k + 1, steps - 1), next);  // meanwhile the tensor cores work
      multiply_row<Squares>(sums, x, b + static_cast<unsigned>(k * 16 * weight_pitch));
#pragma unroll
      for (int m = 0; m < 2; ++m) x[m] = next[m];
    }
    round_sums<Squares>(sums, y);
  }

  __device__ __forceinline__ void store(const Words& y, std::int64_t first, int columns) const {
    each_eight<Squares>(y, [&](uint4 piece, int row, int column) {
      if (first + row < pass.plan.rows && columns + column < pass.plan.out)
        *reinterpret_cast<uint4*>(pass.y + (first + row) * pass.plan.out + columns + column) = piece;
    });
  }

  /// Takes `rows` rows in, after `seen` others.
  __device__ __forceinline__ void measure(const Words& y, int rows, int columns, float seen) const {
    constexpr int count = (4 * Squares + 7) / 8 * 8;
    float mean[count] = {}, squares[count] = {}, there[4], n = 0;
#pragma unroll
    for (int r = 0; r < 4; ++r) n += there[r] = r * 8 + lane() / 4 < rows ? 1 : 0;
    const float inverse = n > 0 ? 1 / n : 0;
#pragma unroll
    for (int i = 0; i < 4 * Squares; ++i) {
      float v[4];
#pragma unroll
      for (int r = 0; r < 4; ++r) {
        const unsigned word = y[r / 2][i / 2][r % 2];
        v[r] = i % 2 == 0 ? first_of(word) : second_of(word);
      }
      mean[i] = (there[0] * v[0] + there[1] * v[1] + there[2] * v[2] + there[3] * v[3]) * inverse;
#pragma unroll
      for (int r = 0; r < 4; ++r) squares[i] += there[r] * (v[r] - mean[i]) * (v[r] - mean[i]);
    }
    merge_halves<count>(mean, squares, n, 16);
    merge_halves<count / 2>(mean, squares, n, 8);
    merge_halves<count / 4>(mean, squares, n, 4);
    const int l = lane(),
              first = (l & 16 ? count / 2 : 0) + (l & 8 ? count / 4 : 0) + (l & 4 ? count / 8 : 0);
    const float share = n / (seen + n), weight = share * seen;
#pragma unroll
    for (int i = 0; i < count / 8; ++i) {
      if (first + i >= 4 * Squares) continue;
      float* const to = moments + columns + (first + i) / 2 * 8 + l % 4 * 2 + (first + i) % 2;
      const float delta = mean[i] - *to;
      *to += share * delta;
      to[pass.plan.width()] += squares[i] + weight * delta * delta;
    }
    __syncwarp();
  }

  /// The first tile is on its way.
  __device__ __forceinline__ void run(int part) const {
    const PointwiseForwardPlan& plan = pass.plan;
    float seen = 0;
    for (std::int64_t i = part; i < plan.tiles(); i += plan.parts()) {
      const std::int64_t row = i * tile_rows;
      const int rows = static_cast<int>(min(std::int64_t{tile_rows}, plan.rows - row));
      wait_for_copies<0>();
      __syncwarp();
      for (int p = 0; p < plan.passes; ++p) {
        Words y;
        products(p * 16 * Squares, y);
        if (p == plan.passes - 1) {
          __syncwarp();
          begin_load(i + plan.parts());
        }
        store(y, row, p * 16 * Squares);
        if (pass.parts != nullptr) measure(y, rows, p * 16 * Squares, seen);
      }
      seen += static_cast<float>(rows);
    }
    if (pass.parts == nullptr) return;
    __syncwarp();
    float* const to = pass.parts + std::int64_t{2} * part * plan.out;
    for (int c = lane(); c < plan.out; c += 32) {
      to[c] = moments[c];
      to[plan.out + c] = moments[plan.width() + c];
    }
  }
};

template <int Squares, bool Affine>
__global__ void __launch_bounds__(32 * PointwiseForwardPlan::most_warps(Squares), 1)
    forward_kernel(const __grid_constant__ PointwiseForward pass) {
  const PointwiseForwardPlan& plan = pass.plan;
  const int pitch = shared_pitch(plan.depth), width = plan.width(), tile = plan.tile_rows * pitch,
            warp = static_cast<int>(threadIdx.x / 32);
  Carver carver;
  unsigned char* const weights = carver.take(plan.depth * shared_pitch(width));
  float* const channels = carver.take<float>(3 * plan.depth);
  float* const moments = carver.take<float>(plan.warps * 2 * width);
  unsigned char* const tiles = carver.take(plan.warps * tile);

  const ForwardWarp<Squares, Affine> own{pass, shared_address(weights), shared_address(tiles + warp * tile),
                                         channels, moments + warp * 2 * width};
  const int part = warp * plan.blocks + static_cast<int>(blockIdx.x);
  own.begin_load(part);
  load_weights(pass.weight, plan.in, plan.out, plan.depth, width, weights);
  clear_columns(tiles, plan.warps * plan.tile_rows, pitch, plan.in, plan.depth);
  for (int i = static_cast<int>(threadIdx.x); i < plan.warps * 2 * width; i += static_cast<int>(blockDim.x))
    moments[i] = 0;
  if constexpr (Affine)
    for (int i = static_cast<int>(threadIdx.x); i < 3 * plan.depth; i += static_cast<int>(blockDim.x)) {
      const int c = i % plan.depth, kind = i / plan.depth;
      channels[kind * plan.depth + lane_order(c)] = c < plan.in ? pass.x.affine[kind * plan.in + c] : 0;
    }
  __syncthreads();
  own.run(part);
}

}  // namespace pretext::cuda::pointwise
