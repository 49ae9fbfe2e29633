// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "pretext/image/image.hpp"
#include "pretext/report/canvas.hpp"

namespace test {

/// A value that nothing is known of.
inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

inline pretext::report::Color color_at(const pretext::Image& image, int y, int x) {
  return {image.at(y, x, 0), image.at(y, x, 1), image.at(y, x, 2)};
}

}  // namespace test
