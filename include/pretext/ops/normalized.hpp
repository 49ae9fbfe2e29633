// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/config.hpp"

namespace pretext::ops {

/// What becomes of one channel, or of one vector V of channels: (v - center) * scale + shift, and 0 in place of
/// negatives if `relu`.
template <class V>
struct Normalized {
  V center{}, scale{}, shift{};
  bool relu = false;

  PRETEXT_INLINE PRETEXT_HD void evaluate(V& v) const {
    v = (v - center) * scale + shift;
    if (relu) v = v < V{} ? V{} : v;
  }

  /// d becomes 0 where what is made of x is cut: the gradient that passes the relu.
  PRETEXT_INLINE PRETEXT_HD void cut_gradient(V& d, const V& x) const {
    if (relu) d = (x - center) * scale + shift > V{} ? d : V{};
  }

  /// The gradient d of what is made of x becomes that of x, for a batch norm whose factors are level and slope.
  PRETEXT_INLINE PRETEXT_HD void evaluate_gradient(V& d, const V& x, const V& level, const V& slope) const {
    cut_gradient(d, x);
    d = scale * (d - level - (x - center) * slope);
  }
};

}  // namespace pretext::ops
