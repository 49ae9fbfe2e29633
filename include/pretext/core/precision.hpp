// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <string_view>

namespace pretext {

/// What kernels may trade for speed: `fast` allows convolutions by fewer multiplications, whose results are
/// off by a few more units in the last place; `strict` computes every product of the definition.
enum class Precision { fast, strict };

inline constexpr std::string_view to_string(Precision precision) {
  return precision == Precision::strict ? "strict" : "fast";
}

namespace detail {
inline std::atomic<Precision>& precision_slot() {
  static std::atomic<Precision> slot{Precision::fast};
  return slot;
}
}  // namespace detail

inline Precision precision() { return detail::precision_slot().load(std::memory_order_relaxed); }

/// For the whole process; set it while no kernel runs.
inline void set_precision(Precision precision) {
  detail::precision_slot().store(precision, std::memory_order_relaxed);
}

}  // namespace pretext
