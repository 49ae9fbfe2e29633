// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/map.hpp"

namespace pretext {
namespace cpu {

/// f(0) + ... + f(n - 1), in eight running sums, so that compilers may keep them in vectors.
template <class Sum, class F>
Sum sum_of(std::int64_t n, F&& f) {
  std::array<Sum, 8> sums{};
  const std::int64_t whole = n / 8 * 8;
  for (std::int64_t i = 0; i < whole; i += 8)
    for (int lane = 0; lane < 8; ++lane) sums[lane] += f(i + lane);
  for (std::int64_t i = whole; i < n; ++i) sums[0] += f(i);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// Rows in one chunk of a reduction over rows; depends on the shape alone, so that sums have the same bits
/// for any number of threads. At most 64 chunks.
inline std::int64_t reduction_grain(std::int64_t rows, std::int64_t columns) {
  const std::int64_t in_cache = std::max<std::int64_t>(1, chunk / std::max<std::int64_t>(1, columns));
  return std::max(in_cache, (rows + 63) / 64);
}

/// out[width] = sum over chunks of what f(begin, end, partial) adds to a zeroed partial[width]: chunks of
/// rows run in parallel and are added in order.
template <class Sum, class T, class F>
void reduce_rows(std::int64_t rows, std::int64_t grain, std::int64_t width, T* out, F&& f) {
  const std::int64_t chunks = rows == 0 ? 0 : (rows - 1) / grain + 1;
  Tensor<Sum, Cpu> partials({std::max<std::int64_t>(1, chunks), width});
  partials.fill(Sum(0));
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    f(begin, end, partials.data() + begin / grain * width);
  });
  parallel_for(width, chunk, [&](std::int64_t begin, std::int64_t end) {
    Sum* total = partials.data();
    for (std::int64_t c = 1; c < chunks; ++c)
      for (std::int64_t i = begin; i < end; ++i) total[i] += total[c * width + i];
    for (std::int64_t i = begin; i < end; ++i) out[i] = static_cast<T>(total[i]);
  });
}

/// sum[...] of parts[P, ...], added in order.
inline Tensor<double, Cpu> sum_of_parts(const Tensor<double, Cpu>& parts) {
  const std::int64_t size = parts.shape().row_size();
  double* const total = parts.rows(0, 1).data();
  for (std::int64_t i = size; i < parts.size(); ++i) total[i % size] += parts.data()[i];
  return parts.rows(0, 1);
}

}  // namespace cpu

template <>
struct Kernel<ops::SumRows, Cpu> {
  template <class T>
  static void forward(const Tensor<T, Cpu>& x, Tensor<T, Cpu>& sum) {
    const std::int64_t rows = x.dim(0), columns = x.dim(1);
    cpu::reduce_rows<T>(rows, cpu::reduction_grain(rows, columns), columns, sum.data(),
                        [&](std::int64_t begin, std::int64_t end, T* partial) {
                          for (std::int64_t r = begin; r < end; ++r)
                            for (std::int64_t c = 0; c < columns; ++c)
                              partial[c] += x.data()[r * columns + c];
                        });
  }
};

}  // namespace pretext
