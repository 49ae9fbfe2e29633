// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <vector>

#include "pretext/cpu/map.hpp"
#include "pretext/ops/pool.hpp"

namespace pretext::cpu {

/// Along one axis of a pooling.
using Axis = ops::PoolAxis<std::int64_t>;
using Taps = ops::Taps<std::int64_t>;

/// Along one axis, which windows read an input coordinate, and with which of their taps.
class Readers {
 public:
  struct Reader {
    std::int64_t out, tap;
  };

  explicit Readers(const Axis& axis) : first_(static_cast<std::size_t>(axis.extent) + 1) {
    const auto input = [&](std::int64_t out, std::int64_t tap) {
      return axis.start(out) + tap * axis.dilation;
    };
    each_tap(axis, [&](auto out, auto tap) { ++first_[static_cast<std::size_t>(input(out, tap) + 1)]; });
    for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
    readers_.resize(first_.back());
    auto next = first_;
    each_tap(axis, [&](auto out, auto tap) {
      readers_[next[static_cast<std::size_t>(input(out, tap))]++] = {out, tap};
    });
  }

  /// In the order of the windows.
  Span<const Reader> of(std::int64_t i) const {
    const std::size_t begin = first_[static_cast<std::size_t>(i)],
                      end = first_[static_cast<std::size_t>(i) + 1];
    return {readers_.data() + begin, end - begin};
  }

 private:
  template <class F>
  static void each_tap(const Axis& axis, F&& f) {
    for (std::int64_t out = 0; out < axis.outputs; ++out) {
      const Taps taps(axis, out);
      for (std::int64_t tap = taps.first; tap < taps.last; ++tap) f(out, tap);
    }
  }

  std::vector<std::size_t> first_;
  std::vector<Reader> readers_;
};

/// Rows of `width` pixels of `channels` in one chunk.
inline std::int64_t picture_rows(std::int64_t width, std::int64_t channels) {
  return std::max<std::int64_t>(1, chunk / std::max<std::int64_t>(1, width * channels));
}

/// The rows under a window that moves down; what waits to be evaluated is, once while the window is over it.
template <class T>
class WindowRows {
 public:
  WindowRows(const ops::PoolShape& s, const ops::Operand<T, Cpu>& x)
      : s_(s), x_(x), lines_(static_cast<std::size_t>(s.kernel)) {
    if (x.plain()) return;
    const std::int64_t high = (s.kernel - 1) * s.window.dilation + 1;
    held_.assign(static_cast<std::size_t>(high), -1);
    evaluated_ = Tensor<T, Cpu>({high, s.w, s.c});
  }

  /// Moves to such taps of a picture.
  void move(std::int64_t picture, const Taps& ys) {
    for (std::int64_t ky = ys.first; ky < ys.last; ++ky)
      lines_[static_cast<std::size_t>(ky)] = row(picture * s_.h + ys.start + ky * s_.window.dilation);
  }

  /// The first pixel of the row under a tap.
  const T* operator[](std::int64_t ky) const { return lines_[static_cast<std::size_t>(ky)]; }

 private:
  /// Of row y, counted over all pictures.
  const T* row(std::int64_t y) {
    const std::int64_t size = s_.w * s_.c;
    if (x_.plain()) return x_.x + y * size;
    const std::int64_t place = y % std::ssize(held_);
    T* const to = evaluated_.data() + place * size;
    if (std::exchange(held_[static_cast<std::size_t>(place)], y) != y)
      evaluate(x_.from(y * size), s_.w, s_.c, to);
    return to;
  }

  const ops::PoolShape& s_;
  const Source<T> x_;
  std::vector<const T*> lines_;
  std::vector<std::int64_t> held_;  // the row in each place of evaluated_
  Tensor<T, Cpu> evaluated_;
};

/// For each output pixel in parallel: f(output offset, vertical taps, horizontal taps, input), where
/// input(ky, kx) is where the pixel under a tap lies.
template <class T, class F>
void each_window(const ops::PoolShape& s, const ops::Operand<T, Cpu>& x, F&& f) {
  parallel_for(s.n * s.oh, picture_rows(s.ow, s.c), [&](std::int64_t begin, std::int64_t end) {
    WindowRows<T> rows(s, x);
    const Axis vertical = s.rows(), horizontal = s.columns();
    for (std::int64_t row = begin; row < end; ++row) {
      const Taps ys(vertical, row % s.oh);
      rows.move(row / s.oh, ys);
      for (std::int64_t ox = 0; ox < s.ow; ++ox) {
        const Taps xs(horizontal, ox);
        f((row * s.ow + ox) * s.c, ys, xs, [&](std::int64_t ky, std::int64_t kx) {
          return rows[ky] + (xs.start + kx * s.window.dilation) * s.c;
        });
      }
    }
  });
}

/// For each input pixel in parallel: begin(input offset), then add(input offset, output row, output column,
/// output offset, tap) for each window that reads it, always in the same order.
template <class Begin, class Add>
void each_reader(const ops::PoolShape& s, Begin&& begin_pixel, Add&& add) {
  const Readers rows(s.rows()), columns(s.columns());
  parallel_for(s.n * s.h, picture_rows(s.w, s.c), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t x = 0; x < s.w; ++x) {
        const std::int64_t pixel = (row * s.w + x) * s.c;
        begin_pixel(pixel);
        for (const auto [oy, ky] : rows.of(row % s.h))
          for (const auto [ox, kx] : columns.of(x))
            add(pixel, oy, ox, ((row / s.h * s.oh + oy) * s.ow + ox) * s.c, ky * s.kernel + kx);
      }
  });
}

}  // namespace pretext::cpu
