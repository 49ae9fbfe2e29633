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

/// ops::ConvShape in integers that a GPU is quick with.
struct ConvExtents {
  int n, h, w, ci, kh, kw, co, oh, ow, group_ci, group_co, stride, padding, dilation;

  explicit ConvExtents(const ops::ConvShape& s)
      : n(of(s.n)),
        h(of(s.h)),
        w(of(s.w)),
        ci(of(s.ci)),
        kh(of(s.kh)),
        kw(of(s.kw)),
        co(of(s.co)),
        oh(of(s.oh)),
        ow(of(s.ow)),
        group_ci(of(s.ci / s.groups)),
        group_co(of(s.co / s.groups)),
        stride(of(s.window.stride)),
        padding(of(s.window.padding)),
        dilation(of(s.window.dilation)) {}

 private:
  static int of(std::int64_t extent) { return narrow<int>(extent, "conv2d: extent"); }
};

/// Element i of [..., rows, columns, channels].
struct Place {
  int n, row, column, channel;

  __device__ Place(std::int64_t i, int rows, int columns, int channels)
      : n(static_cast<int>(i / channels / columns / rows)),
        row(static_cast<int>(i / channels / columns % rows)),
        column(static_cast<int>(i / channels % columns)),
        channel(static_cast<int>(i % channels)) {}
};

/// The pixel of pictures with so many rows, columns and channels.
template <class T>
__device__ const T* pixel(const T* pictures, int n, int row, int column, int rows, int columns,
                          int channels) {
  return pictures + ((static_cast<std::int64_t>(n) * rows + row) * columns + column) * channels;
}

/// Calls f(i) for every i < size, each in one thread of the grid.
template <class F>
__device__ void each_element(std::int64_t size, F f) {
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < size;
       i += static_cast<std::int64_t>(gridDim.x) * blockDim.x)
    f(i);
}

template <class T>
__global__ void __launch_bounds__(256, 4)
    direct_forward_kernel(ConvExtents s, const T* __restrict__ x, const Wide<T>* __restrict__ weight,
                          T* __restrict__ y, std::int64_t size) {
  each_element(size, [&](std::int64_t i) {
    const Place at(i, s.oh, s.ow, s.co);
    Wide<T> sum = 0;
    for (int kh = 0; kh < s.kh; ++kh) {
      const int h = at.row * s.stride - s.padding + kh * s.dilation;
      if (h < 0 || h >= s.h) continue;
      for (int kw = 0; kw < s.kw; ++kw) {
        const int w = at.column * s.stride - s.padding + kw * s.dilation;
        if (w < 0 || w >= s.w) continue;
        const T* const from = pixel(x, at.n, h, w, s.h, s.w, s.ci) + at.channel / s.group_co * s.group_ci;
        const Wide<T>* const taps = pixel(weight, kh, kw, 0, s.kw, s.group_ci, s.co) + at.channel;
        for (int c = 0; c < s.group_ci; ++c)
          sum += widen(from[c]) * taps[static_cast<std::int64_t>(c) * s.co];
      }
    }
    y[i] = narrow_to<T>(sum);
  });
}

/// The window of which a tap lies on a pixel, or -1.
__device__ inline int window_of(int pixel, int tap, int windows, const ConvExtents& s) {
  const int from = pixel + s.padding - tap * s.dilation;
  return from < 0 || from % s.stride != 0 || from / s.stride >= windows ? -1 : from / s.stride;
}

template <class T>
__global__ void __launch_bounds__(256, 4)
    direct_grad_input_kernel(ConvExtents s, T* __restrict__ dx, const Wide<T>* __restrict__ weight,
                             const T* __restrict__ dy, std::int64_t size) {
  each_element(size, [&](std::int64_t i) {
    const Place at(i, s.h, s.w, s.ci);
    const int first = at.channel / s.group_ci * s.group_co;
    Wide<T> sum = 0;
    for (int kh = 0; kh < s.kh; ++kh) {
      const int row = window_of(at.row, kh, s.oh, s);
      if (row < 0) continue;
      for (int kw = 0; kw < s.kw; ++kw) {
        const int column = window_of(at.column, kw, s.ow, s);
        if (column < 0) continue;
        const T* const from = pixel(dy, at.n, row, column, s.oh, s.ow, s.co) + first;
        const Wide<T>* const taps =
            pixel(weight, kh, kw, at.channel % s.group_ci, s.kw, s.group_ci, s.co) + first;
        for (int o = 0; o < s.group_co; ++o) sum += widen(from[o]) * taps[o];
      }
    }
    dx[i] = narrow_to<T>(sum);
  });
}

/// Sums of lines, then of pictures, then of all, so that long sums round little.
template <class T>
__global__ void __launch_bounds__(256, 4)
    direct_grad_weight_kernel(ConvExtents s, const T* __restrict__ x, Wide<T>* __restrict__ dw,
                              const T* __restrict__ dy, std::int64_t size) {
  each_element(size, [&](std::int64_t i) {
    const Place at(i, s.kw, s.group_ci, s.co);  // n and row: the tap; column: the input
    const int top = at.n * s.dilation - s.padding, left = at.row * s.dilation - s.padding;
    const int input = at.channel / s.group_co * s.group_ci + at.column;
    Wide<T> sum = 0;
    for (int n = 0; n < s.n; ++n) {
      Wide<T> picture = 0;
      for (int row = 0; row < s.oh; ++row) {
        const int h = row * s.stride + top;
        if (h < 0 || h >= s.h) continue;
        Wide<T> line = 0;
        for (int column = 0; column < s.ow; ++column) {
          const int w = column * s.stride + left;
          if (w >= 0 && w < s.w)
            line += widen(pixel(x, n, h, w, s.h, s.w, s.ci)[input]) *
                    widen(pixel(dy, n, row, column, s.oh, s.ow, s.co)[at.channel]);
        }
        picture += line;
      }
      sum += picture;
    }
    dw[i] = sum;
  });
}

}  // namespace detail

template <class T>
void launch_direct_forward(const ops::ConvShape& s, const T* x, const Wide<T>* weight, T* y) {
  const std::int64_t size = s.n * s.oh * s.ow * s.co;
  if (size == 0) return;
  detail::direct_forward_kernel<<<blocks_for(size, 256), 256, 0, stream()>>>(detail::ConvExtents(s), x,
                                                                             weight, y, size);
  check_launch("conv2d: direct forward");
}

template <class T>
void launch_direct_grad_input(const ops::ConvShape& s, T* dx, const Wide<T>* weight, const T* dy) {
  const std::int64_t size = s.n * s.h * s.w * s.ci;
  if (size == 0) return;
  detail::direct_grad_input_kernel<<<blocks_for(size, 256), 256, 0, stream()>>>(detail::ConvExtents(s), dx,
                                                                                weight, dy, size);
  check_launch("conv2d: direct grad_input");
}

template <class T>
void launch_direct_grad_weight(const ops::ConvShape& s, const T* x, Wide<T>* dw, const T* dy) {
  const std::int64_t size = s.kh * s.kw * (s.ci / s.groups) * s.co;
  if (size == 0) return;
  detail::direct_grad_weight_kernel<<<blocks_for(size, 256), 256, 0, stream()>>>(detail::ConvExtents(s), x,
                                                                                 dw, dy, size);
  check_launch("conv2d: direct grad_weight");
}

}  // namespace pretext::cuda
