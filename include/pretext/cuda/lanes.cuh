// SPDX-License-Identifier: MIT
// How memory-bound kernels walk over [rows, C]: a thread takes 16 bytes of neighbouring elements at a time,
// its lanes, and goes on in strides that are whole rows, so that it meets the same channels each time and
// keeps what it needs of them in registers.
#pragma once

#include <numeric>
#include <type_traits>

#include "pretext/cuda/channel_map.hpp"
#include "pretext/cuda/launch.cuh"
#include "pretext/ops/normalized.hpp"

namespace pretext::cuda {

inline constexpr int lane_threads = 256;

/// Lanes of a T in registers, as they lie in memory: 16 bytes of them, or as many as a thread takes of
/// another type beside it.
template <class T, int N = pack_size<T>>
struct Packed {
  template <std::size_t size>
  static auto words_of() {
    if constexpr (size == 16)
      return uint4();
    else if constexpr (size == 8)
      return uint2();
    else if constexpr (size == 4)
      return unsigned();
    else
      return static_cast<unsigned short>(0);
  }
  static constexpr std::size_t size = sizeof(T) * N;
  static_assert(size == 2 || size == 4 || size == 8 || size == 16);
  using Words = decltype(words_of<size>());
  Words words;

  /// All lanes, from a multiple of their size.
  __device__ __forceinline__ static Packed of(const T* from) {
    Packed packed;
    packed.words = *reinterpret_cast<const Words*>(from);
    return packed;
  }

  __device__ __forceinline__ void unpack(Wide<T> (&v)[N]) const {
    if constexpr (std::is_same_v<T, bf16> && N % 2 == 0) {  // which is the upper half of a float
      unsigned pairs[N / 2];
      memcpy(pairs, &words, sizeof pairs);
#pragma unroll
      for (int k = 0; k < N; ++k)
        v[k] = __uint_as_float(k % 2 == 0 ? pairs[k / 2] << 16 : pairs[k / 2] & 0xFFFF0000U);
    } else {
      T narrow[N];
      memcpy(narrow, &words, sizeof narrow);
#pragma unroll
      for (int k = 0; k < N; ++k) v[k] = widen(narrow[k]);
    }
  }
  __device__ __forceinline__ void pack(const Wide<T> (&v)[N]) {
    T narrow[N];
#pragma unroll
    for (int k = 0; k < N; ++k) narrow[k] = narrow_to<T>(v[k]);
    memcpy(&words, narrow, sizeof words);
  }

  /// Whole: all lanes, at a multiple of their size; else the first `there`, anywhere, and zeros behind them.
  template <bool Whole>
  __device__ __forceinline__ void load(const T* from, std::int64_t there = N) {
    if constexpr (Whole) {
      words = *reinterpret_cast<const Words*>(from);
    } else {
      T narrow[N];
#pragma unroll
      for (int k = 0; k < N; ++k) narrow[k] = k < there ? from[k] : T{};
      memcpy(&words, narrow, sizeof words);
    }
  }
  template <bool Whole>
  __device__ __forceinline__ void store(T* to, std::int64_t there = N) const {
    if constexpr (Whole) {
      *reinterpret_cast<Words*>(to) = words;
    } else {
      T narrow[N];
      memcpy(narrow, &words, sizeof narrow);
#pragma unroll
      for (int k = 0; k < N; ++k)
        if (k < there) to[k] = narrow[k];
    }
  }
};

template <bool Whole, class T, int N>
__device__ __forceinline__ void load_lanes(Wide<T> (&v)[N], const T* from, std::int64_t there = N) {
  Packed<T, N> packed;
  packed.template load<Whole>(from, there);
  packed.unpack(v);
}
template <bool Whole, class T, int N>
__device__ __forceinline__ void store_lanes(T* to, const Wide<T> (&v)[N], std::int64_t there = N) {
  Packed<T, N> packed;
  packed.pack(v);
  packed.template store<Whole>(to, there);
}

/// v = of[c], of[c + 1], ..., where channel 0 comes after the last one.
template <int N>
__device__ __forceinline__ void load_channels(float (&v)[N], const float* of, int c, int channels) {
  if (c + N <= channels && reinterpret_cast<std::uintptr_t>(of + c) % 16 == 0) {
#pragma unroll
    for (int k = 0; k < N; k += 4) {
      const float4 four = *reinterpret_cast<const float4*>(of + c + k);
      v[k] = four.x, v[k + 1] = four.y, v[k + 2] = four.z, v[k + 3] = four.w;
    }
  } else {
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] = of[(c + k) % channels];
  }
}

/// A ChannelMap for the channels of one thread's lanes, in registers.
template <int N>
struct LaneMap {
  ops::Normalized<float> of[N];

  __device__ __forceinline__ void load(const ChannelMap& map, int c) {
    float center[N], scale[N], shift[N];
    load_channels(center, map.affine, c, map.channels);
    load_channels(scale, map.affine + map.channels, c, map.channels);
    load_channels(shift, map.affine + 2 * map.channels, c, map.channels);
#pragma unroll
    for (int k = 0; k < N; ++k) of[k] = {center[k], scale[k], shift[k], map.relu};
  }
};

/// Blocks of lane_threads for so many packs, of which every `period`-th meets the same channels: as many as
/// keep the GPU busy, such that a stride of the whole grid is a multiple of the period, or that nobody
/// strides.
inline unsigned periodic_blocks(std::int64_t packs, std::int64_t period, int blocks_a_multiprocessor = 4) {
  const std::int64_t all = (packs + lane_threads - 1) / lane_threads,
                     unit = period / std::gcd(period, std::int64_t{lane_threads}),
                     wanted = static_cast<std::int64_t>(multiprocessors()) * blocks_a_multiprocessor;
  return static_cast<unsigned>(std::max<std::int64_t>(1, std::min(all, (wanted + unit - 1) / unit * unit)));
}

/// The first pack of this thread, and how far it is to its next.
__device__ __forceinline__ std::int64_t first_pack() {
  return blockIdx.x * std::int64_t{lane_threads} + threadIdx.x;
}
__device__ __forceinline__ std::int64_t pack_stride() { return gridDim.x * std::int64_t{lane_threads}; }

/// Packs of N channels that cover a pixel of `channels`; the last one may not be whole.
template <int N, class I>
PRETEXT_HD constexpr I packs_of(I channels) {
  return (channels + N - 1) / N;
}

/// A thread's way over the packs of N channels of some pixels, for periodic_blocks() of a pixel's packs. All
/// of them are the same `there` channels from c on.
template <int N>
struct PixelWalk {
  unsigned packs_a_pixel, end, at, stride;
  int c, there;

  __device__ __forceinline__ PixelWalk(unsigned pixels, int channels)
      : packs_a_pixel(packs_of<N>(static_cast<unsigned>(channels))),
        end(pixels * packs_a_pixel),
        at(blockIdx.x * lane_threads + threadIdx.x),
        stride(gridDim.x * lane_threads),
        c(static_cast<int>(at % packs_a_pixel) * N),
        there(channels - c) {}

  __device__ __forceinline__ bool more() const { return at < end; }
  __device__ __forceinline__ void next() { at += stride; }
  __device__ __forceinline__ unsigned pixel() const { return at / packs_a_pixel; }
};

/// Where a pixel lies among pictures of height x width.
struct Place {
  int n, y, x;

  __device__ __forceinline__ Place(unsigned pixel, int height, int width) {
    const unsigned row = pixel / static_cast<unsigned>(width);
    x = static_cast<int>(pixel % static_cast<unsigned>(width));
    y = static_cast<int>(row % static_cast<unsigned>(height));
    n = static_cast<int>(row / static_cast<unsigned>(height));
  }
};

/// Calls launch(first picture, how many) for all of n pictures, so few at a time that a PixelWalk can count
/// their packs.
template <class F>
void each_batch(std::string_view op, std::int64_t n, std::int64_t packs_a_picture, F&& launch) {
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;
  require(packs_a_picture <= most, op, ": pictures of ", packs_a_picture, " packs are too large for the GPU");
  if (packs_a_picture == 0) return;
  const std::int64_t some = most / packs_a_picture;
  for (std::int64_t first = 0; first < n; first += some) launch(first, std::min(some, n - first));
  check_launch(op);
}

/// f(std::true_type or std::false_type ...): what is known at run time becomes what kernels are built for.
template <class F>
void with_constants(F&& f) {
  f();
}
template <class F, class... More>
void with_constants(F&& f, bool first, More... more) {
  if (first)
    with_constants([&](auto... rest) { f(std::true_type(), rest...); }, more...);
  else
    with_constants([&](auto... rest) { f(std::false_type(), rest...); }, more...);
}

}  // namespace pretext::cuda
