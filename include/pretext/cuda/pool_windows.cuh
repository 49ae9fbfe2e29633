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

  /// The windows that read one of the coordinates of tile i, which begins at i * Stride: from i + first to i
  /// + last.
  static constexpr int first = -((Kernel - 1 - Padding) / Stride), last = (Stride - 1 + Padding) / Stride,
                       windows = last - first + 1;

  __device__ __forceinline__ static ops::PoolAxis<int> of(const ops::PoolAxis<int>& axis) {
    return {axis.extent, axis.outputs, kernel, stride, padding, 1};
  }
  __device__ __forceinline__ static PoolSizes of(const PoolSizes& s) {
    return {s.n, s.c, of(s.rows), of(s.columns)};
  }
};

/// f(the window that kernels are built for, true where rows of channels are whole packs).
template <class F>
void with_window(const PoolSizes& s, bool whole, F&& f) {
  const auto is = [&](int kernel, int stride, int padding) {
    return whole && s.rows.kernel == kernel && s.rows.stride == stride && s.rows.padding == padding &&
           s.rows.dilation == 1;
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
  const auto line = [&](int ky) {
    const int row = picture * s.rows.extent + ys.start + ky * s.rows.dilation;
    return x + (std::int64_t{row} * s.columns.extent + xs.start) * s.c;
  };
  const std::int64_t step = std::int64_t{s.columns.dilation} * s.c;
  if constexpr (W::known) {
    constexpr int kernel = W::kernel;
    Packed<T> in[kernel][kernel];
#pragma unroll
    for (int ky = 0; ky < kernel; ++ky) {
      const T* from = line(ys.nearest(ky));
#pragma unroll
      for (int kx = 0; kx < kernel; ++kx) in[ky][kx].template load<true>(from + xs.nearest(kx) * step);
    }
#pragma unroll
    for (int i = 0; i < kernel * kernel; ++i) {
      float v[N];
      in[i / kernel][i % kernel].unpack(v);
      const int ky = ys.nearest(i / kernel), kx = xs.nearest(i % kernel);
      visit(v, ky * kernel + kx, ky != i / kernel || kx != i % kernel);
    }
  } else {
    for (int ky = ys.first; ky < ys.last; ++ky)
      for (int kx = xs.first; kx < xs.last; ++kx) {
        float v[N];
        load_lanes<Whole>(v, line(ky) + kx * step, there);
        visit(v, ky * s.columns.kernel + kx, false);
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

/// The largest of a window, and where it came from.
template <class T>
struct Largest {
  static constexpr int N = pack_size<T>;

  T* y;
  PoolTap* winner;

  struct Of {
    float best[N];
    PoolTap won[N];

    __device__ __forceinline__ Of(const PoolTaps& ys, const PoolTaps& xs, int kernel) {
      const bool none = ys.empty() || xs.empty();
#pragma unroll
      for (int k = 0; k < N; ++k) {
        best[k] = -INFINITY;
        won[k] = none ? ops::MaxPool2d::no_tap : static_cast<PoolTap>(ys.first * kernel + xs.first);
      }
    }
    /// A tap that is seen again changes nothing: of equals the first one wins.
    __device__ __forceinline__ void take(const float (&v)[N], int tap, bool) {
#pragma unroll
      for (int k = 0; k < N; ++k) {
        const bool take = ops::wins(v[k], best[k]);
        best[k] = take ? v[k] : best[k];
        won[k] = take ? static_cast<PoolTap>(tap) : won[k];
      }
    }
  };

  template <bool Whole>
  __device__ __forceinline__ void store(const Of& of, const PoolSizes&, const PoolTaps&, const PoolTaps&,
                                        std::int64_t at, int there) const {
    store_lanes<Whole>(y + at, of.best, there);
    if (winner != nullptr) store_lanes<Whole>(winner + at, of.won, there);
  }
};

/// What a tap of a window weighs in its mean.
__device__ __forceinline__ float tap_weight(const PoolSizes& s, bool padding, const PoolTaps& ys,
                                            const PoolTaps& xs) {
  return 1.0F / static_cast<float>(ys.count(s.rows, padding) * xs.count(s.columns, padding));
}

/// The mean of a window.
template <class T>
struct Mean {
  static constexpr int N = pack_size<T>;

  T* y;
  bool padding;

  struct Of {
    float sum[N] = {};

    __device__ __forceinline__ Of(const PoolTaps&, const PoolTaps&, int) {}
    __device__ __forceinline__ void take(const float (&v)[N], int, bool seen) {
#pragma unroll
      for (int k = 0; k < N; ++k) sum[k] += seen ? 0 : v[k];
    }
  };

  template <bool Whole>
  __device__ __forceinline__ void store(const Of& of, const PoolSizes& s, const PoolTaps& ys,
                                        const PoolTaps& xs, std::int64_t at, int there) const {
    const float weight = tap_weight(s, padding, ys, xs);
    float mean[N];
#pragma unroll
    for (int k = 0; k < N; ++k) mean[k] = of.sum[k] * weight;
    store_lanes<Whole>(y + at, mean, there);
  }
};

/// The gradient of a window, of which all goes to the tap that won.
template <class T>
struct LargestGradient {
  static constexpr int N = pack_size<T>;

  const T* __restrict__ dy;
  const PoolTap* __restrict__ winner;

  struct Of {
    float d[N];
    PoolTap won[N];

    __device__ __forceinline__ void add_to(float (&sum)[N], int tap) const {
#pragma unroll
      for (int k = 0; k < N; ++k) sum[k] += won[k] == tap ? d[k] : 0;
    }
  };
  struct Loaded {
    Packed<T> d;
    Packed<PoolTap, N> won;

    __device__ __forceinline__ Of of(bool exists, float) const {
      Of of;
      d.unpack(of.d);
      won.unpack(of.won);
      // No tap has this number.
#pragma unroll
      for (int k = 0; k < N; ++k) of.won[k] = exists ? of.won[k] : ops::MaxPool2d::no_tap;
      return of;
    }
  };

  template <bool Whole>
  __device__ __forceinline__ Loaded load(std::int64_t at, int there) const {
    Loaded loaded;
    loaded.d.template load<Whole>(dy + at, there);
    loaded.won.template load<Whole>(winner + at, there);
    return loaded;
  }
  __device__ __forceinline__ float weight(const PoolSizes&, int, int) const { return 1; }
};

/// The gradient of a window, of which each tap gets the same.
template <class T>
struct MeanGradient {
  static constexpr int N = pack_size<T>;

  const T* __restrict__ dy;
  bool padding;

  struct Of {
    float d[N];
    float weight;

    __device__ __forceinline__ void add_to(float (&sum)[N], int) const {
#pragma unroll
      for (int k = 0; k < N; ++k) sum[k] += weight * d[k];
    }
  };
  struct Loaded {
    Packed<T> d;

    __device__ __forceinline__ Of of(bool exists, float weight) const {
      Of of;
      d.unpack(of.d);
#pragma unroll
      for (int k = 0; k < N; ++k) of.d[k] = exists ? of.d[k] : 0;
      of.weight = weight;
      return of;
    }
  };

  template <bool Whole>
  __device__ __forceinline__ Loaded load(std::int64_t at, int there) const {
    Loaded loaded;
    loaded.d.template load<Whole>(dy + at, there);
    return loaded;
  }
  __device__ __forceinline__ float weight(const PoolSizes& s, int oy, int ox) const {
    return tap_weight(s, padding, PoolTaps(s.rows, oy), PoolTaps(s.columns, ox));
  }
};

}  // namespace pretext::cuda
