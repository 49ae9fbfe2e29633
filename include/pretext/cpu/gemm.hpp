// SPDX-License-Identifier: MIT
#pragma once

#if defined(EIGEN_GPUCC) || defined(__CUDACC__)
#error \
    "pretext/cpu/gemm.hpp brings Eigen, which nvcc compiles to another ABI: include it from .cpp files only"
#endif
#define EIGEN_DONT_PARALLELIZE  // threads come from the shared pool alone
#include <Eigen/Core>
#include <cstdint>

namespace pretext::cpu {

/// A matrix in memory, rows first, with the distance between rows; read transposed if so marked.
template <class T>
struct Matrix {
  T* data;
  std::int64_t rows, columns, stride;
};

template <class T>
auto eigen(Matrix<T> m) {
  using Dense = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Map = Eigen::Map<std::conditional_t<std::is_const_v<T>, const Dense, Dense>, 0, Eigen::OuterStride<>>;
  return Map(m.data, m.rows, m.columns, Eigen::OuterStride<>(m.stride));
}

namespace detail {

/// Eigen cuts long sums by the size of the caches it finds, so that two machines would round differently.
inline void fix_blocks() {
  static const bool fixed = (Eigen::setCpuCacheSizes(32 << 10, 1 << 20, 4 << 20), true);
  static_cast<void>(fixed);
}

}  // namespace detail

/// c = a b, or c += a b, on the calling thread. All matrix products of the engine go through these three.
template <class T>
void gemm(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add = false) {
  detail::fix_blocks();
  if (!add) eigen(c).setZero();
  eigen(c).noalias() += eigen(a) * eigen(b);
}

/// c = a b^T, or c += a b^T
template <class T>
void gemm_nt(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add = false) {
  detail::fix_blocks();
  if (!add) eigen(c).setZero();
  eigen(c).noalias() += eigen(a) * eigen(b).transpose();
}

/// c = a^T b, or c += a^T b
template <class T>
void gemm_tn(Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add = false) {
  detail::fix_blocks();
  if (!add) eigen(c).setZero();
  eigen(c).noalias() += eigen(a).transpose() * eigen(b);
}

}  // namespace pretext::cpu
