// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/reduce.cuh"
#include "pretext/cuda/update.hpp"

namespace pretext::cuda {

inline constexpr int update_threads = 256;

/// N neighbouring elements of an entry from i on.
template <int N, class F>
__device__ void update_pack(const UpdateEntry<F>& entry, const F& f, std::int64_t i) {
  constexpr int slots = UpdateEntry<F>::slots;
  using P = Pack<float, N>;
  P weight = *reinterpret_cast<const P*>(entry.weight + i);
  const P gradient = *reinterpret_cast<const P*>(entry.gradient + i);
  P state[slots + 1];
#pragma unroll
  for (int s = 0; s < slots; ++s) state[s] = *reinterpret_cast<const P*>(entry.state[s] + i);
#pragma unroll
  for (int k = 0; k < N; ++k) {
    float of[slots + 1];
#pragma unroll
    for (int s = 0; s < slots; ++s) of[s] = state[s].v[k];
    f(weight.v[k], gradient.v[k], of);
#pragma unroll
    for (int s = 0; s < slots; ++s) state[s].v[k] = of[s];
  }
  *reinterpret_cast<P*>(entry.weight + i) = weight;
#pragma unroll
  for (int s = 0; s < slots; ++s) *reinterpret_cast<P*>(entry.state[s] + i) = state[s];
}

/// f(first element, pack size as a type) for the elements of a chunk that belong to this thread.
template <class F, class Visit>
__device__ void for_chunk(const UpdateEntry<F>& entry, std::int64_t index, const Visit& visit) {
  constexpr int n = 4;
  const std::int64_t begin = index * UpdateChunk::elements;
  const std::int64_t end = min(entry.size, begin + UpdateChunk::elements);
  const std::int64_t whole = entry.aligned ? begin + (end - begin) / n * n : begin;
#pragma unroll 1
  for (std::int64_t i = begin + n * static_cast<int>(threadIdx.x); i < whole; i += n * update_threads)
    visit.template pack<n>(i);
  for (std::int64_t i = whole + static_cast<int>(threadIdx.x); i < end; i += update_threads)
    visit.template pack<1>(i);
}

template <class F>
struct UpdateVisit {
  const UpdateEntry<F>& entry;
  const F& f;

  template <int N>
  __device__ void pack(std::int64_t i) const {
    update_pack<N>(entry, f, i);
  }
};

/// scaled: in place of the functors in the entries, or null.
template <class F>
__global__ void __launch_bounds__(update_threads)
    update_kernel(const UpdateEntry<F>* __restrict__ entries, const UpdateChunk* __restrict__ chunks,
                  const F* __restrict__ scaled) {
  const UpdateChunk chunk = chunks[blockIdx.x];
  const UpdateEntry<F> entry = entries[chunk.entry];
  const F f = scaled == nullptr ? entry.f : scaled[chunk.entry];
  for_chunk(entry, chunk.index, UpdateVisit<F>{entry, f});
}

template <class F>
struct NormVisit {
  const UpdateEntry<F>& entry;
  float &weight, &gradient;

  template <int N>
  __device__ void pack(std::int64_t i) const {
    const Pack<float, N> w = *reinterpret_cast<const Pack<float, N>*>(entry.weight + i);
    const Pack<float, N> g = *reinterpret_cast<const Pack<float, N>*>(entry.gradient + i);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      weight += w.v[k] * w.v[k];
      gradient += g.v[k] * g.v[k];
    }
  }
};

template <class F>
__global__ void __launch_bounds__(update_threads)
    update_norms_kernel(const UpdateEntry<F>* __restrict__ entries, const UpdateChunk* __restrict__ chunks,
                        double* __restrict__ norms) {
  const UpdateChunk chunk = chunks[blockIdx.x];
  const UpdateEntry<F> entry = entries[chunk.entry];
  float weight = 0, gradient = 0;
  for_chunk(entry, chunk.index, NormVisit<F>{entry, weight, gradient});
  const double weights = block_reduce<update_threads, Sum>(static_cast<double>(weight));
  const double gradients = block_reduce<update_threads, Sum>(static_cast<double>(gradient));
  if (threadIdx.x == 0) {
    norms[2 * blockIdx.x] = weights;
    norms[2 * blockIdx.x + 1] = gradients;
  }
}

/// One block for each entry.
template <class F>
__global__ void __launch_bounds__(update_threads)
    scale_updates_kernel(const UpdateEntry<F>* __restrict__ entries, const double* __restrict__ norms,
                         F* __restrict__ scaled) {
  const UpdateEntry<F>& entry = entries[blockIdx.x];
  const std::int64_t first = entry.first_chunk;
  const std::int64_t last = first + (entry.size + UpdateChunk::elements - 1) / UpdateChunk::elements;
  double weights = 0, gradients = 0;
  for (std::int64_t i = first + threadIdx.x; i < last; i += update_threads) {
    weights += norms[2 * i];
    gradients += norms[2 * i + 1];
  }
  weights = block_reduce<update_threads, Sum>(weights);
  gradients = block_reduce<update_threads, Sum>(gradients);
  if (threadIdx.x == 0) scaled[blockIdx.x] = entry.f.scaled(sqrt(weights), sqrt(gradients));
}

template <class F>
void launch_update(const UpdateEntry<F>* entries, const UpdateChunk* chunks, std::int64_t count) {
  update_kernel<F><<<static_cast<unsigned>(count), update_threads, 0, stream()>>>(entries, chunks, nullptr);
  check_launch("an optimiser's update");
}

template <class F>
void launch_update_norms(const UpdateEntry<F>* entries, const UpdateChunk* chunks, std::int64_t count,
                         double* norms) {
  update_norms_kernel<<<static_cast<unsigned>(count), update_threads, 0, stream()>>>(entries, chunks, norms);
  check_launch("the norms of an optimiser's update");
}

template <class F>
void launch_scaled_update(const UpdateEntry<F>* entries, std::int64_t entry_count, const UpdateChunk* chunks,
                          std::int64_t count, const double* norms, F* scaled) {
  scale_updates_kernel<<<static_cast<unsigned>(entry_count), update_threads, 0, stream()>>>(entries, norms,
                                                                                            scaled);
  check_launch("the scale of an optimiser's update");
  update_kernel<F><<<static_cast<unsigned>(count), update_threads, 0, stream()>>>(entries, chunks, scaled);
  check_launch("an optimiser's update");
}

}  // namespace pretext::cuda
