// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

#include "pretext/cpu/isa.hpp"

namespace pretext::cpu {

template <class T, int Bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(Bytes)));
};

/// As many T as fill `Bytes`.
template <class T, int Bytes>
using Vector = typename VectorOf<T, Bytes>::type;

template <class T, int Bytes>
inline constexpr int lanes = Bytes / static_cast<int>(sizeof(T));

/// Lanes of a vector of T in the set in use.
template <class T>
std::int64_t vector_lanes() {
  return vector_bytes() / static_cast<std::int64_t>(sizeof(T));
}

// Vectors are handed over by reference: by value, their calling convention would depend on the build's flags.
// Memory may have any address that a T may have.

template <class V, class T>
PRETEXT_INLINE void load(V& v, const T* from) {
  std::memcpy(&v, from, sizeof v);
}

template <class V, class T>
PRETEXT_INLINE void store(T* to, const V& v) {
  std::memcpy(to, &v, sizeof v);
}

/// All lanes, or the first `count` and zeros behind them.
template <bool Whole, class V, class T>
PRETEXT_INLINE void load_lanes(V& v, const T* from, std::int64_t count) {
  if constexpr (Whole) return load(v, from);
  v = V{};
  std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(T));
}

/// All lanes, or the first `count`.
template <bool Whole, class V, class T>
PRETEXT_INLINE void store_lanes(T* to, const V& v, std::int64_t count) {
  if constexpr (Whole) return store(to, v);
  std::memcpy(to, &v, static_cast<std::size_t>(count) * sizeof(T));
}

/// Calls kernel.vector_of<Bytes, Whole>(row, c) for each vector of each row, in the order of memory, where
/// `row` is the row's first element; the last vector of a row may not be whole.
template <int Bytes, class T, class Kernel>
PRETEXT_INLINE void each_vector(const Kernel& kernel, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t n = lanes<T, Bytes>;
  for (std::int64_t row = 0; row < rows * columns; row += columns) {
    std::int64_t c = 0;
    for (; c + n <= columns; c += n) kernel.template vector_of<Bytes, true>(row, c);
    if (c < columns) kernel.template vector_of<Bytes, false>(row, c);
  }
}

/// Calls kernel.columns_of<Bytes, Vectors, Whole>(c) for all columns: four vectors of them side by side where
/// there are as many, so that their sums stay in registers over all rows.
template <int Bytes, class T, class Kernel>
PRETEXT_INLINE void each_columns(const Kernel& kernel, std::int64_t columns) {
  constexpr std::int64_t n = lanes<T, Bytes>;
  std::int64_t c = 0;
  for (; c + 4 * n <= columns; c += 4 * n) kernel.template columns_of<Bytes, 4, true>(c);
  for (; c + n <= columns; c += n) kernel.template columns_of<Bytes, 1, true>(c);
  if (c < columns) kernel.template columns_of<Bytes, 1, false>(c);
}

}  // namespace pretext::cpu
