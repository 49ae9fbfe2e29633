// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/batch_norm.hpp"
#include "pretext/cuda/column_sums.cuh"
#include "pretext/cuda/lanes.cuh"
#include "pretext/ops/channel_steps.hpp"
#include "pretext/ops/normalized.hpp"

namespace pretext::cuda {

/// Of the deviations from the first row of each chunk, which is near their mean wherever that lies. Chunks
/// leave their mean, less the first row of all, and their sum of squared deviations from it.
template <class T, int Pack>
struct MomentColumns {
  static constexpr int pack = Pack, unroll = 8;
  using Loaded = Packed<T, pack>;
  struct Channels {
    float shift[pack];
  };
  struct Origin {
    T of_chunk, of_all;
  };

  const T* x;
  double* moments;
  std::int64_t columns;

  __device__ Loaded load(std::int64_t at) const { return Loaded::of(x + at); }

  __device__ Channels channels(std::int64_t c, std::int64_t row) const {
    Channels of;
    load(row * columns + c).unpack(of.shift);
    return of;
  }

  __device__ static void add(const Loaded& x, const Channels& of, float (&sums)[2][pack]) {
    float v[pack];
    x.unpack(v);
#pragma unroll
    for (int k = 0; k < pack; ++k) {
      const float deviation = v[k] - of.shift[k];
      sums[0][k] += deviation;
      sums[1][k] += deviation * deviation;
    }
  }

  __device__ Origin origin(std::int64_t c, std::int64_t row) const { return {x[row * columns + c], x[c]}; }

  __device__ static float2 part(const Origin& from, std::int64_t rows, float2 sums) {
    const double mean = static_cast<double>(sums.x) / static_cast<double>(rows);
    const double shift = static_cast<double>(widen(from.of_chunk)) - static_cast<double>(widen(from.of_all));
    const double squares = static_cast<double>(sums.y) - static_cast<double>(sums.x) * mean;
    return {static_cast<float>(shift + mean), static_cast<float>(squares < 0 ? 0 : squares)};
  }

  __device__ static void take(float2 part, std::int64_t rows, double2& total) {
    const double mean = part.x, n = static_cast<double>(rows);
    total.x += n * mean;
    total.y += part.y + n * mean * mean;
  }

  __device__ void finish(std::int64_t c, const Origin& from, std::int64_t rows, double2 total) const {
    const double mean = total.x / static_cast<double>(rows), squares = total.y - total.x * mean;
    moments[c] = static_cast<double>(widen(from.of_all)) + mean;
    moments[columns + c] = squares < 0 ? 0 : squares;
  }
};

/// Of dy and of dy * (x - mean), of what the relu does not cut.
template <class T, int Pack, bool Relu>
struct GradientColumns {
  static constexpr int pack = Pack, unroll = Relu ? 2 : 4;
  using Values = Packed<T, pack>;
  struct Loaded {
    Values x, dy;
  };
  struct Channels {
    ops::Normalized<float> of[pack];
  };
  struct Origin {};

  const T *x, *dy;
  const float* affine;
  double* sums;
  std::int64_t columns;

  __device__ Loaded load(std::int64_t at) const { return {Values::of(x + at), Values::of(dy + at)}; }

  __device__ Channels channels(std::int64_t c, std::int64_t) const {
    Channels result;
#pragma unroll
    for (int k = 0; k < pack; ++k) {
      const float* map = affine + c + k;
      result.of[k].center = map[0];
      if constexpr (Relu) result.of[k].scale = map[columns], result.of[k].shift = map[2 * columns];
      result.of[k].relu = Relu;
    }
    return result;
  }

  __device__ static void add(const Loaded& from, const Channels& channels, float (&sums)[2][pack]) {
    float x[pack], d[pack];
    from.x.unpack(x), from.dy.unpack(d);
#pragma unroll
    for (int k = 0; k < pack; ++k) {
      if constexpr (Relu) channels.of[k].cut_gradient(d[k], x[k]);
      sums[0][k] += d[k];
      sums[1][k] += d[k] * (x[k] - channels.of[k].center);
    }
  }

  __device__ static Origin origin(std::int64_t, std::int64_t) { return {}; }
  __device__ static float2 part(const Origin&, std::int64_t, float2 sums) { return sums; }
  __device__ static void take(float2 part, std::int64_t, double2& total) {
    total.x += part.x, total.y += part.y;
  }
  __device__ void finish(std::int64_t c, const Origin&, std::int64_t, double2 total) const {
    sums[c] = total.x;
    sums[columns + c] = total.y;
  }
};

/// Of the elements themselves.
template <class T, int Pack>
struct PlainColumns {
  static constexpr int pack = Pack, unroll = 8;
  using Loaded = Packed<T, pack>;
  struct Channels {};
  struct Origin {};

  const T* x;
  float* sum;

  __device__ Loaded load(std::int64_t at) const { return Loaded::of(x + at); }
  __device__ static Channels channels(std::int64_t, std::int64_t) { return {}; }
  __device__ static void add(const Loaded& x, const Channels&, float (&sums)[2][pack]) {
    float v[pack];
    x.unpack(v);
#pragma unroll
    for (int k = 0; k < pack; ++k) sums[0][k] += v[k];
  }
  __device__ static Origin origin(std::int64_t, std::int64_t) { return {}; }
  __device__ static float2 part(const Origin&, std::int64_t, float2 sums) { return sums; }
  __device__ static void take(float2 part, std::int64_t, double2& total) { total.x += part.x; }
  __device__ void finish(std::int64_t c, const Origin&, std::int64_t, double2 total) const {
    sum[c] = static_cast<float>(total.x);
  }
};

template <class T>
void launch_moments(const ColumnTiles& tiles, int pack, const T* x, float* parts, double* moments) {
  if (pack == 1)
    launch_column_sums(MomentColumns<T, 1>{x, moments, tiles.columns}, tiles, parts, "batch_norm");
  else
    launch_column_sums(MomentColumns<T, pack_size<T>>{x, moments, tiles.columns}, tiles, parts, "batch_norm");
}

template <int Pack, bool Relu, class T>
void launch_gradient_columns(const ColumnTiles& tiles, const NormalizedMap<T>& y, const T* dy, float* parts,
                             double* sums) {
  launch_column_sums(GradientColumns<T, Pack, Relu>{y.x, dy, y.affine, sums, tiles.columns}, tiles, parts,
                     "the gradient of batch_norm");
}

template <class T>
void launch_gradient_sums(const ColumnTiles& tiles, int pack, const NormalizedMap<T>& y, const T* dy,
                          float* parts, double* sums) {
  if (pack == 1)
    (y.relu ? launch_gradient_columns<1, true, T> : launch_gradient_columns<1, false, T>)(tiles, y, dy, parts,
                                                                                          sums);
  else
    (y.relu ? launch_gradient_columns<pack_size<T>, true, T>
            : launch_gradient_columns<pack_size<T>, false, T>)(tiles, y, dy, parts, sums);
}

template <class T>
void launch_sum_rows(const ColumnTiles& tiles, int pack, const T* x, float* parts, Wide<T>* sum) {
  if (pack == 1)
    launch_column_sums(PlainColumns<T, 1>{x, sum}, tiles, parts, "sum_rows");
  else
    launch_column_sums(PlainColumns<T, pack_size<T>>{x, sum}, tiles, parts, "sum_rows");
}

template <class Step>
__global__ void __launch_bounds__(128) each_channel_kernel(std::int64_t channels, const Step step) {
  for (std::int64_t c = blockIdx.x * std::int64_t{128} + threadIdx.x; c < channels;
       c += gridDim.x * std::int64_t{128})
    step(c);
}

template <class Step>
void launch_each_channel(std::int64_t channels, const Step& step) {
  each_channel_kernel<<<blocks_for(channels, 128), 128, 0, stream()>>>(channels, step);
  check_launch("a step of batch_norm");
}

template <class T, int N, class Index>
__global__ void __launch_bounds__(256)
    scale_channels_kernel(Index size, Index channels, const T* dy, const Wide<T>* __restrict__ scale, T* dx) {
  for (Index i = (blockIdx.x * Index{256} + threadIdx.x) * N; i < size; i += gridDim.x * Index{256} * N) {
    Pack<T, N> d = *reinterpret_cast<const Pack<T, N>*>(dy + i);
    const Index c = i % channels;
#pragma unroll
    for (int k = 0; k < N; ++k) d.v[k] = narrow_to<T>(widen(d.v[k]) * scale[c + k]);
    *reinterpret_cast<Pack<T, N>*>(dx + i) = d;
  }
}

template <class T, int N>
void launch_scale_packs(std::int64_t size, std::int64_t channels, const T* dy, const Wide<T>* scale, T* dx) {
  const unsigned blocks = blocks_for(size / N, 256);
  // With room for one more stride of the grid.
  if (size < std::int64_t{1} << 31)
    scale_channels_kernel<T, N><<<blocks, 256, 0, stream()>>>(
        static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(channels), dy, scale, dx);
  else
    scale_channels_kernel<T, N><<<blocks, 256, 0, stream()>>>(size, channels, dy, scale, dx);
  check_launch("the gradient of batch_norm_inference");
}

template <class T>
void launch_scale_channels(std::int64_t size, std::int64_t channels, const T* dy, const Wide<T>* scale,
                           T* dx) {
  if (packs<pack_size<T>>(channels, dy, static_cast<const T*>(dx)))
    launch_scale_packs<T, pack_size<T>>(size, channels, dy, scale, dx);
  else
    launch_scale_packs<T, 1>(size, channels, dy, scale, dx);
}

}  // namespace pretext::cuda
