// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error "local_norms.cuh is compiled by nvcc: include it from a .cu file, and local_norms.hpp from a .cpp"
#endif

#include "pretext/cuda/lanes.cuh"
#include "pretext/cuda/local_norms.hpp"
#include "pretext/cuda/reduce.cuh"

namespace pretext::cuda {

/// The row of this warp, and how many warps there are.
__device__ __forceinline__ std::int64_t first_row() {
  return blockIdx.x * std::int64_t{lane_threads / 32} + threadIdx.x / 32;
}
__device__ __forceinline__ std::int64_t row_stride() { return gridDim.x * std::int64_t{lane_threads / 32}; }

/// Calls f(first of its columns, how many there are) for this thread's packs of a row.
template <int N, class F>
__device__ __forceinline__ void each_pack_of_row(std::int64_t columns, F&& f) {
  for (std::int64_t c = threadIdx.x % 32 * N; c < columns; c += 32 * N) f(c, columns - c);
}

/// The sum of a[i] * b[i] over a row, by a warp.
template <bool Whole, class T>
__device__ __forceinline__ float dot_of_row(std::int64_t columns, const T* a, const T* b) {
  constexpr int N = pack_size<T>;
  float sum = 0;
  each_pack_of_row<N>(columns, [&](std::int64_t c, std::int64_t there) {
    float v[N], w[N];
    load_lanes<Whole>(v, a + c, there);
    load_lanes<Whole>(w, b + c, there);
#pragma unroll
    for (int k = 0; k < N; ++k) sum += v[k] * w[k];
  });
  return warp_reduce<Sum>(sum);
}

template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads)
    l2_normalize_kernel(std::int64_t rows, std::int64_t columns, float epsilon, const T* __restrict__ x,
                        T* __restrict__ y) {
  constexpr int N = pack_size<T>;
  for (std::int64_t row = first_row(); row < rows; row += row_stride()) {
    const T* const from = x + row * columns;
    const ops::RowScale<float> scale(dot_of_row<Whole>(columns, from, from), epsilon);
    each_pack_of_row<N>(columns, [&](std::int64_t c, std::int64_t there) {
      float v[N];
      load_lanes<Whole>(v, from + c, there);
#pragma unroll
      for (int k = 0; k < N; ++k) v[k] /= scale.divisor;
      store_lanes<Whole>(y + row * columns + c, v, there);
    });
  }
}

template <bool Whole, class T>
__global__ void __launch_bounds__(lane_threads)
    l2_normalize_backward_kernel(std::int64_t rows, std::int64_t columns, float epsilon,
                                 const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx) {
  constexpr int N = pack_size<T>;
  for (std::int64_t row = first_row(); row < rows; row += row_stride()) {
    const T *const of = x + row * columns, *const from = dy + row * columns;
    const ops::RowScale<float> scale(dot_of_row<Whole>(columns, of, of), epsilon);
    const float along = scale.along(dot_of_row<Whole>(columns, of, from));
    each_pack_of_row<N>(columns, [&](std::int64_t c, std::int64_t there) {
      float v[N], d[N];
      load_lanes<Whole>(v, of + c, there);
      load_lanes<Whole>(d, from + c, there);
#pragma unroll
      for (int k = 0; k < N; ++k) d[k] = (d[k] - along * v[k]) / scale.divisor;
      store_lanes<Whole>(dx + row * columns + c, d, there);
    });
  }
}

template <class T>
void launch_l2_normalize(std::int64_t rows, std::int64_t columns, float epsilon, const T* x, T* y) {
  if (rows * columns == 0) return;
  with_constants(
      [&](auto whole) {
        l2_normalize_kernel<whole.value><<<blocks_for(rows, lane_threads / 32), lane_threads, 0, stream()>>>(
            rows, columns, epsilon, x, y);
      },
      packs<pack_size<T>>(columns, x, y));
  check_launch("l2_normalize");
}

template <class T>
void launch_l2_normalize_backward(std::int64_t rows, std::int64_t columns, float epsilon, const T* x,
                                  const T* dy, T* dx) {
  if (rows * columns == 0) return;
  with_constants(
      [&](auto whole) {
        l2_normalize_backward_kernel<whole.value>
            <<<blocks_for(rows, lane_threads / 32), lane_threads, 0, stream()>>>(rows, columns, epsilon, x,
                                                                                 dy, dx);
      },
      packs<pack_size<T>>(columns, x, dy, dx));
  check_launch("l2_normalize");
}

// A local response norm takes a channel a thread: neighbours come from the cache, and the power costs more
// than the loads.

/// The sum of f(neighbour) over the channels from c - before to c + after that there are.
template <class F>
__device__ __forceinline__ float sum_of_neighbours(const ResponseNorm& norm, int c, int before, int after,
                                                   F&& f) {
  const int first = max(-before, -c), last = min(after, norm.channels - 1 - c);
  float sum = 0;
  for (int j = first; j <= last; ++j) sum += f(j);
  return sum;
}

/// What x[0], channel c, is divided by before the power, and its factor.
template <class T>
__device__ __forceinline__ float base_of(const ResponseNorm& norm, int c, const T* x) {
  return norm.k + norm.scale * sum_of_neighbours(norm, c, norm.before, norm.after, [&](int j) {
                    const float v = widen(x[j]);
                    return v * v;
                  });
}
__device__ __forceinline__ float factor_of(const ResponseNorm& norm, float base) {
  return exp2f(-norm.beta * log2f(base));
}

/// Channels of a thread's elements, for periodic_blocks() of all channels.
__device__ __forceinline__ int channel_of(std::int64_t element, int channels) {
  return static_cast<int>(element % channels);
}

template <class T>
__global__ void __launch_bounds__(lane_threads)
    local_response_norm_kernel(ResponseNorm norm, std::int64_t n, const T* __restrict__ x,
                               T* __restrict__ y) {
  const int c = channel_of(first_pack(), norm.channels);
  for (std::int64_t i = first_pack(); i < n; i += pack_stride())
    y[i] = narrow_to<T>(widen(x[i]) * factor_of(norm, base_of(norm, c, x + i)));
}

template <class T>
__global__ void __launch_bounds__(lane_threads)
    response_pull_kernel(ResponseNorm norm, std::int64_t n, const T* __restrict__ x, const T* __restrict__ dy,
                         float* __restrict__ pulls) {
  const int c = channel_of(first_pack(), norm.channels);
  for (std::int64_t i = first_pack(); i < n; i += pack_stride()) {
    const float base = base_of(norm, c, x + i);
    pulls[i] = widen(dy[i]) * factor_of(norm, base) * widen(x[i]) / base;
  }
}

/// A channel's gradient comes from all channels that see it: the mirrored window.
template <class T>
__global__ void __launch_bounds__(lane_threads)
    local_response_norm_backward_kernel(ResponseNorm norm, std::int64_t n, const T* __restrict__ x,
                                        const T* __restrict__ dy, const float* __restrict__ pulls,
                                        T* __restrict__ dx) {
  const int c = channel_of(first_pack(), norm.channels);
  for (std::int64_t i = first_pack(); i < n; i += pack_stride()) {
    const float own = widen(dy[i]) * factor_of(norm, base_of(norm, c, x + i)),
                pull =
                    sum_of_neighbours(norm, c, norm.after, norm.before, [&](int j) { return pulls[i + j]; });
    dx[i] = narrow_to<T>(own - norm.slope * widen(x[i]) * pull);
  }
}

template <class T>
void launch_local_response_norm(const ResponseNorm& norm, std::int64_t n, const T* x, T* y) {
  if (n == 0) return;
  local_response_norm_kernel<<<periodic_blocks(n, norm.channels, 8), lane_threads, 0, stream()>>>(norm, n, x,
                                                                                                  y);
  check_launch("local_response_norm");
}

template <class T>
void launch_local_response_norm_backward(const ResponseNorm& norm, std::int64_t n, const T* x, const T* dy,
                                         float* pulls, T* dx) {
  if (n == 0) return;
  const unsigned blocks = periodic_blocks(n, norm.channels, 8);
  response_pull_kernel<<<blocks, lane_threads, 0, stream()>>>(norm, n, x, dy, pulls);
  local_response_norm_backward_kernel<<<blocks, lane_threads, 0, stream()>>>(norm, n, x, dy, pulls, dx);
  check_launch("local_response_norm");
}

}  // namespace pretext::cuda
