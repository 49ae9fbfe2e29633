// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "pretext/cpu/vector.hpp"

namespace pretext::cpu {

/// Short correlations by the method of Toom and Cook (in the literature of convolution, Winograd's), from
/// their points alone: 0, infinity, and a and -a for each of Pairs numbers a; T = 2 Pairs + 2 points.
///
/// For x[T], a kernel k[R] and M = T - R + 1:  y[m] = sum over r of x[m + r] k[r]
///   = output(input(x) * kernel(k)), the product taken element by element.
/// kernel evaluates a polynomial at the points, output is the transpose of that, input that of interpolation.
template <class S, int Pairs>
struct ToomCook {
  static constexpr int T = 2 * Pairs + 2;

  /// out[T] from x[T], each with a distance between elements.
  template <class V>
  PRETEXT_INLINE static void input(const V* x, int x_step, V* out, int out_step) {
    V zero{}, infinity{};
#pragma GCC unroll 4
    for (int k = 0; k <= Pairs; ++k) {
      zero += all[k] * x[2 * k * x_step];
      infinity += all[k] * x[(2 * k + 1) * x_step];
    }
    out[0] = zero;
    out[(T - 1) * out_step] = infinity;
#pragma GCC unroll 3
    for (int p = 0; p < Pairs; ++p) {
      V even{}, odd{};
#pragma GCC unroll 3
      for (int k = 0; k < Pairs; ++k) {
        even += others[p][k] * x[(2 * k + 2) * x_step];
        odd += others[p][k] * x[(2 * k + 1) * x_step];
      }
      odd *= powers[p][1];
      out[(2 * p + 1) * out_step] = even + odd;
      out[(2 * p + 2) * out_step] = even - odd;
    }
  }

  /// out[T] from k[N].
  template <int N, class V>
  PRETEXT_INLINE static void kernel(const V* k, int k_step, V* out, int out_step) {
    out[0] = scale_at_zero * k[0];
    out[(T - 1) * out_step] = k[(N - 1) * k_step];
#pragma GCC unroll 3
    for (int p = 0; p < Pairs; ++p) {
      V even{}, odd{};
#pragma GCC unroll 8
      for (int i = 0; i < N; i += 2) even += scaled[p][i] * k[i * k_step];
#pragma GCC unroll 8
      for (int i = 1; i < N; i += 2) odd += scaled[p][i] * k[i * k_step];
      out[(2 * p + 1) * out_step] = even + odd;
      out[(2 * p + 2) * out_step] = even - odd;
    }
  }

  /// out[N] from y[T].
  template <int N, class V>
  PRETEXT_INLINE static void output(const V* y, int y_step, V* out, int out_step) {
    V sum[Pairs], difference[Pairs];
#pragma GCC unroll 3
    for (int p = 0; p < Pairs; ++p) {
      sum[p] = y[(2 * p + 1) * y_step] + y[(2 * p + 2) * y_step];
      difference[p] = y[(2 * p + 1) * y_step] - y[(2 * p + 2) * y_step];
    }
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) {
      V value = i % 2 == 0 ? sum[0] : difference[0];  // the first number is 1
#pragma GCC unroll 3
      for (int p = 1; p < Pairs; ++p) value += powers[p][i] * (i % 2 == 0 ? sum[p] : difference[p]);
      if (i == 0) value += y[0];
      if (i == N - 1) value += y[(T - 1) * y_step];
      out[i * out_step] = value;
    }
  }

 private:
  static constexpr std::array<double, 3> numbers{1, 2, 0.5};
  using Rows = std::array<std::array<S, 8>, Pairs>;

  /// Coefficients of 1, x^2, x^4 ... in the product of x^2 - a^2 over all numbers a but one.
  static constexpr std::array<S, 8> product(int left_out) {
    std::array<double, 8> c{1};
    for (int p = 0; p < Pairs; ++p)
      for (int k = p == left_out ? -1 : Pairs; k >= 0; --k)
        c[k] = (k > 0 ? c[k - 1] : 0) - numbers[p] * numbers[p] * c[k];
    std::array<S, 8> result{};
    for (int k = 0; k < 8; ++k) result[k] = static_cast<S>(c[k]);
    return result;
  }

  /// a^i for each number a, over what interpolation at a divides by if so marked.
  static constexpr Rows powers_of(bool scaled_down) {
    Rows rows{};
    for (int p = 0; p < Pairs; ++p) {
      const double square = numbers[p] * numbers[p];
      double value = scaled_down ? 1 / (2 * square) : 1;
      for (int q = 0; q < Pairs; ++q)
        if (scaled_down && q != p) value /= square - numbers[q] * numbers[q];
      for (int i = 0; i < 8; ++i, value *= numbers[p]) rows[p][i] = static_cast<S>(value);
    }
    return rows;
  }

  static constexpr Rows products() {
    Rows rows{};
    for (int p = 0; p < Pairs; ++p) rows[p] = product(p);
    return rows;
  }

  static constexpr std::array<S, 8> all = product(-1);
  static constexpr Rows others = products(), powers = powers_of(false), scaled = powers_of(true);
  static constexpr S scale_at_zero = 1 / all[0];
};

/// The three transforms, each as a step from lines of `in` to lines of `out` elements. An input may be
/// normalised on the way, an output has an epilogue.
template <class S, int Pairs>
struct InputStep {
  static constexpr int in = ToomCook<S, Pairs>::T, out = in;
  static constexpr bool evaluates = true, finishes = false;
  template <class V>
  PRETEXT_INLINE static void apply(const V* from, V* to, int step) {
    ToomCook<S, Pairs>::input(from, 1, to, step);
  }
};
template <class S, int Pairs, int N>
struct KernelStep {
  static constexpr int in = N, out = ToomCook<S, Pairs>::T;
  static constexpr bool evaluates = false, finishes = false;
  template <class V>
  PRETEXT_INLINE static void apply(const V* from, V* to, int step) {
    ToomCook<S, Pairs>::template kernel<N>(from, 1, to, step);
  }
};
template <class S, int Pairs, int N>
struct OutputStep {
  static constexpr int in = ToomCook<S, Pairs>::T, out = N;
  static constexpr bool evaluates = false, finishes = true;
  template <class V>
  PRETEXT_INLINE static void apply(const V* from, V* to, int step) {
    ToomCook<S, Pairs>::template output<N>(from, 1, to, step);
  }
};

}  // namespace pretext::cpu
