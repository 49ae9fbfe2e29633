// SPDX-License-Identifier: MIT
// What pools make of the lanes of a window, and of the gradients of the windows that read a pixel.
#pragma once

#include "pretext/cuda/pool_windows.cuh"

namespace pretext::cuda {

/// The largest of a window, and where it came from.
template <class T>
struct LargestOfWindow {
  static constexpr int N = pack_size<T>;
  static constexpr bool cuts_last = true;  // relu keeps the order

  T* y;
  PoolTap* winner;

  struct Of {
    float best[N];
    PoolTap won[N], first;

    __device__ __forceinline__ Of(const PoolTaps& ys, const PoolTaps& xs, int kernel) {
      const bool none = ys.empty() || xs.empty();
      first = none ? ops::MaxPool2d::no_tap : static_cast<PoolTap>(ys.first * kernel + xs.first);
#pragma unroll
      for (int k = 0; k < N; ++k) best[k] = -INFINITY, won[k] = first;
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
    /// As if a relu had been before: where it cuts all taps they are equal.
    __device__ __forceinline__ void cut() {
#pragma unroll
      for (int k = 0; k < N; ++k) {
        const bool all = best[k] <= 0 && first != ops::MaxPool2d::no_tap;
        best[k] = all ? 0 : best[k];
        won[k] = all ? first : won[k];
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
struct MeanOfWindow {
  static constexpr int N = pack_size<T>;
  static constexpr bool cuts_last = false;

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
struct GradientOfLargest {
  static constexpr int N = pack_size<T>;

  const T* __restrict__ dy;
  const PoolTap* __restrict__ winner;

  struct Of {
    float d[N];
    PoolTap won[N];

    __device__ __forceinline__ void add_to(float (&sum)[N], int tap) const {
#pragma unroll
      for (int k = 0; k < N; ++k)
        if (won[k] == tap) sum[k] += d[k];
    }
  };
  struct Loaded {
    Packed<T> d;
    Packed<PoolTap, N> won;

    /// Of a window that does not exist no tap has won.
    __device__ __forceinline__ Of of(bool exists, float) const {
      Of of;
      d.unpack(of.d);
      Packed<PoolTap, N> kept = won;
      if (!exists) memset(&kept, 0xFF, sizeof kept);
      kept.unpack(of.won);
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
struct GradientOfMean {
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
      Packed<T> kept = d;
      if (!exists) memset(&kept, 0, sizeof kept);
      Of of;
      kept.unpack(of.d);
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
