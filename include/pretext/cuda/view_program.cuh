// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__)
#error \
    "a .cuh file is compiled by nvcc: include it from a .cu file, and the .hpp of the same name from a .cpp"
#endif

#include "pretext/cuda/launch.cuh"
#include "pretext/cuda/view_program.hpp"

namespace pretext::cuda {
namespace detail {

/// Pictures of a batch are few and programs long: small blocks reach more multiprocessors.
inline constexpr int program_threads = 32;

/// The number of the picture at a position of the epoch.
__device__ inline std::int64_t number_of(const DrawSource& from, std::int64_t position, std::uint32_t epoch) {
  if (from.order != nullptr) return from.order[position];
  if (!from.shuffle) return position;
  const Permutation order(static_cast<std::uint64_t>(from.size), from.seed, epoch);
  return static_cast<std::int64_t>(order(static_cast<std::uint64_t>(position)));
}

template <class Program>
__global__ void __launch_bounds__(program_threads)
    run_program(const __grid_constant__ Program program, DrawSource from, std::int64_t n, std::uint64_t seed,
                bool training, View* views, std::int32_t* labels) {
  const std::int64_t i = std::int64_t{blockIdx.x} * program_threads + threadIdx.x;
  if (i >= n) return;
  const std::uint32_t epoch = from.state->epoch;
  const std::int64_t index = number_of(from, from.state->first + i, epoch);
  const Source source{from.pictures[index], static_cast<std::int32_t>(i), from.labels[index], training,
                      index};
  write_views(program, source, seed, epoch, views, labels);
  for (int k = 0; k < program.views; ++k)
    views[i * program.views + k].source = static_cast<std::int32_t>(index);
}

template <class Program>
__global__ void __launch_bounds__(program_threads)
    write_members(const __grid_constant__ Program program, const std::int32_t* labels, std::int64_t n,
                  std::int32_t* members) {
  const std::int64_t i = std::int64_t{blockIdx.x} * program_threads + threadIdx.x;
  if (i >= n) return;
  program.members(labels + i * program.labels, static_cast<std::int32_t>(i * program.views),
                  members + i * program.labels * Program::group);
}

inline unsigned program_blocks(std::int64_t n) {
  return static_cast<unsigned>((n + program_threads - 1) / program_threads);
}

}  // namespace detail

template <class Program>
void launch_views(const Program& program, const DrawSource& source, std::int64_t n, std::uint64_t seed,
                  bool training, View* views, std::int32_t* labels) {
  if (n == 0) return;
  detail::run_program<<<detail::program_blocks(n), detail::program_threads, 0, stream()>>>(
      program, source, n, seed, training, views, labels);
  check_launch("running a view program");
}

template <class Program>
void launch_members(const Program& program, const std::int32_t* labels, std::int64_t n,
                    std::int32_t* members) {
  if (n == 0) return;
  detail::write_members<<<detail::program_blocks(n), detail::program_threads, 0, stream()>>>(program, labels,
                                                                                             n, members);
  check_launch("writing the members of groups");
}

}  // namespace pretext::cuda
