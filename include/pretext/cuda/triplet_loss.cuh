// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/reduce.cuh"
#include "pretext/cuda/triplet_loss.hpp"

// A block of threads belongs to one anchor. Rows are chosen by the least of 64-bit keys that hold a distance
// and, below it, the number of the row: of equal distances the first wins, whatever the order of the
// comparisons.
namespace pretext::cuda {

inline constexpr int triplet_threads = 256;

struct Least {
  __device__ static unsigned long long of(unsigned long long a, unsigned long long b) {
    return a < b ? a : b;
  }
};

/// A row and its distance, which is not negative; the nearest has the least key.
__device__ inline unsigned long long nearest_key(float distance, std::int64_t row) {
  return static_cast<unsigned long long>(__float_as_uint(distance)) << 32 | static_cast<unsigned>(row);
}
/// The farthest has the least key; what is not a number is not far.
__device__ inline unsigned long long farthest_key(float distance, std::int64_t row) {
  const unsigned bits = isnan(distance) ? 0 : __float_as_uint(distance);
  return static_cast<unsigned long long>(~bits) << 32 | static_cast<unsigned>(row);
}
inline constexpr unsigned long long no_key = ~0ULL;
__device__ inline std::int64_t row_of(unsigned long long key) { return static_cast<unsigned>(key); }

/// distance[row] of each row from row a, by all threads of a block.
template <class T>
__device__ void measure_distances(const LabelledRows<T>& rows, std::int64_t a, float* distance) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const T* const from = rows.x + a * rows.columns;
  for (std::int64_t row = threadIdx.x / 32; row < rows.rows; row += triplet_threads / 32) {
    const T* const to = rows.x + row * rows.columns;
    float sum = 0;
    for (std::int64_t c = lane; c < rows.columns; c += 32) {
      const float difference = widen(from[c]) - widen(to[c]);
      sum += difference * difference;
    }
    sum = warp_reduce<Sum>(sum);
    if (lane == 0) distance[row] = sum;
  }
  __syncthreads();
}

/// The terms of the triplets of one anchor, and their part in the gradient.
struct TripletTerms {
  const float* distance;
  float margin;
  std::int64_t rows, anchor;
  std::int32_t* factors;
  double sum = 0;
  int count = 0;

  __device__ void add(std::int64_t positive, std::int64_t negative) {
    const float term = margin + distance[positive] - distance[negative];
    ++count;
    if (term <= 0) return;
    sum += static_cast<double>(term);
    if (factors == nullptr) return;
    // Whole numbers: their sum is the same in any order.
    atomicAdd(&factors[anchor * rows + negative], 1);
    atomicAdd(&factors[anchor * rows + positive], -1);
    atomicAdd(&factors[positive * rows + positive], 1);
    atomicAdd(&factors[positive * rows + anchor], -1);
    atomicAdd(&factors[negative * rows + anchor], 1);
    atomicAdd(&factors[negative * rows + negative], -1);
  }
};

/// Adds the semi-hard triplets of an anchor, a warp to each positive.
__device__ inline void add_semi_hard(const std::int32_t* labels, std::int64_t farthest, TripletTerms& terms) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int32_t label = labels[terms.anchor];
  for (std::int64_t p = threadIdx.x / 32; p < terms.rows; p += triplet_threads / 32) {
    if (p == terms.anchor || labels[p] != label) continue;
    unsigned long long beyond = no_key;
    for (std::int64_t q = lane; q < terms.rows; q += 32)
      if (labels[q] != label && terms.distance[q] > terms.distance[p])
        beyond = Least::of(beyond, nearest_key(terms.distance[q], q));
    beyond = warp_reduce<Least>(beyond);
    if (lane == 0) terms.add(p, beyond == no_key ? farthest : row_of(beyond));
  }
}

template <class T>
__global__ void __launch_bounds__(triplet_threads)
    triplet_kernel(const LabelledRows<T> rows, float margin, ops::Mining mining, const TripletScratch to) {
  const std::int64_t a = blockIdx.x;
  float* const distance = to.distances + a * rows.rows;
  measure_distances(rows, a, distance);
  unsigned long long nearest = no_key, farthest = no_key, positive = no_key;
  for (std::int64_t row = threadIdx.x; row < rows.rows; row += triplet_threads) {
    if (rows.labels[row] != rows.labels[a]) {
      nearest = Least::of(nearest, nearest_key(distance[row], row));
      farthest = Least::of(farthest, farthest_key(distance[row], row));
    } else if (row != a) {
      positive = Least::of(positive, farthest_key(distance[row], row));
    }
  }
  nearest = block_reduce<triplet_threads, Least>(nearest);
  farthest = block_reduce<triplet_threads, Least>(farthest);
  positive = block_reduce<triplet_threads, Least>(positive);

  TripletTerms terms{distance, margin, rows.rows, a, to.factors};
  if (nearest != no_key && positive != no_key) {
    if (mining == ops::Mining::semi_hard)
      add_semi_hard(rows.labels, row_of(farthest), terms);
    else if (threadIdx.x == 0)
      terms.add(row_of(positive), row_of(nearest));
  }
  const double sum = block_reduce<triplet_threads, Sum>(terms.sum);
  const int count = block_reduce<triplet_threads, Sum>(terms.count);
  if (threadIdx.x == 0) {
    to.sums[a] = sum;
    to.counts[a] = count;
  }
}

/// Every block counts the triplets; the first one writes their mean.
static __global__ void __launch_bounds__(triplet_threads)
    triplet_mean_kernel(std::int64_t rows, const TripletScratch from, float* loss, float* factors) {
  double sum = 0, count = 0;
  for (std::int64_t a = threadIdx.x; a < rows; a += triplet_threads) {
    sum += from.sums[a];
    count += from.counts[a];
  }
  sum = block_reduce<triplet_threads, Sum>(sum);
  count = block_reduce<triplet_threads, Sum>(count);
  if (blockIdx.x == 0 && threadIdx.x == 0) loss[0] = count == 0 ? 0 : static_cast<float>(sum / count);
  if (factors == nullptr) return;
  const float share = count == 0 ? 1 : static_cast<float>(count);
  const std::int64_t first = std::int64_t{blockIdx.x} * triplet_threads + threadIdx.x;
  for (std::int64_t i = first; i < rows * rows; i += std::int64_t{gridDim.x} * triplet_threads)
    factors[i] = static_cast<float>(2 * from.factors[i]) / share;
}

/// A block to a row of dx: the sum of the rows of x by their factors, in order.
template <class T>
__global__ void __launch_bounds__(triplet_threads)
    triplet_gradient_kernel(const LabelledRows<T> rows, const float* __restrict__ factors,
                            const float* __restrict__ dy, T* __restrict__ dx) {
  const std::int64_t row = blockIdx.x;
  for (std::int64_t c = threadIdx.x; c < rows.columns; c += triplet_threads) {
    float sum = 0;
    for (std::int64_t j = 0; j < rows.rows; ++j) {
      const float factor = dy[0] * factors[row * rows.rows + j];
      if (factor != 0) sum += factor * widen(rows.x[j * rows.columns + c]);
    }
    dx[row * rows.columns + c] = narrow_to<T>(sum);
  }
}

template <class T>
void launch_triplets(const LabelledRows<T>& rows, float margin, ops::Mining mining,
                     const TripletScratch& to) {
  triplet_kernel<<<static_cast<unsigned>(rows.rows), triplet_threads, 0, stream()>>>(rows, margin, mining,
                                                                                     to);
  check_launch("triplet_loss");
}

template <class T>
void launch_triplet_gradient(const LabelledRows<T>& rows, const float* factors, const float* dy, T* dx) {
  triplet_gradient_kernel<<<static_cast<unsigned>(rows.rows), triplet_threads, 0, stream()>>>(rows, factors,
                                                                                              dy, dx);
  check_launch("the gradient of triplet_loss");
}

}  // namespace pretext::cuda
