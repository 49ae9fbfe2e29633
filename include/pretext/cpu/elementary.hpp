// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <limits>

#include "pretext/cpu/vector.hpp"

namespace pretext::cpu {

/// Signed integers of the size of T, as bits of a T.
template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

namespace detail {

// ln 2 in two parts: n times the first, of nine bits, is exact for every exponent n.
inline constexpr double ln2_high = 0.693359375, ln2_low = -2.1219444005469058e-4;

/// ln 2 rounded towards 0.
template <class T>
inline constexpr T ln2_below = sizeof(T) == 8 ? T(0x1.62e42fefa39efp-1) : T(0x1.62e42ep-1);

/// 1 / k! from the highest power of the series of exp to the lowest: as many as |x| <= ln 2 / 2 needs in T.
template <class T>
constexpr auto exp_series() {
  std::array<T, sizeof(T) == 8 ? 14 : 8> terms{};
  double term = 1;
  for (std::size_t k = 0; k < terms.size(); term /= static_cast<double>(++k))
    terms[terms.size() - 1 - k] = static_cast<T>(term);
  return terms;
}

}  // namespace detail

/// x becomes e^x, off by up to 2 units in the last place; what is too large for T becomes infinity, and what
/// is below its smallest normal number 0. NaN stays.
template <class T, class V>
PRETEXT_INLINE void exponential(V& x) {
  using Limits = std::numeric_limits<T>;
  using Bits = typename VectorOf<BitsOf<T>, sizeof(V)>::type;
  constexpr int mantissa = Limits::digits - 1;
  // The logarithms of 2^max_exponent and of the smallest normal number, towards 0: all that lies between has
  // an n whose exponent T has.
  constexpr T most = T(Limits::max_exponent) * detail::ln2_below<T>,
              least = T(Limits::min_exponent - 1) * detail::ln2_below<T>;
  // Added to a number this rounds it to an integer, which ends up in the low bits.
  constexpr T rounder = T(BitsOf<T>(3) << (mantissa - 1));
  const V inside = x < least ? V{} : x > most ? V{} : x;
  const V shifted = inside * T(1.4426950408889634) + rounder, n = shifted - rounder;
  const V r = inside - n * T(detail::ln2_high) - n * T(detail::ln2_low);
  constexpr auto terms = detail::exp_series<T>();
  V sum = V{} + terms[0];
  for (std::size_t k = 1; k < terms.size(); ++k) sum = sum * r + terms[k];
  sum = (V)((Bits)sum + ((Bits)shifted << mantissa));
  x = x < least ? V{} : x > most ? V{} + Limits::infinity() : sum;
}

/// x becomes ln x, off by up to 3 units in the last place, where x is positive; below the smallest normal
/// number it is that number's. Infinity and NaN stay.
template <class T, class V>
PRETEXT_INLINE void logarithm(V& x) {
  using Limits = std::numeric_limits<T>;
  using Bits = typename VectorOf<BitsOf<T>, sizeof(V)>::type;
  constexpr int mantissa = Limits::digits - 1;
  const V inside = x < Limits::min() ? V{} + Limits::min() : x;
  // x = m 2^n with m from 1 / sqrt 2 to sqrt 2
  constexpr T lowest = T(0.7071067811865476);
  const Bits n = ((Bits)inside - __builtin_bit_cast(BitsOf<T>, lowest)) >> mantissa;
  const V m = (V)((Bits)inside - (n << mantissa)), exponent = __builtin_convertvector(n, V);
  // ln m = 2 artanh s
  const V s = (m - T(1)) / (m + T(1)), square = s * s;
  constexpr int terms = sizeof(T) == 8 ? 11 : 5;
  V sum{};
  for (int k = terms; k-- > 0;) sum = sum * square + T(2.0 / (2 * k + 1));
  sum = s * sum + exponent * T(detail::ln2_low) + exponent * T(detail::ln2_high);
  x = x < Limits::infinity() ? sum : x;
}

/// values[i] to the power of `exponent`, for positive values. Off by up to 3 units in the last place for each
/// unit of |exponent * ln value|, and 3 more.
template <class T>
struct PowerRow {
  T* values;
  std::int64_t count;
  T exponent;

  template <int Bytes, bool Whole>
  PRETEXT_INLINE void vector_of(std::int64_t, std::int64_t i) const {
    Vector<T, Bytes> v;
    load_lanes<Whole>(v, values + i, count - i);
    logarithm<T>(v);
    v *= exponent;
    exponential<T>(v);
    store_lanes<Whole>(values + i, v, count - i);
  }
  template <int Bytes>
  PRETEXT_INLINE static void run(const PowerRow& row) {
    each_vector<Bytes, T>(row, 1, row.count);
  }
};

}  // namespace pretext::cpu
