// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/config.hpp"

namespace pretext::ops {

/// One axis of a pooling, counted in signed integers of type I.
template <class I>
struct PoolAxis {
  I extent, outputs, kernel, stride, padding, dilation;

  /// The coordinate under tap 0 of a window; it may be on the border.
  PRETEXT_INLINE PRETEXT_HD I start(I out) const { return out * stride - padding; }

  /// The first window that may read coordinate i.
  PRETEXT_INLINE PRETEXT_HD I first_reader(I i) const {
    const I beyond = i + padding - (kernel - 1) * dilation;
    return beyond > 0 ? (beyond + stride - 1) / stride : 0;
  }
  /// The one behind the last.
  PRETEXT_INLINE PRETEXT_HD I readers_end(I i) const {
    const I end = (i + padding) / stride + 1;
    return end < outputs ? end : outputs;
  }
  /// With which tap such a window reads coordinate i; -1: it steps over it.
  PRETEXT_INLINE PRETEXT_HD I tap(I out, I i) const {
    const I distance = i - start(out);
    return distance % dilation == 0 ? distance / dilation : -1;
  }
};

/// The taps of one window, along one axis, that lie inside the picture, and where tap 0 would be.
template <class I>
struct Taps {
  I first, last, start;

  PRETEXT_INLINE PRETEXT_HD Taps(const PoolAxis<I>& axis, I out) : start(axis.start(out)) {
    const I step = axis.dilation, inside = axis.extent - start;
    first = start < 0 ? (-start + step - 1) / step : 0;
    last = inside > 0 ? (inside + step - 1) / step : 0;
    if (last > axis.kernel) last = axis.kernel;
    if (last < first) last = first;
  }

  PRETEXT_INLINE PRETEXT_HD bool empty() const { return first == last; }

  /// Of the taps inside, the one nearest to this tap; there must be one.
  PRETEXT_INLINE PRETEXT_HD I nearest(I tap) const {
    return tap < first ? first : tap < last ? tap : last - 1;
  }

  /// How many taps count in a mean: those inside, or with `padding` also those on the border.
  PRETEXT_INLINE PRETEXT_HD I count(const PoolAxis<I>& axis, bool padding) const {
    const I room = axis.extent + axis.padding - start;
    return !padding ? last - first : room < axis.kernel ? room : axis.kernel;
  }
};

/// True where a maximum that was b becomes a: not a number is larger than all numbers, as it should come
/// through.
template <class T>
PRETEXT_INLINE PRETEXT_HD bool wins(T a, T b) {
  return (a > b) | (a != a);
}

}  // namespace pretext::ops
