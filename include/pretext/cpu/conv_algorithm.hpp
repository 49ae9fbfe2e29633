// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>

#include "pretext/core/precision.hpp"
#include "pretext/cpu/isa.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::cpu {

/// The ways to compute a convolution.
enum class ConvAlgorithm {
  automatic,  ///< the one that a model of their cost finds cheapest
  gemm,       ///< 1 x 1 with stride 1: one matrix product
  direct,     ///< tap by tap
  lines,      ///< pixels gathered into lines, then a matrix product: for few channels
  winograd2,  ///< F(2, 3) or F(2, 5): output tiles of 2 x 2
  winograd4   ///< F(4, 3) or F(4, 5): output tiles of 4 x 4
};

/// True where a convolution can be computed so.
inline bool can_compute(ConvAlgorithm algorithm, const ops::ConvShape& s) {
  const auto [stride, padding, dilation] = s.window;
  if (algorithm == ConvAlgorithm::gemm)
    return s.kh == 1 && s.kw == 1 && s.groups == 1 && stride == 1 && padding == 0;
  if (algorithm == ConvAlgorithm::winograd2 || algorithm == ConvAlgorithm::winograd4)
    return s.kh == s.kw && (s.kh == 3 || s.kh == 5) && s.groups == 1 && stride == 1 && dilation == 1 &&
           padding < s.kh && runs_wide_kernels();
  return true;
}

/// Multiplications and what takes as long, for the passes over one batch.
inline double winograd_cost(const ops::ConvShape& s, std::int64_t m) {
  const auto tiles = static_cast<double>(s.n * ((s.oh + m - 1) / m) * ((s.ow + m - 1) / m)),
             ci = static_cast<double>(s.ci), co = static_cast<double>(s.co);
  const auto t = static_cast<double>(m + s.kh - 1);
  return tiles * t * t * (ci * co + 40 * (ci + co)) + 40 * t * t * ci * co;
}

inline double direct_cost(const ops::ConvShape& s) {
  return static_cast<double>(s.n * s.oh * s.ow) * static_cast<double>(s.kh * s.kw * s.ci) *
         static_cast<double>(s.co);
}

namespace detail {
inline std::atomic<ConvAlgorithm>& conv_algorithm_slot() {
  static std::atomic<ConvAlgorithm> slot{ConvAlgorithm::automatic};
  return slot;
}
}  // namespace detail

/// For tests and benches: convolutions that can be computed so are.
inline void force_conv_algorithm(ConvAlgorithm algorithm) { detail::conv_algorithm_slot() = algorithm; }

/// How a convolution is computed: a function of its shape and of precision() alone, the same for all three
/// passes. Nothing is timed, so that every run of a build rounds alike.
inline ConvAlgorithm conv_algorithm(const ops::ConvShape& s) {
  using A = ConvAlgorithm;
  const A forced = detail::conv_algorithm_slot().load(std::memory_order_relaxed);
  if (forced != A::automatic && can_compute(forced, s)) return forced;
  if (can_compute(A::gemm, s)) return A::gemm;
  if (s.ci / s.groups < 16) return A::lines;
  if (precision() == Precision::strict || !can_compute(A::winograd4, s)) return A::direct;
  const double direct = direct_cost(s), two = winograd_cost(s, 2), four = winograd_cost(s, 4);
  return std::min(two, four) >= direct ? A::direct : two < four ? A::winograd2 : A::winograd4;
}

}  // namespace pretext::cpu
