// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "pretext/core/checked.hpp"

namespace pretext::ops {

/// How far a window moves, how much border the picture gets, and how far apart its taps are; on both axes.
struct Window {
  std::int64_t stride = 1, padding = 0, dilation = 1;

  /// Output extent for an input extent and kernel size; throws where the kernel does not fit once. `ceil`
  /// keeps a last window that hangs over the end, as long as it starts before the end.
  std::int64_t output(std::string_view op, std::int64_t input, std::int64_t kernel, bool ceil = false) const {
    require(stride >= 1 && padding >= 0 && dilation >= 1, op,
            ": stride and dilation must be at least 1 and padding at least 0, not ", stride, ", ", dilation,
            " and ", padding);
    require(kernel >= 1, op, ": the kernel must be at least 1, not ", kernel);
    const std::int64_t reach =
        checked_add(checked_mul(dilation, kernel - 1, "dilation"), std::int64_t{1}, "kernel");
    const std::int64_t padded =
        checked_add(input, checked_mul(padding, std::int64_t{2}, "padding"), "padding");
    const std::int64_t room = checked_add(padded - reach, ceil ? stride - 1 : 0, "stride");
    require(room >= 0, op, ": a kernel that spans ", reach, " does not fit an input of ", input,
            " with padding ", padding);
    const std::int64_t steps = room / stride;
    return ceil && steps > 0 && checked_mul(steps, stride, "stride") >= input + padding ? steps : steps + 1;
  }
};

}  // namespace pretext::ops
