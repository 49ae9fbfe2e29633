// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error "pool.cuh is compiled by nvcc: include it from a .cu file, and pool.hpp from a .cpp"
#endif

#include "pretext/cuda/pool_results.cuh"

namespace pretext::cuda {

template <class W, bool Whole, bool Mapped, class Result, class T>
__global__ void __launch_bounds__(lane_threads, W::blocks)
    pool_kernel(PoolSizes sizes, ChannelMap map, const T* __restrict__ x, Result result) {
  constexpr int N = pack_size<T>;
  const PoolSizes s = W::of(sizes);
  PixelWalk<N> walk(static_cast<unsigned>(s.n) * s.rows.outputs * s.columns.outputs, s.c);
  LaneMap<N> lanes;
  if constexpr (Mapped) lanes.load(map, walk.c);
  if constexpr (Mapped && Result::cuts_last)
#pragma unroll
    for (int k = 0; k < N; ++k) lanes.of[k].relu = false;
  for (; walk.more(); walk.next()) {
    const Place at(walk.pixel(), s.rows.outputs, s.columns.outputs);
    const PoolTaps ys(s.rows, at.y), xs(s.columns, at.x);
    typename Result::Of of(ys, xs, s.columns.kernel);
    each_tap<W, Whole, N>(s, ys, xs, at.n, x + walk.c, walk.there, [&](float(&v)[N], int tap, bool seen) {
      if constexpr (Mapped)
#pragma unroll
        for (int k = 0; k < N; ++k) lanes.of[k].evaluate(v[k]);
      of.take(v, tap, seen);
    });
    if constexpr (Mapped && Result::cuts_last)
      if (map.relu) of.cut();
    result.template store<Whole>(of, s, ys, xs, std::int64_t{walk.pixel()} * s.c + walk.c, walk.there);
  }
}

/// So many tiles cover an extent.
PRETEXT_HD constexpr int tiles_of(int extent, int tile) { return (extent + tile - 1) / tile; }

/// Of one pixel after the other.
template <bool Whole, class Gradient, class T>
__device__ __forceinline__ void pool_gradient(const PoolSizes& s, const Gradient& gradient, T* dx) {
  constexpr int N = pack_size<T>;
  PixelWalk<N> walk(static_cast<unsigned>(s.n) * s.rows.extent * s.columns.extent, s.c);
  for (; walk.more(); walk.next()) {
    float sum[N] = {};
    each_reader(s, Place(walk.pixel(), s.rows.extent, s.columns.extent),
                [&](int oy, int ox, std::int64_t out, int tap) {
                  gradient.template load<Whole>(out + walk.c, walk.there)
                      .of(true, gradient.weight(s, oy, ox))
                      .add_to(sum, tap);
                });
    store_lanes<Whole>(dx + std::int64_t{walk.pixel()} * s.c + walk.c, sum, walk.there);
  }
}

/// Of tiles of stride x stride pixels at once: what several of them read is loaded once.
template <class W, class Gradient, class T>
__device__ __forceinline__ void pool_gradient_of_tiles(const PoolSizes& s, const Gradient& gradient, T* dx) {
  constexpr int N = pack_size<T>, tile = W::stride, windows = W::windows;
  const int height = tiles_of(s.rows.extent, tile), width = tiles_of(s.columns.extent, tile);
  PixelWalk<N> walk(static_cast<unsigned>(s.n) * height * width, s.c);
  for (; walk.more(); walk.next()) {
    const Place at(walk.pixel(), height, width);
    const WindowsOfTile<W> rows(s.rows, at.y), columns(s.columns, at.x);
    const std::int64_t picture = std::int64_t{at.n} * (s.rows.outputs * s.columns.outputs * s.c) + walk.c;
    typename Gradient::Loaded loaded[windows * windows];
#pragma unroll
    for (int i = 0; i < windows * windows; ++i) {
      const int out = rows.of[i / windows] * s.columns.outputs + columns.of[i % windows];
      loaded[i] = gradient.template load<true>(picture + out * s.c, N);
    }
    float sums[tile][tile][N] = {};
#pragma unroll
    for (int i = 0; i < windows * windows; ++i) {
      const int oy = i / windows, ox = i % windows;
      const auto of = loaded[i].of(rows.exists[oy] && columns.exists[ox],
                                   gradient.weight(s, rows.of[oy], columns.of[ox]));
#pragma unroll
      for (int pixel = 0; pixel < tile * tile; ++pixel) {
        const int ky = W::tap(oy, pixel / tile), kx = W::tap(ox, pixel % tile);
        if (W::has(ky) && W::has(kx)) of.add_to(sums[pixel / tile][pixel % tile], ky * W::kernel + kx);
      }
    }
#pragma unroll
    for (int pixel = 0; pixel < tile * tile; ++pixel) {
      const int y = at.y * tile + pixel / tile, x = at.x * tile + pixel % tile;
      if (y < s.rows.extent && x < s.columns.extent)
        store_lanes<true>(dx + (std::int64_t{at.n * s.rows.extent + y} * s.columns.extent + x) * s.c + walk.c,
                          sums[pixel / tile][pixel % tile]);
    }
  }
}

template <class W, bool Whole, class Gradient, class T>
__global__ void __launch_bounds__(lane_threads, W::blocks)
    pool_gradient_kernel(PoolSizes s, Gradient gradient, T* __restrict__ dx) {
  if constexpr (W::known)
    pool_gradient_of_tiles<W>(W::of(s), gradient, dx);
  else
    pool_gradient<Whole>(s, gradient, dx);
}

/// Calls launch(sizes of some pictures, elements before their inputs, before their outputs).
template <int N, class F>
void each_pool_batch(std::string_view op, const PoolSizes& s, F&& launch) {
  const std::int64_t inputs = std::int64_t{s.rows.extent} * s.columns.extent,
                     outputs = std::int64_t{s.rows.outputs} * s.columns.outputs;
  each_batch(op, s.n, std::max(inputs, outputs) * packs_of<N>(s.c),
             [&](std::int64_t first, std::int64_t count) {
               PoolSizes some = s;
               some.n = count;
               launch(some, first * inputs * s.c, first * outputs * s.c);
             });
}

/// Blocks for a batch of pictures of so many pixels, or tiles of them: four waves of them.
template <class W, int N>
unsigned pool_grid(const PoolSizes& s, std::int64_t rows, std::int64_t columns) {
  const std::int64_t packs = packs_of<N>(s.c);
  return periodic_blocks(s.n * rows * columns * packs, packs, 4 * W::blocks);
}

/// result(elements before a batch's outputs).
template <class T, class F>
void launch_pool(std::string_view op, const PoolSizes& s, const ChannelMap& map, bool whole, const T* x,
                 F&& result) {
  constexpr int N = pack_size<T>;
  each_pool_batch<N>(op, s, [&](const PoolSizes& some, std::int64_t in, std::int64_t out) {
    with_window(s, whole, [&](auto window, auto packed) {
      with_constants(
          [&](auto mapped) {
            using W = decltype(window);
            const unsigned blocks = pool_grid<W, N>(some, s.rows.outputs, s.columns.outputs);
            pool_kernel<W, packed.value, mapped.value>
                <<<blocks, lane_threads, 0, stream()>>>(some, map, x + in, result(out));
          },
          !map.plain());
    });
  });
}

/// gradient(elements before a batch's outputs).
template <class T, class F>
void launch_pool_gradient(std::string_view op, const PoolSizes& s, bool whole, F&& gradient, T* dx) {
  constexpr int N = pack_size<T>;
  each_pool_batch<N>(op, s, [&](const PoolSizes& some, std::int64_t in, std::int64_t out) {
    with_window(s, whole, [&](auto window, auto packed) {
      using W = decltype(window);
      const unsigned blocks =
          pool_grid<W, N>(some, tiles_of(s.rows.extent, W::stride), tiles_of(s.columns.extent, W::stride));
      pool_gradient_kernel<W, packed.value>
          <<<blocks, lane_threads, 0, stream()>>>(some, gradient(out), dx + in);
    });
  });
}

template <class T>
void launch_max_pool(const PoolSizes& s, const ChannelMap& map, const T* x, T* y, PoolTap* winner) {
  launch_pool("max_pool2d", s, map, packs<pack_size<T>>(s.c, x, y, winner), x, [&](std::int64_t out) {
    return LargestOfWindow<T>{y + out, winner == nullptr ? nullptr : winner + out};
  });
}

template <class T>
void launch_max_pool_backward(const PoolSizes& s, const T* dy, const PoolTap* winner, T* dx) {
  launch_pool_gradient(
      "max_pool2d", s, packs<pack_size<T>>(s.c, dy, winner, dx),
      [&](std::int64_t out) {
        return GradientOfLargest<T>{dy + out, winner + out};
      },
      dx);
}

template <class T>
void launch_avg_pool(const PoolSizes& s, bool count_padding, const ChannelMap& map, const T* x, T* y) {
  launch_pool("avg_pool2d", s, map, packs<pack_size<T>>(s.c, x, y), x, [&](std::int64_t out) {
    return MeanOfWindow<T>{y + out, count_padding};
  });
}

template <class T>
void launch_avg_pool_backward(const PoolSizes& s, bool count_padding, const T* dy, T* dx) {
  launch_pool_gradient(
      "avg_pool2d", s, packs<pack_size<T>>(s.c, dy, dx),
      [&](std::int64_t out) {
        return GradientOfMean<T>{dy + out, count_padding};
      },
      dx);
}

}  // namespace pretext::cuda
