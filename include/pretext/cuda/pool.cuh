// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error "pool.cuh is compiled by nvcc: include it from a .cu file, and pool.hpp from a .cpp"
#endif

#include "pretext/cuda/lanes.cuh"
#include "pretext/cuda/pool.hpp"

namespace pretext::cuda {

using PoolTap = ops::MaxPool2d::Tap;
using PoolTaps = ops::Taps<int>;

/// Blocks that a multiprocessor must have room for: fewer registers than these leave would be spilled.
inline constexpr int pool_blocks = 3;

/// Calls visit(lanes of x, tap) for each tap of a window that is inside the picture, in order.
template <bool Whole, int N, class T, class F>
__device__ __forceinline__ void each_tap(const PoolSizes& s, const PoolTaps& ys, const PoolTaps& xs,
                                         int picture, const T* x, int there, F&& visit) {
  const std::int64_t step = std::int64_t{s.columns.dilation} * s.c;
  for (int ky = ys.first; ky < ys.last; ++ky) {
    const int row = picture * s.rows.extent + ys.start + ky * s.rows.dilation;
    const T* line = x + (std::int64_t{row} * s.columns.extent + xs.start) * s.c;
    for (int kx = xs.first; kx < xs.last; ++kx) {
      float v[N];
      load_lanes<Whole>(v, line + kx * step, there);
      visit(v, ky * s.columns.kernel + kx);
    }
  }
}

/// Calls visit(output row, output column, first of its channels, tap) for each window that reads a pixel, in
/// order.
template <class F>
__device__ __forceinline__ void each_reader(const PoolSizes& s, const Place& at, F&& visit) {
  const int y_end = s.rows.readers_end(at.y), x_end = s.columns.readers_end(at.x);
  for (int oy = s.rows.first_reader(at.y); oy < y_end; ++oy) {
    const int ky = s.rows.tap(oy, at.y);
    if (ky < 0) continue;
    const std::int64_t line = std::int64_t{at.n * s.rows.outputs + oy} * s.columns.outputs;
    for (int ox = s.columns.first_reader(at.x); ox < x_end; ++ox) {
      const int kx = s.columns.tap(ox, at.x);
      if (kx >= 0) visit(oy, ox, (line + ox) * s.c, ky * s.columns.kernel + kx);
    }
  }
}

template <bool Whole, bool Mapped, class T>
__global__ void __launch_bounds__(lane_threads, pool_blocks)
    max_pool_kernel(PoolSizes s, ChannelMap map, const T* __restrict__ x, T* __restrict__ y,
                    PoolTap* __restrict__ winner) {
  constexpr int N = pack_size<T>;
  PixelWalk<N> walk(static_cast<unsigned>(s.n) * s.rows.outputs * s.columns.outputs, s.c);
  LaneMap<N> lanes;
  if constexpr (Mapped) lanes.load(map, walk.c);
  for (; walk.more(); walk.next()) {
    const Place at(walk.pixel(), s.rows.outputs, s.columns.outputs);
    const PoolTaps ys(s.rows, at.y), xs(s.columns, at.x);
    const bool none = ys.empty() || xs.empty();
    float best[N];
    PoolTap won[N];
#pragma unroll
    for (int k = 0; k < N; ++k) {
      best[k] = -INFINITY;
      won[k] = none ? ops::MaxPool2d::no_tap : static_cast<PoolTap>(ys.first * s.rows.kernel + xs.first);
    }
    each_tap<Whole, N>(s, ys, xs, at.n, x + walk.c, walk.there, [&](float(&v)[N], int tap) {
#pragma unroll
      for (int k = 0; k < N; ++k) {
        if constexpr (Mapped) lanes.of[k].evaluate(v[k]);
        const bool take = ops::wins(v[k], best[k]);
        best[k] = take ? v[k] : best[k];
        won[k] = take ? static_cast<PoolTap>(tap) : won[k];
      }
    });
    const std::int64_t out = std::int64_t{walk.pixel()} * s.c + walk.c;
    store_lanes<Whole>(y + out, best, walk.there);
    if (winner != nullptr) store_lanes<Whole>(winner + out, won, walk.there);
  }
}

template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads, pool_blocks)
    max_pool_backward_kernel(PoolSizes s, const T* __restrict__ dy, const PoolTap* __restrict__ winner,
                             T* __restrict__ dx) {
  constexpr int N = pack_size<T>;
  PixelWalk<N> walk(static_cast<unsigned>(s.n) * s.rows.extent * s.columns.extent, s.c);
  for (; walk.more(); walk.next()) {
    float sum[N] = {};
    each_reader(s, Place(walk.pixel(), s.rows.extent, s.columns.extent),
                [&](int, int, std::int64_t out, int tap) {
                  float d[N];
                  PoolTap won[N];
                  load_lanes<Whole>(d, dy + out + walk.c, walk.there);
                  load_lanes<Whole>(won, winner + out + walk.c, walk.there);
#pragma unroll
                  for (int k = 0; k < N; ++k) sum[k] += won[k] == tap ? d[k] : 0;
                });
    store_lanes<Whole>(dx + std::int64_t{walk.pixel()} * s.c + walk.c, sum, walk.there);
  }
}

/// What a tap of a window weighs in its mean.
__device__ __forceinline__ float tap_weight(const PoolSizes& s, bool padding, const PoolTaps& ys,
                                            const PoolTaps& xs) {
  return 1.0F / static_cast<float>(ys.count(s.rows, padding) * xs.count(s.columns, padding));
}

template <bool Whole, bool Mapped, class T>
__global__ void __launch_bounds__(lane_threads, pool_blocks)
    avg_pool_kernel(PoolSizes s, bool padding, ChannelMap map, const T* __restrict__ x, T* __restrict__ y) {
  constexpr int N = pack_size<T>;
  PixelWalk<N> walk(static_cast<unsigned>(s.n) * s.rows.outputs * s.columns.outputs, s.c);
  LaneMap<N> lanes;
  if constexpr (Mapped) lanes.load(map, walk.c);
  for (; walk.more(); walk.next()) {
    const Place at(walk.pixel(), s.rows.outputs, s.columns.outputs);
    const PoolTaps ys(s.rows, at.y), xs(s.columns, at.x);
    float sum[N] = {};
    each_tap<Whole, N>(s, ys, xs, at.n, x + walk.c, walk.there, [&](float(&v)[N], int) {
#pragma unroll
      for (int k = 0; k < N; ++k) {
        if constexpr (Mapped) lanes.of[k].evaluate(v[k]);
        sum[k] += v[k];
      }
    });
    const float weight = tap_weight(s, padding, ys, xs);
#pragma unroll
    for (int k = 0; k < N; ++k) sum[k] *= weight;
    store_lanes<Whole>(y + std::int64_t{walk.pixel()} * s.c + walk.c, sum, walk.there);
  }
}

template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads, pool_blocks)
    avg_pool_backward_kernel(PoolSizes s, bool padding, const T* __restrict__ dy, T* __restrict__ dx) {
  constexpr int N = pack_size<T>;
  PixelWalk<N> walk(static_cast<unsigned>(s.n) * s.rows.extent * s.columns.extent, s.c);
  for (; walk.more(); walk.next()) {
    float sum[N] = {};
    each_reader(s, Place(walk.pixel(), s.rows.extent, s.columns.extent),
                [&](int oy, int ox, std::int64_t out, int) {
                  const float weight = tap_weight(s, padding, PoolTaps(s.rows, oy), PoolTaps(s.columns, ox));
                  float d[N];
                  load_lanes<Whole>(d, dy + out + walk.c, walk.there);
#pragma unroll
                  for (int k = 0; k < N; ++k) sum[k] += weight * d[k];
                });
    store_lanes<Whole>(dx + std::int64_t{walk.pixel()} * s.c + walk.c, sum, walk.there);
  }
}

/// Calls launch(sizes of some pictures, blocks for their inputs, blocks for their outputs, elements before
/// those inputs, before those outputs).
template <int N, class F>
void each_pool_batch(std::string_view op, const PoolSizes& s, F&& launch) {
  const std::int64_t packs = packs_of<N>(s.c), inputs = std::int64_t{s.rows.extent} * s.columns.extent,
                     outputs = std::int64_t{s.rows.outputs} * s.columns.outputs;
  each_batch(op, s.n, std::max(inputs, outputs) * packs, [&](std::int64_t first, std::int64_t count) {
    PoolSizes some = s;
    some.n = count;
    launch(some, periodic_blocks(count * inputs * packs, packs, 8),
           periodic_blocks(count * outputs * packs, packs, 8), first * inputs * s.c, first * outputs * s.c);
  });
}

template <class T>
void launch_max_pool(const PoolSizes& s, const ChannelMap& map, const T* x, T* y, PoolTap* winner) {
  constexpr int N = pack_size<T>;
  each_pool_batch<N>(
      "max_pool2d", s,
      [&](const PoolSizes& some, unsigned, unsigned blocks, std::int64_t in, std::int64_t out) {
        with_constants(
            [&](auto whole, auto mapped) {
              max_pool_kernel<whole.value, mapped.value><<<blocks, lane_threads, 0, stream()>>>(
                  some, map, x + in, y + out, winner == nullptr ? nullptr : winner + out);
            },
            packs<N>(s.c, x, y, winner), !map.plain());
      });
}

template <class T>
void launch_max_pool_backward(const PoolSizes& s, const T* dy, const PoolTap* winner, T* dx) {
  constexpr int N = pack_size<T>;
  each_pool_batch<N>(
      "max_pool2d", s,
      [&](const PoolSizes& some, unsigned blocks, unsigned, std::int64_t in, std::int64_t out) {
        with_constants(
            [&](auto whole) {
              max_pool_backward_kernel<whole.value>
                  <<<blocks, lane_threads, 0, stream()>>>(some, dy + out, winner + out, dx + in);
            },
            packs<N>(s.c, dy, winner, dx));
      });
}

template <class T>
void launch_avg_pool(const PoolSizes& s, bool count_padding, const ChannelMap& map, const T* x, T* y) {
  constexpr int N = pack_size<T>;
  each_pool_batch<N>(
      "avg_pool2d", s,
      [&](const PoolSizes& some, unsigned, unsigned blocks, std::int64_t in, std::int64_t out) {
        with_constants(
            [&](auto whole, auto mapped) {
              avg_pool_kernel<whole.value, mapped.value>
                  <<<blocks, lane_threads, 0, stream()>>>(some, count_padding, map, x + in, y + out);
            },
            packs<N>(s.c, x, y), !map.plain());
      });
}

template <class T>
void launch_avg_pool_backward(const PoolSizes& s, bool count_padding, const T* dy, T* dx) {
  constexpr int N = pack_size<T>;
  each_pool_batch<N>(
      "avg_pool2d", s,
      [&](const PoolSizes& some, unsigned blocks, unsigned, std::int64_t in, std::int64_t out) {
        with_constants(
            [&](auto whole) {
              avg_pool_backward_kernel<whole.value>
                  <<<blocks, lane_threads, 0, stream()>>>(some, count_padding, dy + out, dx + in);
            },
            packs<N>(s.c, dy, dx));
      });
}

}  // namespace pretext::cuda
