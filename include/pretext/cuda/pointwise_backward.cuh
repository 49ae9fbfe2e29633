// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/pointwise_parts.cuh"

namespace pretext::cuda::pointwise {

inline constexpr int backward_threads = 256;

/// A thread's share of the pieces of 16 bytes of a tile: those of one column of them, every step-th row.
struct PieceWalk {
  int column, row, step;

  __device__ explicit PieceWalk(int channels) {
    const int pieces = channels / 8, thread = static_cast<int>(threadIdx.x);
    step = backward_threads / pieces;
    column = thread % pieces;
    row = thread < step * pieces ? thread / pieces : PointwiseBackwardPlan::tile_rows;
  }
};

/// One block of a backward pass. Its eight warps are two by rows and four by input channels for dx, four by
/// input channels and two by output channels for dw.
template <int SquaresIn, int SquaresOut>
struct BackwardBlock {
  static constexpr int tile_rows = PointwiseBackwardPlan::tile_rows, in = 64 * SquaresIn,
                       out = 32 * SquaresOut, in_pitch = shared_pitch(in), out_pitch = shared_pitch(out);
  using WeightSums = float[SquaresIn][2 * SquaresOut][4];

  const PointwiseBackward& pass;
  int first, there;                       // of the input channels
  unsigned char *weights, *dy, *raw, *x;  // [in, out], twice [rows, out], [rows, out], twice [rows, in]
  float *dy_map, *x_map, *sums;           // [5, out], [3, in], [2, 2, in]

  __device__ static int lane() { return static_cast<int>(threadIdx.x % 32); }
  __device__ static int warp() { return static_cast<int>(threadIdx.x / 32); }

  __device__ explicit BackwardBlock(const PointwiseBackward& p)
      : pass(p),
        first(static_cast<int>(blockIdx.y) * p.plan.share),
        there(min(p.plan.share, p.plan.in - first)) {
    Carver carver;
    weights = carver.take(in * out_pitch);
    dy = carver.take(2 * tile_rows * out_pitch);
    raw = carver.take(tile_rows * out_pitch);
    x = carver.take(2 * tile_rows * in_pitch);
    dy_map = carver.take<float>(5 * out);
    x_map = carver.take<float>(3 * in);
    sums = carver.take<float>(4 * in);
    begin_load_both(blockIdx.x, 0);
    begin_load_raw(blockIdx.x);
    begin_load_both(std::int64_t{blockIdx.x} + gridDim.x, 1);
    end_copies();
    load_weights(pass.weight + first * pass.plan.out, there, pass.plan.out, in, out, weights);
    clear_columns(dy, 2 * tile_rows, out_pitch, pass.plan.out, out);
    load_maps();
  }

  __device__ unsigned char* dy_at(int stage) const { return dy + stage * tile_rows * out_pitch; }
  __device__ unsigned char* x_at(int stage) const { return x + stage * tile_rows * in_pitch; }

  __device__ void load_maps() const {
    const int threads = backward_threads, thread = static_cast<int>(threadIdx.x), channels = pass.plan.out;
    for (int i = thread; i < 5 * out; i += threads) {
      const int kind = i / out, c = i % out;
      const float* const from =
          kind < 3 ? pass.dy.normalized.affine + kind * channels : pass.dy.factors + (kind - 3) * channels;
      dy_map[i] = pass.dy.factors != nullptr && c < channels ? from[c] : 0;
    }
    for (int i = thread; i < 3 * in; i += threads)
      x_map[i] = pass.x.affine != nullptr && i % in < there
                     ? pass.x.affine[i / in * pass.plan.in + first + i % in]
                     : 0;
    for (int i = thread; i < 4 * in; i += threads) sums[i] = 0;
  }

  /// Begins to copy from[rows, channels] of a tile: `width` channels of it.
  __device__ __forceinline__ void begin_load(const bf16* from, std::int64_t tile, int channels, int width,
                                             unsigned char* to, int pitch) const {
    if (tile >= pass.plan.tiles()) return;
    const std::int64_t row = tile * tile_rows;
    const int rows = static_cast<int>(min(std::int64_t{tile_rows}, pass.plan.rows - row));
    const PieceWalk walk(width);
    const bf16* const source = from + row * channels + walk.column * 8;
    const unsigned target = shared_address(to + walk.column * 16);
    for (int r = walk.row; r < tile_rows; r += walk.step)
      begin_copy(target + static_cast<unsigned>(r * pitch), source + (r < rows ? r : 0) * channels, r < rows);
  }
  __device__ __forceinline__ void begin_load_raw(std::int64_t tile) const {
    if (pass.dy.factors != nullptr)
      begin_load(pass.dy.normalized.x, tile, pass.plan.out, pass.plan.out, raw, out_pitch);
    end_copies();
  }
  __device__ __forceinline__ void begin_load_both(std::int64_t tile, int stage) const {
    begin_load(pass.dy.dy, tile, pass.plan.out, pass.plan.out, dy_at(stage), out_pitch);
    if (pass.dw_parts != nullptr || pass.sum_parts != nullptr)
      begin_load(pass.x.x + first, tile, pass.plan.in, there, x_at(stage), in_pitch);
  }

  /// The gradient takes the place of dy, in those pieces that this thread has copied.
  __device__ __forceinline__ void evaluate_gradient(std::int64_t tile, int stage) const {
    if (pass.dy.factors == nullptr) return;
    const std::int64_t rows = pass.plan.rows - tile * tile_rows;
    const PieceWalk walk(pass.plan.out);
    float map[5][8];
#pragma unroll
    for (int kind = 0; kind < 5; ++kind)
#pragma unroll
      for (int k = 0; k < 8; k += 4) load_four(dy_map + kind * out + walk.column * 8 + k, &map[kind][k]);
    for (int r = walk.row; r < tile_rows; r += walk.step) {
      uint4* const at = reinterpret_cast<uint4*>(dy_at(stage) + r * out_pitch + walk.column * 16);
      float d[8], y[8];
      unpack_eight(*at, d);
      unpack_eight(*reinterpret_cast<const uint4*>(raw + r * out_pitch + walk.column * 16), y);
#pragma unroll
      for (int k = 0; k < 8; ++k) {
        const ops::Normalized<float> of{map[0][k], map[1][k], map[2][k], pass.dy.normalized.relu};
        of.evaluate_gradient(d[k], y[k], map[3][k], map[4][k]);
      }
      *at = r < rows ? pack_eight(d) : make_uint4(0, 0, 0, 0);
    }
  }

  /// dx of 32 rows and a quarter of the channels.
  __device__ __forceinline__ void grad_input(std::int64_t tile, int stage) const {
    const int rows = warp() / 4 * 32, columns = warp() % 4 * 16 * SquaresIn;
    const unsigned a = square_address(shared_address(dy_at(stage) + rows * out_pitch), out_pitch),
                   b = square_address(shared_address(weights + columns * out_pitch), out_pitch);
    float dx[2][2 * SquaresIn][4] = {};
#pragma unroll 2
    for (int k = 0; k < 2 * SquaresOut; ++k) {
      Square d[2];
#pragma unroll
      for (int m = 0; m < 2; ++m)
        d[m] = load_square<false>(a + static_cast<unsigned>(m * 16 * out_pitch + k * 32));
#pragma unroll
      for (int p = 0; p < SquaresIn; ++p) {
        const Square w = load_square<false>(b + static_cast<unsigned>(p * 16 * out_pitch + k * 32));
#pragma unroll
        for (int m = 0; m < 2; ++m) {
          multiply(dx[m][2 * p], d[m], w.quarter[0], w.quarter[2]);
          multiply(dx[m][2 * p + 1], d[m], w.quarter[1], w.quarter[3]);
        }
      }
    }
#pragma unroll
    for (int p = 0; p < SquaresIn; ++p) {
      unsigned words[2][4];
#pragma unroll
      for (int m = 0; m < 2; ++m)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          words[m][i] = pack_pair(dx[m][2 * p + i % 2][i / 2 * 2], dx[m][2 * p + i % 2][i / 2 * 2 + 1]);
      store(words, tile * tile_rows + rows, columns + p * 16);
      if (pass.sum_parts != nullptr) measure(words, rows, columns + p * 16, stage);
    }
  }

  __device__ __forceinline__ void store(const unsigned (&words)[2][4], std::int64_t row, int column) const {
    const int l = lane(), t = l % 4, c = column + t % 2 * 8;
#pragma unroll
    for (int m = 0; m < 2; ++m) {
      const uint4 piece = exchange_words(words[m]);
      const std::int64_t r = row + m * 16 + l / 4 + t / 2 * 8;
      if (r < pass.plan.rows && c < there)
        *reinterpret_cast<uint4*>(pass.dx + r * pass.plan.in + first + c) = piece;
    }
  }

  /// Adds to the sums of d and of d * (x - center), where d is what of dx the relu of x does not cut.
  __device__ __forceinline__ void measure(const unsigned (&words)[2][4], int row, int column,
                                          int stage) const {
    const int l = lane();
    float of[8] = {};
#pragma unroll
    for (int f = 0; f < 2; ++f) {
      const int c = column + f * 8 + l % 4 * 2;
      ops::Normalized<float> map[2];
#pragma unroll
      for (int e = 0; e < 2; ++e)
        map[e] = {x_map[c + e], x_map[in + c + e], x_map[2 * in + c + e], pass.x.relu};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int r = row + i * 8 + l / 4;
        const unsigned pair = *reinterpret_cast<const unsigned*>(x_at(stage) + r * in_pitch + c * 2),
                       word = words[i / 2][f + i % 2 * 2];
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const float v = e == 0 ? first_of(pair) : second_of(pair);
          float d = e == 0 ? first_of(word) : second_of(word);
          map[e].cut_gradient(d, v);
          of[f * 2 + e] += d;
          of[4 + f * 2 + e] += d * (v - map[e].center);
        }
      }
    }
    const float sum = sum_of_eight(of);
    const int value = l / 4;
    sums[(row / 32 * 2 + value / 4) * in + column + value / 2 % 2 * 8 + l % 4 * 2 + value % 2] += sum;
  }

  /// What becomes of a square of x on the way, transposed: channels l / 4 and l / 4 + 8 from c on.
  __device__ __forceinline__ void evaluate(Square& s, int c) const {
#pragma unroll
    for (int q = 0; q < 4; ++q) {
      const int channel = c + lane() / 4 + q / 2 * 8;
      const ops::Normalized<float> of{x_map[channel], x_map[in + channel], x_map[2 * in + channel]};
      s.quarter[q] = evaluate_pair(s.quarter[q], of, of, pass.x.relu);
    }
  }

  /// dw += x^T * dy over a tile.
  __device__ __forceinline__ void add_weights(int stage, WeightSums& dw) const {
    const int rows = warp() / 2 * 16 * SquaresIn, columns = warp() % 2 * 16 * SquaresOut;
    const unsigned a = square_address(shared_address(x_at(stage) + rows * 2), in_pitch),
                   b = square_address(shared_address(dy_at(stage) + columns * 2), out_pitch);
    for (int k = 0; k < tile_rows / 16; ++k) {
      Square v[SquaresIn];
#pragma unroll
      for (int m = 0; m < SquaresIn; ++m) {
        const Square s = load_square<true>(a + static_cast<unsigned>(k * 16 * in_pitch + m * 32));
        v[m] = s;
        if (pass.x.affine != nullptr) evaluate(v[m], rows + m * 16);
        const unsigned lower = v[m].quarter[1];
        v[m].quarter[1] = v[m].quarter[2];
        v[m].quarter[2] = lower;
      }
#pragma unroll
      for (int p = 0; p < SquaresOut; ++p) {
        const Square d = load_square<true>(b + static_cast<unsigned>(k * 16 * out_pitch + p * 32));
#pragma unroll
        for (int m = 0; m < SquaresIn; ++m) {
          multiply(dw[m][2 * p], v[m], d.quarter[0], d.quarter[1]);
          multiply(dw[m][2 * p + 1], v[m], d.quarter[2], d.quarter[3]);
        }
      }
    }
  }

  __device__ __forceinline__ void store_weights(const WeightSums& dw) const {
    const int rows = warp() / 2 * 16 * SquaresIn + lane() / 4,
              columns = warp() % 2 * 16 * SquaresOut + lane() % 4 * 2, channels = pass.plan.out;
    float* const to = pass.dw_parts + (std::int64_t{blockIdx.x} * pass.plan.in + first) * channels;
#pragma unroll
    for (int m = 0; m < SquaresIn; ++m)
#pragma unroll
      for (int j = 0; j < 2 * SquaresOut; ++j)
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          const int r = rows + m * 16 + h * 8, c = columns + j * 8;
          if (r < there && c < channels)
            *reinterpret_cast<float2*>(to + r * channels + c) =
                make_float2(dw[m][j][2 * h], dw[m][j][2 * h + 1]);
        }
  }

  __device__ __forceinline__ void store_sums() const {
    float* const to = pass.sum_parts + std::int64_t{2} * blockIdx.x * pass.plan.in + first;
    for (int i = static_cast<int>(threadIdx.x); i < 2 * in; i += backward_threads)
      if (i % in < there) to[i / in * pass.plan.in + i % in] = sums[i] + sums[2 * in + i];
  }

  __device__ __forceinline__ void run() const {
    const int stride = static_cast<int>(gridDim.x);
    WeightSums dw = {};
    __syncthreads();
    int stage = 0;
    for (std::int64_t tile = blockIdx.x; tile < pass.plan.tiles(); tile += stride, stage ^= 1) {
      wait_for_copies<1>();
      evaluate_gradient(tile, stage);
      begin_load_raw(tile + stride);
      __syncthreads();
      // Half of the warps begin with the one, half with the other: while one waits for memory, or for what
      // is no product, its neighbour multiplies.
#pragma unroll 1
      for (int turn = 0; turn < 2; ++turn)
        if (turn == warp() / 4) {
          if (pass.dx != nullptr) grad_input(tile, stage);
        } else if (pass.dw_parts != nullptr) {
          add_weights(stage, dw);
        }
      __syncthreads();
      begin_load_both(tile + 2 * stride, stage);
      end_copies();
    }
    if (pass.dw_parts != nullptr) store_weights(dw);
    if (pass.sum_parts != nullptr) store_sums();
  }
};

template <int SquaresIn, int SquaresOut>
__global__ void __launch_bounds__(backward_threads, 1)
    backward_kernel(const __grid_constant__ PointwiseBackward pass) {
  BackwardBlock<SquaresIn, SquaresOut>(pass).run();
}

}  // namespace pretext::cuda::pointwise
