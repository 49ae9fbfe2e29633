// SPDX-License-Identifier: MIT
#pragma once

#if defined(EIGEN_GPUCC) || defined(__CUDACC__)
#error \
    "pretext/cpu/array.hpp brings Eigen, which nvcc compiles to another ABI: include it from .cpp files only"
#endif
#define EIGEN_DONT_PARALLELIZE  // threads come from the shared pool alone
#include <Eigen/Core>
#include <cstdint>

namespace pretext::cpu {

/// One row of numbers that Eigen owns, for scratch memory.
template <class T>
using Row = Eigen::Array<T, Eigen::Dynamic, 1>;

/// `count` elements in memory as an Eigen array.
template <class T>
auto array(T* data, std::int64_t count) {
  using Elements = Row<std::remove_const_t<T>>;
  return Eigen::Map<std::conditional_t<std::is_const_v<T>, const Elements, Elements>>(data, count);
}

}  // namespace pretext::cpu
