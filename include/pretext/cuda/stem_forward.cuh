// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/stem_parts.cuh"

namespace pretext::cuda::stem {

/// to[depth, width] = the weights in the order of windows, in bf16, and zeros around them.
__device__ inline void load_taps(const StemForwardPlan& plan, const float* from, unsigned char* to) {
  load_weight_rows(from, plan.co, plan.depth(), plan.width(), to,
                   [&plan](int depth) { return weight_row(plan, depth); });
}

/// One warp of a forward pass.
template <int Squares>
struct ForwardWarp {
  static constexpr int part = StemForwardPlan::part;
  using Words = Pairs<Squares>;

  const StemForward& pass;
  unsigned weights;    // address
  const uint4* pairs;  // [depth / 16, 4]: pairs l % 4 and l % 4 + 4
  const unsigned char* input;
  float* sums;     // [2, width]: mean, sum of squared deviations
  float seen = 0;  // pixels

  __device__ static int lane() { return static_cast<int>(threadIdx.x % 32); }
  __device__ static int warp() { return static_cast<int>(threadIdx.x / 32); }

  /// y of a part in the columns of one pass, rounded; windows: of pixels l / 4 + 8 i.
  __device__ __forceinline__ void products(const unsigned (&windows)[4], int columns, Words& y) const {
    const int pitch = shared_pitch(pass.plan.width()), steps = pass.plan.depth() / 16;
    const unsigned b = square_address(weights + static_cast<unsigned>(columns * 2), pitch);
    float sum[2][2 * Squares][4] = {};
#pragma unroll(Squares < 4 ? 2 : 1)  // for which there are enough registers
    for (int k = 0; k < steps; ++k) {
      const uint4 both = pairs[k * 4 + lane() % 4];
      Square x[2];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        x[i / 2].quarter[i % 2] = load_pair(input, windows[i], {both.x, both.y});
        x[i / 2].quarter[i % 2 + 2] = load_pair(input, windows[i], {both.z, both.w});
      }
      multiply_row<Squares>(sum, x, b + static_cast<unsigned>(k * 16 * pitch));
    }
    round_sums<Squares>(sum, y);
  }

  /// The first of `there` pixels lies at `to`.
  __device__ __forceinline__ void store(const Words& y, bf16* to, int there, int columns) const {
    each_eight<Squares>(y, [&](uint4 piece, int pixel, int column) {
      if (pixel < there && columns + column < pass.plan.co)
        *reinterpret_cast<uint4*>(to + pixel * pass.plan.co + columns + column) = piece;
    });
  }

  /// Takes `there` pixels in, by their deviations from the mean of the others or from the first.
  template <bool Whole>
  __device__ __forceinline__ void measure(const Words& y, int there, int columns) const {
    const int l = lane(), width = pass.plan.width();
    float* const means = sums + columns + l % 4 * 2;
    if (seen == 0 && l < 4)
#pragma unroll
      for (int j = 0; j < 2 * Squares; ++j)
        means[j * 8] = first_of(y[0][j][0]), means[j * 8 + 1] = second_of(y[0][j][0]);
    __syncwarp();
    const float n = static_cast<float>(there), all = seen + n, inverse = 1 / all;
#pragma unroll
    for (int first = 0; first < 2 * Squares; first += 4) {
      float deviations[8] = {}, squares[8] = {};
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        const int j = first + i / 2;
        if (j >= 2 * Squares) continue;
        const float shift = means[j * 8 + i % 2];
#pragma unroll
        for (int r = 0; r < 4; ++r) {
          const unsigned word = y[r / 2][j][r % 2];
          float d = (i % 2 == 0 ? first_of(word) : second_of(word)) - shift;
          if (!Whole && r * 8 + l / 4 >= there) d = 0;
          deviations[i] += d;
          squares[i] += d * d;
        }
      }
      const float deviation = sum_of_eight(deviations), square = sum_of_eight(squares);
      const int j = first + l / 4 / 2;
      __syncwarp();
      if (j >= 2 * Squares) continue;
      float* const to = means + j * 8 + l / 4 % 2;
      *to += deviation * inverse;
      to[width] += square - deviation * deviation * inverse;
    }
  }

  __device__ __forceinline__ void run(int tile) {
    const StemForwardPlan& plan = pass.plan;
    const int pixels = plan.pixels_of(tile);
    for (int pixel = warp() * part; pixel < pixels; pixel += plan.warps * part) {
      const int there = min(part, pixels - pixel);
      unsigned windows[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) windows[i] = window_of(plan, min(pixel + i * 8 + lane() / 4, pixels - 1));
      bf16* const to = pass.y + (plan.first_pixel(tile) + pixel) * plan.co;
      for (int p = 0; p < plan.passes; ++p) {
        Words y;
        products(windows, p * 16 * Squares, y);
        store(y, to, there, p * 16 * Squares);
        if (pass.parts == nullptr) continue;
        if (there == part)
          measure<true>(y, there, p * 16 * Squares);
        else
          measure<false>(y, there, p * 16 * Squares);
      }
      seen += static_cast<float>(there);
    }
  }
};

/// What the block leaves of what its warps have measured.
__device__ inline void leave_moments(const StemForward& pass, const float* sums, const float* seen) {
  const int width = pass.plan.width(), co = pass.plan.co, block = static_cast<int>(blockIdx.x);
  float* const to = pass.parts + std::int64_t{2} * block * co;
  for (int c = static_cast<int>(threadIdx.x); c < co; c += static_cast<int>(blockDim.x)) {
    double n = 0, deviations = 0, squares = 0;
    const double shift = sums[c];
    for (int w = 0; w < pass.plan.warps; ++w) {
      const float* const of = sums + w * 2 * width + c;
      const double there = seen[w], deviation = of[0] - shift;
      n += there;
      deviations += there * deviation;
      squares += of[width] + there * deviation * deviation;
    }
    to[c] = static_cast<float>(shift + deviations / n);
    to[co + c] = static_cast<float>(squares - deviations * deviations / n);
    if (c == 0) pass.counts[block] = static_cast<float>(n);
  }
}

template <int Squares>
__global__ void __launch_bounds__(32 * StemForwardPlan::most_warps, 2)
    forward_kernel(const __grid_constant__ StemForward pass) {
  const StemForwardPlan& plan = pass.plan;
  const int threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x),
            width = plan.width();
  Carver carver;
  unsigned char* const weights = carver.take(plan.depth() * shared_pitch(width));
  uint4* const pairs = carver.take<uint4>(plan.depth() / 4);
  float* const sums = carver.take<float>(StemForwardPlan::most_warps * 2 * width);
  float* const seen = carver.take<float>(StemForwardPlan::most_warps);
  unsigned char* const input = carver.take(plan.input_bytes());

  load_taps(plan, pass.weight, weights);
  for (int i = thread; i < plan.depth() / 4; i += threads) {
    const Pair first = pair_of(plan, i / 4 * 8 + i % 4), second = pair_of(plan, i / 4 * 8 + i % 4 + 4);
    pairs[i] = make_uint4(first.offset, first.mask, second.offset, second.mask);
  }
  for (int i = thread; i < StemForwardPlan::most_warps * 2 * width; i += threads) sums[i] = 0;
  clear_input(plan, input);
  ForwardWarp<Squares> warp{pass, shared_address(weights), pairs, input, sums + thread / 32 * 2 * width};
  for (int tile = static_cast<int>(blockIdx.x); tile < plan.tiles(); tile += static_cast<int>(gridDim.x)) {
    __syncthreads();
    load_input(plan, pass.x, pass.packs, tile, input);
    __syncthreads();
    warp.run(tile);
  }
  if (pass.parts == nullptr) return;
  if (thread % 32 == 0) seen[thread / 32] = warp.seen;
  __syncthreads();
  leave_moments(pass, sums, seen);
}

}  // namespace pretext::cuda::stem
