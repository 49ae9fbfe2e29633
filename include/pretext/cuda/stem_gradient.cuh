// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/stem_parts.cuh"

namespace pretext::cuda::stem {

/// Where this lane's row lies of eight columns and 32 rows that begin at `origin`: the quarters of what is
/// loaded from there as if it were a square are eight rows each.
__device__ __forceinline__ unsigned column_address(unsigned origin, int pitch) {
  return origin + threadIdx.x % 32 * static_cast<unsigned>(pitch);
}

/// One block of a weight gradient.
template <int Columns, int Squares>
struct GradientBlock {
  static constexpr int chunk = StemGradientPlan::chunk, width = 8 * StemGradientPlan::warps * Columns,
                       share = 16 * Squares, pitch = shared_pitch(width), share_pitch = shared_pitch(share);
  static_assert(chunk == PointwiseBackwardPlan::tile_rows &&
                32 * StemGradientPlan::warps == backward_threads);
  using Sums = float[Squares][Columns][4];

  /// Chunks of one tile after another.
  struct Place {
    int tile, chunk;
  };

  const StemGradient& pass;
  unsigned char *dy, *raw, *windows, *input;  // twice [chunk, width], [chunk, width], [chunk, share]
  float* map;                                 // [5, width]
  unsigned* begins;                           // [chunks * chunk]: of windows
  Pair* pairs;                                // [share / 2]

  __device__ static int lane() { return static_cast<int>(threadIdx.x % 32); }
  __device__ static int warp() { return static_cast<int>(threadIdx.x / 32); }

  __device__ explicit GradientBlock(const StemGradient& p) : pass(p) {
    const StemGradientPlan& plan = pass.plan;
    Carver carver;
    dy = carver.take(2 * chunk * pitch);
    raw = carver.take(chunk * pitch);
    windows = carver.take(chunk * share_pitch);
    map = carver.take<float>(5 * width);
    begins = carver.take<unsigned>(plan.chunks() * chunk);
    pairs = carver.take<Pair>(share / 2);
    input = carver.take(plan.input_bytes());
    const int thread = static_cast<int>(threadIdx.x), first = static_cast<int>(blockIdx.y) * share;
    for (int i = thread; i < plan.chunks() * chunk; i += backward_threads)
      begins[i] = window_of(plan, min(i, plan.pixels() - 1));
    for (int i = thread; i < share / 2; i += backward_threads) pairs[i] = pair_of(plan, first / 2 + i);
    for (int i = thread; i < 5 * width; i += backward_threads) {
      const int kind = i / width, c = i % width;
      const float* const from =
          kind < 3 ? pass.dy.normalized.affine + kind * plan.co : pass.dy.factors + (kind - 3) * plan.co;
      map[i] = pass.dy.factors != nullptr && c < plan.co ? from[c] : 0;
    }
    clear_input(plan, input);
  }

  __device__ bool there(Place at) const { return at.tile < pass.plan.tiles(); }
  __device__ Place after(Place at) const {
    return ++at.chunk < pass.plan.chunks_of(at.tile) ? at : Place{at.tile + static_cast<int>(gridDim.x), 0};
  }
  __device__ int pixels(Place at) const { return pass.plan.pixels_of(at.tile) - at.chunk * chunk; }

  /// Begins to copy a chunk of from[pixels, co].
  __device__ __forceinline__ void begin_load(const bf16* from, Place at, unsigned char* to) const {
    if (!there(at)) return;
    const int rows = pixels(at), channels = pass.plan.co;
    const PieceWalk walk(channels);
    const bf16* const source =
        from + (pass.plan.first_pixel(at.tile) + at.chunk * chunk) * channels + walk.column * 8;
    const unsigned target = shared_address(to + walk.column * 16);
    for (int r = walk.row; r < chunk; r += walk.step)
      begin_copy(target + static_cast<unsigned>(r * pitch), source + (r < rows ? r : 0) * channels, r < rows);
  }
  __device__ __forceinline__ void begin_load_dy(Place at, int stage) const {
    begin_load(pass.dy.dy, at, dy + stage * chunk * pitch);
  }
  __device__ __forceinline__ void begin_load_raw(Place at) const {
    if (pass.dy.factors != nullptr) begin_load(pass.dy.normalized.x, at, raw);
    end_copies();
  }

  /// The gradient takes the place of dy, in those pieces that this thread has copied.
  __device__ __forceinline__ void evaluate_gradient(Place at, int stage) const {
    if (pass.dy.factors == nullptr) return;
    const int rows = pixels(at);
    const PieceWalk walk(pass.plan.co);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float of[5][4];
#pragma unroll
      for (int kind = 0; kind < 5; ++kind)
        load_four(map + kind * width + walk.column * 8 + half * 4, of[kind]);
      for (int r = walk.row; r < chunk; r += walk.step) {
        const int place = r * pitch + walk.column * 16 + half * 8;
        uint2* const to = reinterpret_cast<uint2*>(dy + stage * chunk * pitch + place);
        const uint2 x = *reinterpret_cast<const uint2*>(raw + place);
        float d[4] = {first_of(to->x), second_of(to->x), first_of(to->y), second_of(to->y)};
        const float y[4] = {first_of(x.x), second_of(x.x), first_of(x.y), second_of(x.y)};
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          const ops::Normalized<float> normalized{of[0][k], of[1][k], of[2][k], pass.dy.normalized.relu};
          normalized.evaluate_gradient(d[k], y[k], of[3][k], of[4][k]);
        }
        *to = r < rows ? uint2{pack_pair(d[0], d[1]), pack_pair(d[2], d[3])} : uint2{0, 0};
      }
    }
  }

  /// windows[chunk, share]: zeros for the pixels that are not there.
  __device__ __forceinline__ void gather(Place at) const {
    const int rows = pixels(at);
    const PieceWalk walk(share);
    Pair of[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) of[i] = pairs[walk.column * 4 + i];
    for (int r = walk.row; r < chunk; r += walk.step) {
      uint4 piece = make_uint4(0, 0, 0, 0);
      if (r < rows) {
        const unsigned begin = begins[at.chunk * chunk + r];
        piece = make_uint4(load_pair(input, begin, of[0]), load_pair(input, begin, of[1]),
                           load_pair(input, begin, of[2]), load_pair(input, begin, of[3]));
      }
      *reinterpret_cast<uint4*>(windows + r * share_pitch + walk.column * 16) = piece;
    }
  }

  /// dw += windows^T * dy over a chunk, 32 pixels at a time.
  __device__ __forceinline__ void add(int stage, Sums& dw) const {
    const unsigned a = square_address(shared_address(windows), share_pitch),
                   b = column_address(shared_address(dy + stage * chunk * pitch + warp() * 16 * Columns),
                                      pitch);
#pragma unroll 1
    for (int r = 0; r < chunk; r += 32) {
      Square d[Columns];
#pragma unroll
      for (int j = 0; j < Columns; ++j)
        d[j] = load_square<true>(b + static_cast<unsigned>(r * pitch + j * 16));
#pragma unroll
      for (int half = 0; half < 2; ++half)
#pragma unroll
        for (int m = 0; m < Squares; ++m) {
          const Square s =
              load_square<true>(a + static_cast<unsigned>((r + half * 16) * share_pitch + m * 32));
          const Square transposed{{s.quarter[0], s.quarter[2], s.quarter[1], s.quarter[3]}};
#pragma unroll
          for (int j = 0; j < Columns; ++j)
            multiply(dw[m][j], transposed, d[j].quarter[2 * half], d[j].quarter[2 * half + 1]);
        }
    }
  }

  __device__ __forceinline__ void store(const Sums& dw) const {
    const StemGradientPlan& plan = pass.plan;
    const int first = static_cast<int>(blockIdx.y) * share + lane() / 4,
              column = warp() * 8 * Columns + lane() % 4 * 2;
    float* const to = pass.parts + std::int64_t{blockIdx.x} * plan.kh * plan.taps() * plan.co;
#pragma unroll
    for (int m = 0; m < Squares; ++m)
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        const int row = weight_row(plan, first + m * 16 + h * 8);
#pragma unroll
        for (int j = 0; j < Columns; ++j)
          if (const int c = column + j * 8; row >= 0 && c < plan.co)
            *reinterpret_cast<float2*>(to + row * plan.co + c) =
                make_float2(dw[m][j][2 * h], dw[m][j][2 * h + 1]);
      }
  }

  __device__ __forceinline__ void run() const {
    Sums dw = {};
    Place at{static_cast<int>(blockIdx.x), 0}, next = after(at);
    begin_load_dy(at, 0);
    begin_load_raw(at);
    begin_load_dy(next, 1);
    end_copies();
    __syncthreads();
    for (int stage = 0; there(at); stage ^= 1) {
      if (at.chunk == 0) load_input(pass.plan, pass.x, pass.packs, at.tile, input);
      wait_for_copies<1>();
      evaluate_gradient(at, stage);
      begin_load_raw(next);
      if (at.chunk == 0) __syncthreads();
      gather(at);
      __syncthreads();
      add(stage, dw);
      __syncthreads();
      at = next;
      next = there(next) ? after(next) : next;
      begin_load_dy(next, stage);
      end_copies();
    }
    store(dw);
  }
};

template <int Columns, int Squares>
__global__ void __launch_bounds__(backward_threads, StemGradientPlan::most_blocks(Columns, Squares))
    gradient_kernel(const __grid_constant__ StemGradient pass) {
  GradientBlock<Columns, Squares>(pass).run();
}

}  // namespace pretext::cuda::stem
