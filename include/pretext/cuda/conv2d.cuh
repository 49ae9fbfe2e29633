// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "a .cuh file is compiled by nvcc: include it from a .cu file, and the .hpp of the same name from a .cpp"
#endif

#include "pretext/cuda/conv2d.hpp"
#include "pretext/cuda/launch.cuh"

namespace pretext::cuda {
namespace detail {

/// (v - center) * scale + shift of N channels, which a thread keeps in registers.
template <class S, int N>
struct ChannelAffine {
  S center[N], scale[N], shift[N];

  __device__ void load(const S* affine, std::int64_t c, std::int64_t channels) {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      center[i] = affine[c + i];
      scale[i] = affine[channels + c + i];
      shift[i] = affine[2 * channels + c + i];
    }
  }
  __device__ S operator()(S v, int i) const { return (v - center[i]) * scale[i] + shift[i]; }
};

template <class S>
__device__ S positive(S v) {
  return v < S(0) ? S(0) : v;
}

/// Threads in flight are a multiple of the packs in a row, so that each has its channels for good.
template <class T, int N>
__global__ void __launch_bounds__(256)
    finish_kernel(ConvFinish<T> f, T* __restrict__ y, std::int64_t rows, std::int64_t channels) {
  using S = Wide<T>;
  const std::int64_t packs = channels / N,
                     threads = static_cast<std::int64_t>(gridDim.x) * blockDim.x / packs,
                     thread = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const std::int64_t c = thread % packs * N;
  if (thread / packs >= threads) return;
  S bias[N] = {};
  ChannelAffine<S, N> of, of_addend;
  if (f.bias != nullptr)
    for (int i = 0; i < N; ++i) bias[i] = f.bias[c + i];
  if (f.affine != nullptr) of.load(f.affine, c, channels);
  if (f.addend_affine != nullptr) of_addend.load(f.addend_affine, c, channels);
  for (std::int64_t row = thread / packs; row < rows; row += threads) {
    auto* const place = reinterpret_cast<Pack<T, N>*>(y + row * channels + c);
    Pack<T, N> values = *place, others{};
    if (f.addend != nullptr) others = *reinterpret_cast<const Pack<T, N>*>(f.addend + row * channels + c);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      S v = widen(values.v[i]);
      if (f.bias != nullptr) v += bias[i];
      if (f.affine != nullptr) v = of(v, i);
      if (f.addend != nullptr) {
        S a = widen(others.v[i]);
        if (f.addend_affine != nullptr) a = of_addend(a, i);
        v += f.addend_affine != nullptr && f.addend_relu ? positive(a) : a;
      }
      values.v[i] = narrow_to<T>(f.relu ? positive(v) : v);
    }
    *place = values;
  }
}

inline constexpr int tile = 32;

template <class From, class To>
__global__ void __launch_bounds__(256) transpose_kernel(const From* __restrict__ from, To* __restrict__ to,
                                                        std::int64_t rows, std::int64_t columns) {
  __shared__ float values[tile][tile + 1];
  const std::int64_t across = (columns + tile - 1) / tile, tiles = (rows + tile - 1) / tile * across;
  for (std::int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const std::int64_t row = t / across * tile, column = t % across * tile;
    for (unsigned i = threadIdx.y; i < tile; i += blockDim.y)
      if (row + i < rows && column + threadIdx.x < columns)
        values[i][threadIdx.x] = widen(from[(row + i) * columns + column + threadIdx.x]);
    __syncthreads();
    for (unsigned i = threadIdx.y; i < tile; i += blockDim.y)
      if (column + i < columns && row + threadIdx.x < rows)
        to[(column + i) * rows + row + threadIdx.x] = narrow_to<To>(values[threadIdx.x][i]);
    __syncthreads();
  }
}

/// The pixel of a picture with `channels` channels.
template <class T>
__device__ const T* pixel(const T* pictures, std::int64_t n, std::int64_t row, std::int64_t column,
                          std::int64_t rows, std::int64_t columns, std::int64_t channels) {
  return pictures + ((n * rows + row) * columns + column) * channels;
}

template <class T>
__global__ void __launch_bounds__(256)
    direct_forward_kernel(ops::ConvShape s, const T* __restrict__ x, const Wide<T>* __restrict__ weight,
                          T* __restrict__ y, std::int64_t size) {
  const std::int64_t ci = s.ci / s.groups, stride = s.window.stride, dilation = s.window.dilation;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < size;
       i += static_cast<std::int64_t>(gridDim.x) * blockDim.x) {
    const std::int64_t o = i % s.co, column = i / s.co % s.ow, row = i / s.co / s.ow % s.oh,
                       n = i / s.co / s.ow / s.oh;
    Wide<T> sum = 0;
    for (std::int64_t kh = 0; kh < s.kh; ++kh) {
      const std::int64_t h = row * stride - s.window.padding + kh * dilation;
      if (h < 0 || h >= s.h) continue;
      for (std::int64_t kw = 0; kw < s.kw; ++kw) {
        const std::int64_t w = column * stride - s.window.padding + kw * dilation;
        if (w < 0 || w >= s.w) continue;
        const T* const at = pixel(x, n, h, w, s.h, s.w, s.ci) + o / (s.co / s.groups) * ci;
        const Wide<T>* const taps = weight + (kh * s.kw + kw) * ci * s.co + o;
        for (std::int64_t c = 0; c < ci; ++c) sum += widen(at[c]) * taps[c * s.co];
      }
    }
    y[i] = narrow_to<T>(sum);
  }
}

/// The window whose tap lies on a pixel, or -1.
__device__ inline std::int64_t window_of(std::int64_t pixel, std::int64_t tap, std::int64_t windows,
                                         const ops::Window& w) {
  const std::int64_t from = pixel + w.padding - tap * w.dilation;
  return from < 0 || from % w.stride != 0 || from / w.stride >= windows ? -1 : from / w.stride;
}

template <class T>
__global__ void __launch_bounds__(256)
    direct_grad_input_kernel(ops::ConvShape s, T* __restrict__ dx, const Wide<T>* __restrict__ weight,
                             const T* __restrict__ dy, std::int64_t size) {
  const std::int64_t ci = s.ci / s.groups, co = s.co / s.groups;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < size;
       i += static_cast<std::int64_t>(gridDim.x) * blockDim.x) {
    const std::int64_t c = i % s.ci, w = i / s.ci % s.w, h = i / s.ci / s.w % s.h, n = i / s.ci / s.w / s.h,
                       first = c / ci * co;
    Wide<T> sum = 0;
    for (std::int64_t kh = 0; kh < s.kh; ++kh) {
      const std::int64_t row = window_of(h, kh, s.oh, s.window);
      if (row < 0) continue;
      for (std::int64_t kw = 0; kw < s.kw; ++kw) {
        const std::int64_t column = window_of(w, kw, s.ow, s.window);
        if (column < 0) continue;
        const T* const at = pixel(dy, n, row, column, s.oh, s.ow, s.co) + first;
        const Wide<T>* const taps = weight + ((kh * s.kw + kw) * ci + c % ci) * s.co + first;
        for (std::int64_t o = 0; o < co; ++o) sum += widen(at[o]) * taps[o];
      }
    }
    dx[i] = narrow_to<T>(sum);
  }
}

/// Sums of lines, then of pictures, then of all, so that long sums round little.
template <class T>
__global__ void __launch_bounds__(256)
    direct_grad_weight_kernel(ops::ConvShape s, const T* __restrict__ x, Wide<T>* __restrict__ dw,
                              const T* __restrict__ dy, std::int64_t size) {
  const std::int64_t ci = s.ci / s.groups, stride = s.window.stride;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < size;
       i += static_cast<std::int64_t>(gridDim.x) * blockDim.x) {
    const std::int64_t o = i % s.co, c = o / (s.co / s.groups) * ci + i / s.co % ci, tap = i / s.co / ci,
                       top = tap / s.kw * s.window.dilation - s.window.padding,
                       left = tap % s.kw * s.window.dilation - s.window.padding;
    Wide<T> sum = 0;
    for (std::int64_t n = 0; n < s.n; ++n) {
      Wide<T> picture = 0;
      for (std::int64_t row = 0; row < s.oh; ++row) {
        const std::int64_t h = row * stride + top;
        if (h < 0 || h >= s.h) continue;
        Wide<T> line = 0;
        for (std::int64_t column = 0; column < s.ow; ++column) {
          const std::int64_t w = column * stride + left;
          if (w < 0 || w >= s.w) continue;
          line += widen(pixel(x, n, h, w, s.h, s.w, s.ci)[c]) *
                  widen(pixel(dy, n, row, column, s.oh, s.ow, s.co)[o]);
        }
        picture += line;
      }
      sum += picture;
    }
    dw[i] = sum;
  }
}

}  // namespace detail

template <class T>
void launch_finish(const ConvFinish<T>& finish, T* y, std::int64_t rows, std::int64_t channels) {
  constexpr int n = pack_size<T>;
  if (rows * channels == 0) return;
  const auto launch = [&](auto* kernel, std::int64_t packs) {
    const std::int64_t whole = (packs + 255) / 256;  // blocks for one row at least
    const auto blocks = std::max<std::int64_t>(whole, blocks_for(rows * packs, 256, 8));
    kernel<<<static_cast<unsigned>(blocks), 256, 0, stream()>>>(finish, y, rows, channels);
  };
  if (packs<n>(channels, y) && (finish.addend == nullptr || packs<n>(channels, finish.addend)))
    launch(detail::finish_kernel<T, n>, channels / n);
  else
    launch(detail::finish_kernel<T, 1>, channels);
  check_launch("conv2d: finish");
}

template <class From, class To>
void launch_transpose(const From* from, To* to, std::int64_t rows, std::int64_t columns) {
  if (rows * columns == 0) return;
  const std::int64_t tiles =
      (rows + detail::tile - 1) / detail::tile * ((columns + detail::tile - 1) / detail::tile);
  detail::transpose_kernel<<<blocks_for(tiles, 1), dim3(detail::tile, 8), 0, stream()>>>(from, to, rows,
                                                                                         columns);
  check_launch("conv2d: transpose");
}

template <class T>
void launch_direct_forward(const ops::ConvShape& s, const T* x, const Wide<T>* weight, T* y) {
  const std::int64_t size = s.n * s.oh * s.ow * s.co;
  if (size == 0) return;
  detail::direct_forward_kernel<<<blocks_for(size, 256), 256, 0, stream()>>>(s, x, weight, y, size);
  check_launch("conv2d: direct forward");
}

template <class T>
void launch_direct_grad_input(const ops::ConvShape& s, T* dx, const Wide<T>* weight, const T* dy) {
  const std::int64_t size = s.n * s.h * s.w * s.ci;
  if (size == 0) return;
  detail::direct_grad_input_kernel<<<blocks_for(size, 256), 256, 0, stream()>>>(s, dx, weight, dy, size);
  check_launch("conv2d: direct grad_input");
}

template <class T>
void launch_direct_grad_weight(const ops::ConvShape& s, const T* x, Wide<T>* dw, const T* dy) {
  const std::int64_t size = s.kh * s.kw * (s.ci / s.groups) * s.co;
  if (size == 0) return;
  detail::direct_grad_weight_kernel<<<blocks_for(size, 256), 256, 0, stream()>>>(s, x, dw, dy, size);
  check_launch("conv2d: direct grad_weight");
}

}  // namespace pretext::cuda
