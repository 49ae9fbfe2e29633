// SPDX-License-Identifier: MIT
// How pools read: the taps of a window, and the windows that read a pixel. Kernels are built for the windows
// that nearly all networks have, so that their loops unroll and all loads of a window wait together, and once
// for any others.
#pragma once

#include "pretext/cuda/lanes.cuh"
#include "pretext/cuda/pool.hpp"

namespace pretext::cuda {

using PoolTap = ops::MaxPool2d::Tap;
using PoolTaps = ops::Taps<int>;

/// Windows of which nothing is known before they are met. Blocks are those that a multiprocessor must have
/// room for: fewer registers than they leave would be spilled.
struct AnyWindow {
  static constexpr bool known = false;
  static constexpr int blocks = 3, stride = 1;

  __device__ static const PoolSizes& of(const PoolSizes& s) { return s; }
};

/// Windows of which all is known but the picture: none of them lies on the border alone.
template <int Kernel, int Stride, int Padding>
struct FixedWindow {
  static_assert(Padding <= Kernel / 2);
  static constexpr bool known = true;
  static constexpr int blocks = 2, kernel = Kernel, stride = Stride, padding = Padding;

  /// So many windows read one of the coordinates of tile i, which begins at i * Stride: those from i + first
  /// on.
  static constexpr int first = -((Kernel - 1 - Padding) / Stride),
                       windows = (Stride - 1 + Padding) / Stride - first + 1;

  /// With which tap the i-th of them reads a coordinate of the tile, if it has such a tap.
  __device__ static constexpr int tap(int i, int coordinate) {
    return coordinate + Padding - (first + i) * Stride;
  }
  __device__ static constexpr bool has(int tap) { return tap >= 0 && tap < Kernel; }

  __device__ __forceinline__ static ops::PoolAxis<int> of(const ops::PoolAxis<int>& axis) {
    return {axis.extent, axis.outputs, kernel, stride, padding, 1};
  }
  __device__ __forceinline__ static PoolSizes of(const PoolSizes& s) {
    return {s.n, s.c, of(s.rows), of(s.columns)};
  }
};

/// Along one axis, the windows that read a tile, each if it exists and else the nearest that does.
template <class W>
struct WindowsOfTile {
  int of[W::windows];
  bool exists[W::windows];

  __device__ __forceinline__ WindowsOfTile(const ops::PoolAxis<int>& axis, int tile) {
#pragma unroll
    for (int i = 0; i < W::windows; ++i) {
      const int out = tile + W::first + i;
      of[i] = max(0, min(out, axis.outputs - 1));
      exists[i] = of[i] == out;
    }
  }
};

/// f(the window that kernels are built for, true where rows of channels are whole packs). Known windows are
/// of whole packs, in pictures of which 32 bits count the elements.
template <class F>
void with_window(const PoolSizes& s, bool whole, F&& f) {
  const std::int64_t pixels =
      std::int64_t{std::max(s.rows.extent, s.rows.outputs)} * std::max(s.columns.extent, s.columns.outputs);
  const bool small = pixels < (std::int64_t{1} << 31) / std::max(s.c, 1);
  const auto is = [&](int kernel, int stride, int padding) {
    return whole && small && s.rows.kernel == kernel && s.rows.stride == stride &&
           s.rows.padding == padding && s.rows.dilation == 1;
  };
  if (is(3, 2, 1))
    f(FixedWindow<3, 2, 1>(), std::true_type());
  else if (is(3, 2, 0))
    f(FixedWindow<3, 2, 0>(), std::true_type());
  else if (is(2, 2, 0))
    f(FixedWindow<2, 2, 0>(), std::true_type());
  else if (is(3, 1, 1))
    f(FixedWindow<3, 1, 1>(), std::true_type());
  else
    with_constants([&](auto known) { f(AnyWindow(), known); }, whole);
}

/// Calls visit(lanes of x, tap, seen) for the taps of a window that are inside the picture, in order. A tap
/// on the border may be met as the nearest one inside, which is seen before or after as well.
template <class W, bool Whole, int N, class T, class F>
__device__ __forceinline__ void each_tap(const PoolSizes& s, const PoolTaps& ys, const PoolTaps& xs,
                                         int picture, const T* x, int there, F&& visit) {
  const int rows = s.rows.extent, columns = s.columns.extent;
  if constexpr (W::known) {
    constexpr int kernel = W::kernel;
    x += std::int64_t{picture} * (rows * columns * s.c);
    Packed<T> in[kernel][kernel];
#pragma unroll
    for (int i = 0; i < kernel * kernel; ++i) {
      const int line = (ys.start + ys.nearest(i / kernel)) * (columns * s.c),
                across = (xs.start + xs.nearest(i % kernel)) * s.c;
      in[i / kernel][i % kernel].template load<true>(x + (line + across));
    }
#pragma unroll
    for (int i = 0; i < kernel * kernel; ++i) {
      float v[N];
      in[i / kernel][i % kernel].unpack(v);
      const int ky = ys.nearest(i / kernel), kx = xs.nearest(i % kernel);
      visit(v, ky * kernel + kx, ky != i / kernel || kx != i % kernel);
    }
  } else {
    const std::int64_t step = std::int64_t{s.columns.dilation} * s.c;
    for (int ky = ys.first; ky < ys.last; ++ky) {
      const int row = picture * rows + ys.start + ky * s.rows.dilation;
      const T* line = x + (std::int64_t{row} * columns + xs.start) * s.c;
      for (int kx = xs.first; kx < xs.last; ++kx) {
        float v[N];
        load_lanes<Whole>(v, line + kx * step, there);
        visit(v, ky * s.columns.kernel + kx, false);
      }
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

}  // namespace pretext::cuda
