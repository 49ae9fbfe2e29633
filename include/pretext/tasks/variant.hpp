// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "pretext/core/error.hpp"

namespace pretext::tasks {

/// Whose constants a task uses: those that its paper states, those of the code that its authors released, or
/// those of Kolesnikov, Zhai and Beyer's revisit (CVPR 2019).
enum class Variant { paper, released, revisited };

inline constexpr Variant variants[] = {Variant::paper, Variant::released, Variant::revisited};

inline constexpr const char* to_string(Variant variant) {
  return variant == Variant::paper ? "paper" : variant == Variant::released ? "released" : "revisited";
}

/// The variant of a name; throws where there is none.
inline Variant variant_of(std::string_view name) {
  for (const Variant variant : variants)
    if (name == to_string(variant)) return variant;
  fail("there is no variant '", name, "'; there are paper, released and revisited");
}

}  // namespace pretext::tasks
