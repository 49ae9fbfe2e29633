// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "pretext/ops/conv2d.hpp"

namespace pretext::cpu {

/// One group's share of a convolution: which channels it reads and how long one line of gathered taps is.
struct ConvGroup {
  std::int64_t channels, first_channel, line;

  ConvGroup(const ops::ConvShape& s, std::int64_t group)
      : channels(s.ci / s.groups), first_channel(group * channels), line(s.kh * s.kw * channels) {}
};

/// Calls f(x offset or -1 for the border, line offset, count) for each contiguous run of the line that output
/// pixel (row, ox) gathers; `row` counts output rows over all pictures.
template <class F>
void for_each_run(const ops::ConvShape& s, const ConvGroup& g, std::int64_t row, std::int64_t ox, F&& f) {
  const auto [stride, padding, dilation] = s.window;
  const std::int64_t picture = row / s.oh, y0 = row % s.oh * stride - padding, x0 = ox * stride - padding;
  const bool whole = dilation == 1 && s.groups == 1 && x0 >= 0 && x0 + s.kw <= s.w;
  for (std::int64_t ky = 0; ky < s.kh; ++ky) {
    const std::int64_t y = y0 + ky * dilation, line = ky * s.kw * g.channels;
    const std::int64_t start = ((picture * s.h + y) * s.w + x0) * s.ci + g.first_channel;
    const bool inside = 0 <= y && y < s.h;
    if (whole || !inside) {
      f(inside ? start : -1, line, s.kw * g.channels);
      continue;
    }
    for (std::int64_t kx = 0; kx < s.kw; ++kx) {
      const std::int64_t x = x0 + kx * dilation;
      f(0 <= x && x < s.w ? start + kx * dilation * s.ci : -1, line + kx * g.channels, g.channels);
    }
  }
}

/// lines[(row - first) * OW + ox, KH * KW * channels] = what each output pixel of rows [first, last) reads of
/// x.
template <class T>
void im2row(const ops::ConvShape& s, const ConvGroup& g, std::int64_t first, std::int64_t last, const T* x,
            T* lines) {
  for (std::int64_t row = first; row < last; ++row)
    for (std::int64_t ox = 0; ox < s.ow; ++ox, lines += g.line)
      for_each_run(s, g, row, ox, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
        if (from >= 0)
          std::copy_n(x + from, count, lines + to);
        else
          std::fill_n(lines + to, count, T(0));
      });
}

/// The transpose of im2row: adds every line element to the pixel that it was read from.
template <class T>
void row2im(const ops::ConvShape& s, const ConvGroup& g, std::int64_t first, std::int64_t last,
            const T* lines, T* x) {
  for (std::int64_t row = first; row < last; ++row)
    for (std::int64_t ox = 0; ox < s.ow; ++ox, lines += g.line)
      for_each_run(s, g, row, ox, [&](std::int64_t to, std::int64_t from, std::int64_t count) {
        if (to < 0) return;
        for (std::int64_t i = 0; i < count; ++i) x[to + i] += lines[from + i];
      });
}

}  // namespace pretext::cpu
