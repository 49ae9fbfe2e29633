// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error "elementwise.cuh is compiled by nvcc: include it from a .cu file, and elementwise.hpp from a .cpp"
#endif

#include "pretext/cuda/elementwise.hpp"
#include "pretext/cuda/lanes.cuh"

namespace pretext::cuda {

// A map is a functor of one or two inputs, `of`, and what it keeps of channels: Kept<N>, loaded once a thread
// by keep(kept, c), from which value(kept, k, a, b) makes lane k.

struct NothingKept {};

template <class F>
struct ForwardMap {
  static constexpr int inputs = 1;
  template <int N>
  using Kept = NothingKept;
  F f;

  template <int N>
  __device__ void keep(Kept<N>&, int) const {}
  __device__ float value(const NothingKept&, int, float x, float) const { return f.value(x); }
};

template <class F>
struct BackwardMap {
  static constexpr int inputs = 2;
  template <int N>
  using Kept = NothingKept;
  F f;

  template <int N>
  __device__ void keep(Kept<N>&, int) const {}
  __device__ float value(const NothingKept&, int, float v, float dy) const { return f.derivative(v) * dy; }
};

struct AffineMap {
  static constexpr int inputs = 1;
  template <int N>
  using Kept = LaneMap<N>;
  ChannelMap map;

  template <int N>
  __device__ void keep(Kept<N>& kept, int c) const {
    kept.load(map, c);
  }
  template <int N>
  __device__ float value(const Kept<N>& kept, int k, float x, float) const {
    kept.of[k].evaluate(x);
    return x;
  }
};

struct AffineGradientMap {
  static constexpr int inputs = 2;
  template <int N>
  struct Kept {
    LaneMap<N> lanes;
    float level[N], slope[N];
  };
  ChannelMap map;
  const float* factors;

  template <int N>
  __device__ void keep(Kept<N>& kept, int c) const {
    kept.lanes.load(map, c);
    load_channels(kept.level, factors, c, map.channels);
    load_channels(kept.slope, factors + map.channels, c, map.channels);
  }
  template <int N>
  __device__ float value(const Kept<N>& kept, int k, float x, float dy) const {
    kept.lanes.of[k].evaluate_gradient(dy, x, kept.level[k], kept.slope[k]);
    return dy;
  }
};

/// Of two inputs, which of them are mapped.
template <bool A, bool B>
struct AddMap {
  static constexpr int inputs = 2;
  template <int N>
  struct Kept {
    LaneMap<N> a, b;
  };
  ChannelMap map_a, map_b;
  bool relu;

  template <int N>
  __device__ void keep(Kept<N>& kept, int c) const {
    if constexpr (A) kept.a.load(map_a, c);
    if constexpr (B) kept.b.load(map_b, c);
  }
  template <int N>
  __device__ float value(const Kept<N>& kept, int k, float a, float b) const {
    if constexpr (A) kept.a.of[k].evaluate(a);
    if constexpr (B) kept.b.of[k].evaluate(b);
    const float sum = a + b;
    return relu ? ops::ReluFunctor().value(sum) : sum;
  }
};

/// out[i] = map(a[i], b[i]) for n elements, in rows of so many channels. out may be an input.
template <bool Aligned, class Map, class T>
__global__ void __launch_bounds__(lane_threads)
    map_kernel(Map map, std::int64_t n, std::int64_t channels, const T* a, const T* b, T* out) {
  constexpr int N = pack_size<T>, together = 2;
  const std::int64_t stride = pack_stride(), whole = Aligned ? n / N : 0;
  std::int64_t i = first_pack();
  typename Map::template Kept<N> kept;
  map.template keep<N>(kept, static_cast<int>(i * N % channels));

  const auto apply = [&](Packed<T>& x, const Packed<T>& y) {
    float v[N], w[N];
    x.unpack(v);
    if constexpr (Map::inputs == 2) y.unpack(w);
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] = map.value(kept, k, v[k], Map::inputs == 2 ? w[k] : 0);
    x.pack(v);
  };
  // All loads first, so that they are under way together.
  for (; i + (together - 1) * stride < whole; i += together * stride) {
    Packed<T> x[together], y[together];
#pragma unroll
    for (int j = 0; j < together; ++j) {
      x[j].template load<true>(a + (i + j * stride) * N);
      if constexpr (Map::inputs == 2) y[j].template load<true>(b + (i + j * stride) * N);
    }
#pragma unroll
    for (int j = 0; j < together; ++j) {
      apply(x[j], y[j]);
      x[j].template store<true>(out + (i + j * stride) * N);
    }
  }
  for (; i * N < n; i += stride) {
    Packed<T> x, y;
    const bool all = i < whole;
    all ? x.template load<true>(a + i * N) : x.template load<false>(a + i * N, n - i * N);
    if constexpr (Map::inputs == 2)
      all ? y.template load<true>(b + i * N) : y.template load<false>(b + i * N, n - i * N);
    apply(x, y);
    all ? x.template store<true>(out + i * N) : x.template store<false>(out + i * N, n - i * N);
  }
}

template <class T, class Map>
void launch_map(std::string_view name, const Map& map, std::int64_t n, std::int64_t channels, const T* a,
                const T* b, T* out) {
  if (n == 0) return;
  constexpr int N = pack_size<T>;
  const std::int64_t period = channels / std::gcd(channels, std::int64_t{N});
  const unsigned blocks = periodic_blocks((n + N - 1) / N, period);
  if (packs<N>(0, a, b, out))
    map_kernel<true><<<blocks, lane_threads, 0, stream()>>>(map, n, channels, a, b, out);
  else
    map_kernel<false><<<blocks, lane_threads, 0, stream()>>>(map, n, channels, a, b, out);
  check_launch(name);
}

template <class F, class T>
void ElementwiseLauncher<F, T>::forward(const F& f, const T* x, T* y, std::int64_t n) {
  launch_map<T>(F::name, ForwardMap<F>{f}, n, 1, x, x, y);
}

template <class F, class T>
void ElementwiseLauncher<F, T>::backward(const F& f, const T* v, const T* dy, T* dx, std::int64_t n) {
  launch_map<T>(F::name, BackwardMap<F>{f}, n, 1, v, dy, dx);
}

template <class T>
void launch_affine(const ChannelMap& map, const T* x, T* y, std::int64_t n) {
  launch_map<T>("affine", AffineMap{map}, n, map.channels, x, x, y);
}

template <class T>
void launch_affine_gradient(const ChannelMap& map, const float* factors, const T* x, const T* dy, T* dx,
                            std::int64_t n) {
  launch_map<T>("affine gradient", AffineGradientMap{map, factors}, n, map.channels, x, dy, dx);
}

template <class T>
void launch_add(const ChannelMap& map_a, const T* a, const ChannelMap& map_b, const T* b, bool relu, T* y,
                std::int64_t n) {
  const std::int64_t channels = std::max(map_a.channels, map_b.channels);
  const auto launch = [&](auto map) { launch_map<T>("add", map, n, channels, a, b, y); };
  if (map_a.plain() && map_b.plain()) return launch(AddMap<false, false>{map_a, map_b, relu});
  if (map_b.plain()) return launch(AddMap<true, false>{map_a, map_b, relu});
  if (map_a.plain()) return launch(AddMap<false, true>{map_a, map_b, relu});
  launch(AddMap<true, true>{map_a, map_b, relu});
}

}  // namespace pretext::cuda
