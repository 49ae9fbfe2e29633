// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/loss.hpp"
#include "pretext/cuda/reduce.cuh"

// A row of logits belongs to a group of threads: a warp, or for long rows a whole block.
namespace pretext::cuda {

inline constexpr int loss_threads = 256, longest_row_of_warp = 1024;

/// A thread of a group, and the rows that its group takes.
template <int Threads>
struct RowGroup {
  static constexpr int threads = Threads, groups = loss_threads / Threads;

  __device__ static int thread() { return static_cast<int>(threadIdx.x) % Threads; }
  __device__ static std::int64_t first_row() {
    return std::int64_t{blockIdx.x} * groups + static_cast<int>(threadIdx.x) / Threads;
  }
  __device__ static std::int64_t stride() { return std::int64_t{gridDim.x} * groups; }

  template <class Combine, class V>
  __device__ static V reduce(V v) {
    if constexpr (Threads == 32)
      return warp_reduce<Combine>(v);
    else
      return block_reduce<Threads, Combine>(v);
  }
  __device__ static void synchronize() {
    if constexpr (Threads == 32)
      __syncwarp();
    else
      __syncthreads();
  }
};

/// f(the group) for rows of so many classes, and the blocks that so many rows take.
template <class F>
void for_row_groups(const LossRows& rows, const F& f) {
  if (rows.classes <= longest_row_of_warp)
    f(RowGroup<32>(), blocks_for(32 * rows.rows, loss_threads));
  else
    f(RowGroup<loss_threads>(), blocks_for(loss_threads * rows.rows, loss_threads));
}

/// What a row of logits z is measured against.
template <class T>
struct SoftmaxRow {
  const T* z;
  std::int64_t row;
  int classes;
  float largest, log_sum, offsets;  // offsets: the sum of those that this thread saw

  /// The offset of a class; not a number where it is none.
  __device__ double offset(std::int32_t c) const {
    return 0 <= c && c < classes ? static_cast<double>(widen(z[c]) - largest) : static_cast<double>(NAN);
  }
};

/// What thread t of a row's group gives to its loss.
template <class T, class Group>
__device__ double loss_part(const LabelTarget& target, const SoftmaxRow<T>& of, Group) {
  double part = 0;
  if (Group::thread() == 0) part = target.formula.at_label(of.log_sum, of.offset(target.labels[of.row]));
  if (target.formula.smoothing != 0) part += target.formula.everywhere(of.offsets);
  return part;
}

template <class T, class Group>
__device__ double loss_part(const SoftTarget& target, const SoftmaxRow<T>& of, Group) {
  double part = 0;
#pragma unroll 1
  for (int j = Group::thread(); j < target.k; j += Group::threads) {
    const std::int64_t at = of.row * target.k + j;
    part += ops::soft_cross_entropy_term(target.shares[at], of.log_sum, of.offset(target.classes[at]));
  }
  return target.weights == nullptr ? part : target.weights[of.row] * part;
}

template <class T, class Target, class Group>
__global__ void __launch_bounds__(loss_threads)
    cross_entropy_kernel(const LossRows rows, const Target target, Group, const T* __restrict__ logits,
                         float* loss, float* __restrict__ probabilities, double* partials) {
  double sum = 0;
  for (std::int64_t row = Group::first_row(); row < rows.rows; row += Group::stride()) {
    SoftmaxRow<T> of{logits + row * rows.classes, row, rows.classes, -INFINITY, 0, 0};
    for (int c = Group::thread(); c < rows.classes; c += Group::threads)
      of.largest = fmaxf(of.largest, widen(of.z[c]));
    of.largest = Group::template reduce<Largest>(of.largest);
    float powers = 0;
    for (int c = Group::thread(); c < rows.classes; c += Group::threads) {
      const float offset = widen(of.z[c]) - of.largest;
      powers += expf(offset);
      of.offsets += offset;
    }
    powers = Group::template reduce<Sum>(powers);
    of.log_sum = logf(powers);
    if (probabilities != nullptr)
      for (int c = Group::thread(); c < rows.classes; c += Group::threads)
        probabilities[row * rows.classes + c] = expf(widen(of.z[c]) - of.largest) / powers;
    sum += loss_part(target, of, Group());
  }
  if (grid_sum<loss_threads>(sum, partials) && threadIdx.x == 0)
    loss[0] = static_cast<float>(sum / static_cast<double>(rows.rows));
}

template <class T, class Group>
__device__ void row_gradient(const LabelTarget& target, std::int64_t row, int classes, float scale,
                             const float* p, T* dx, Group) {
  const std::int32_t label = target.labels[row];
  for (int c = Group::thread(); c < classes; c += Group::threads) {
    const float d = target.formula.gradient(scale, p[c]);
    dx[c] = narrow_to<T>(c == label ? d - target.formula.label_gradient(scale) : d);
  }
}

/// First of all classes as if they had no share, then once more of those that have.
template <class T, class Group>
__device__ void row_gradient(const SoftTarget& target, std::int64_t row, int classes, float scale,
                             const float* p, T* dx, Group) {
  const std::int32_t* const of = target.classes + row * target.k;
  const float* const shares = target.shares + row * target.k;
  if (target.weights != nullptr) scale *= target.weights[row];
  float whole = 0;
  for (int j = 0; j < target.k; ++j) whole += shares[j];
  for (int c = Group::thread(); c < classes; c += Group::threads) dx[c] = narrow_to<T>(scale * whole * p[c]);
  Group::synchronize();
  for (int j = Group::thread(); j < target.k; j += Group::threads) {
    if (of[j] < 0 || of[j] >= classes) continue;
    float d = scale * whole * p[of[j]];
    for (int i = 0; i < target.k; ++i)
      if (of[i] == of[j]) d -= scale * shares[i];
    dx[of[j]] = narrow_to<T>(d);
  }
}

template <class T, class Target, class Group>
__global__ void __launch_bounds__(loss_threads)
    cross_entropy_gradient_kernel(const LossRows rows, const Target target, Group group,
                                  const float* __restrict__ probabilities, const float* __restrict__ dy,
                                  T* dx) {
  const float scale = dy[0] / static_cast<float>(rows.rows);
  for (std::int64_t row = Group::first_row(); row < rows.rows; row += Group::stride()) {
    const std::int64_t at = row * rows.classes;
    row_gradient(target, row, rows.classes, scale, probabilities + at, dx + at, group);
  }
}

template <class T, class Target>
void launch_cross_entropy(const LossRows& rows, const Target& target, const T* logits, float* loss,
                          float* probabilities, double* partials) {
  for_row_groups(rows, [&](auto group, unsigned blocks) {
    cross_entropy_kernel<<<blocks, loss_threads, 0, stream()>>>(rows, target, group, logits, loss,
                                                                probabilities, partials);
  });
  check_launch("a cross-entropy");
}

template <class T, class Target>
void launch_cross_entropy_gradient(const LossRows& rows, const Target& target, const float* probabilities,
                                   const float* dy, T* dx) {
  for_row_groups(rows, [&](auto group, unsigned blocks) {
    cross_entropy_gradient_kernel<<<blocks, loss_threads, 0, stream()>>>(rows, target, group, probabilities,
                                                                         dy, dx);
  });
  check_launch("the gradient of a cross-entropy");
}

/// A logit and its class.
struct Candidate {
  float logit;
  int c;

  /// True where this one comes before another: it is larger, or as large and the first. What is not a number
  /// is passed over, unless it comes first: then nothing is larger, as for std::max_element.
  __device__ bool beats(const Candidate& other) const {
    return logit > other.logit || (logit == other.logit && c < other.c);
  }
  __device__ static Candidate of(float logit, int c) {
    return {isnan(logit) ? (c == 0 ? INFINITY : -INFINITY) : logit, c};
  }
};

template <class T>
__global__ void __launch_bounds__(loss_threads)
    count_correct_kernel(const LossRows rows, const T* __restrict__ logits,
                         const std::int32_t* __restrict__ labels, std::int32_t* correct, double* partials) {
  using Group = RowGroup<32>;
  double count = 0;
  for (std::int64_t row = Group::first_row(); row < rows.rows; row += Group::stride()) {
    Candidate best{-INFINITY, rows.classes};
    for (int c = Group::thread(); c < rows.classes; c += Group::threads) {
      const Candidate next = Candidate::of(widen(logits[row * rows.classes + c]), c);
      if (next.beats(best)) best = next;
    }
#pragma unroll
    for (int lane = 16; lane > 0; lane /= 2) {
      const Candidate other{__shfl_xor_sync(0xFFFFFFFF, best.logit, lane),
                            __shfl_xor_sync(0xFFFFFFFF, best.c, lane)};
      if (other.beats(best)) best = other;
    }
    if (Group::thread() == 0 && best.c == labels[row]) count += 1;
  }
  if (grid_sum<loss_threads>(count, partials) && threadIdx.x == 0)
    correct[0] = static_cast<std::int32_t>(count);
}

template <class T>
void launch_count_correct(const LossRows& rows, const T* logits, const std::int32_t* labels,
                          std::int32_t* correct, double* partials) {
  count_correct_kernel<<<blocks_for(32 * rows.rows, loss_threads), loss_threads, 0, stream()>>>(
      rows, logits, labels, correct, partials);
  check_launch("count_correct");
}

template <class T, int N>
__global__ void __launch_bounds__(loss_threads)
    squared_error_kernel(std::int64_t size, const T* __restrict__ x, const T* __restrict__ target,
                         float* loss, double* partials) {
  const std::int64_t thread = std::int64_t{blockIdx.x} * loss_threads + threadIdx.x;
  const std::int64_t threads = std::int64_t{gridDim.x} * loss_threads, whole = size / N * N;
  double sum = 0;
  for (std::int64_t i = thread * N; i < whole; i += threads * N) {
    const Pack<T, N> a = *reinterpret_cast<const Pack<T, N>*>(x + i);
    const Pack<T, N> b = *reinterpret_cast<const Pack<T, N>*>(target + i);
    float squares = 0;
#pragma unroll
    for (int k = 0; k < N; ++k) squares += (widen(a.v[k]) - widen(b.v[k])) * (widen(a.v[k]) - widen(b.v[k]));
    sum += squares;
  }
  for (std::int64_t i = whole + thread; i < size; i += threads)
    sum += (widen(x[i]) - widen(target[i])) * (widen(x[i]) - widen(target[i]));
  if (grid_sum<loss_threads>(sum, partials) && threadIdx.x == 0)
    loss[0] = static_cast<float>(sum / static_cast<double>(size));
}

template <class T, int N>
__global__ void __launch_bounds__(loss_threads)
    squared_error_gradient_kernel(std::int64_t size, const T* __restrict__ x, const T* __restrict__ target,
                                  const float* __restrict__ dy, T* __restrict__ dx) {
  const float scale = 2 * dy[0] / static_cast<float>(size);
  const std::int64_t thread = std::int64_t{blockIdx.x} * loss_threads + threadIdx.x;
  const std::int64_t threads = std::int64_t{gridDim.x} * loss_threads, whole = size / N * N;
  for (std::int64_t i = thread * N; i < whole; i += threads * N) {
    const Pack<T, N> a = *reinterpret_cast<const Pack<T, N>*>(x + i);
    const Pack<T, N> b = *reinterpret_cast<const Pack<T, N>*>(target + i);
    Pack<T, N> d;
#pragma unroll
    for (int k = 0; k < N; ++k) d.v[k] = narrow_to<T>(scale * (widen(a.v[k]) - widen(b.v[k])));
    *reinterpret_cast<Pack<T, N>*>(dx + i) = d;
  }
  for (std::int64_t i = whole + thread; i < size; i += threads)
    dx[i] = narrow_to<T>(scale * (widen(x[i]) - widen(target[i])));
}

template <class T>
void launch_squared_error(std::int64_t size, const T* x, const T* target, float* loss, double* partials) {
  constexpr int n = pack_size<T>;
  const unsigned blocks = blocks_for((size + n - 1) / n, loss_threads);
  const auto kernel = packs<n>(0, x, target) ? squared_error_kernel<T, n> : squared_error_kernel<T, 1>;
  kernel<<<blocks, loss_threads, 0, stream()>>>(size, x, target, loss, partials);
  check_launch("mean_squared_error");
}

template <class T>
void launch_squared_error_gradient(std::int64_t size, const T* x, const T* target, const float* dy, T* dx) {
  constexpr int n = pack_size<T>;
  const unsigned blocks = blocks_for((size + n - 1) / n, loss_threads);
  const auto kernel = packs<n>(0, x, target, static_cast<const T*>(dx)) ? squared_error_gradient_kernel<T, n>
                                                                        : squared_error_gradient_kernel<T, 1>;
  kernel<<<blocks, loss_threads, 0, stream()>>>(size, x, target, dy, dx);
  check_launch("the gradient of mean_squared_error");
}

}  // namespace pretext::cuda
