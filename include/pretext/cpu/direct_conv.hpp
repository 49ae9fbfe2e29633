// SPDX-License-Identifier: MIT
// Convolution tap by tap, for any stride, padding, dilation and groups. Nothing is gathered, and what lies
// outside a picture is never multiplied.
//
//   forward (from x to y) and gradient of x (from dy to x's place):
//     for some rows of a picture of the target:                                parallel
//       for a panel of its channels:                  the rows of the panel are in the first-level cache
//         for each tap, for each row, for the pixels that the tap reaches:
//           target row += source row * weights                                 multiply (product.hpp)
//   gradient of the weights:
//     for a part of all output rows:                                           parallel, parts added in order
//       for some rows: dy into panels
//         for a panel, for each tap:  dw += (rows of x)^T * panel              multiply_transposed
#pragma once

#include "pretext/cpu/epilogue.hpp"
#include "pretext/cpu/moments.hpp"
#include "pretext/cpu/panel_sums.hpp"

namespace pretext::cpu {

/// The outputs o in [first, last) that a tap connects to the inputs o * stride + offset.
struct TapRange {
  std::int64_t first, last, stride, offset;

  /// Those whose inputs are in [from, to).
  TapRange(const ops::Window& w, std::int64_t tap, std::int64_t from, std::int64_t to, std::int64_t outputs)
      : stride(w.stride), offset(tap * w.dilation - w.padding) {
    const auto reaching = [&](std::int64_t i) { return i <= offset ? 0 : (i - offset - 1) / stride + 1; };
    last = std::min(outputs, reaching(to));
    first = std::min(reaching(from), last);
  }
  TapRange within(std::int64_t from, std::int64_t to) const {
    TapRange part = *this;
    part.first = std::max(first, from);
    part.last = std::min(last, to);
    return part;
  }
  std::int64_t count() const { return last - first; }
  std::int64_t input(std::int64_t output) const { return output * stride + offset; }
};

template <class S>
class DirectConv {
 public:
  explicit DirectConv(const ops::ConvShape& s)
      : s_(s), in_(s.ci / s.groups), out_(s.co / s.groups), taps_(s.kh * s.kw) {}

  /// Null moments are not wanted.
  void forward(const S* x, const S* weight, const S* bias, S* y, Tensor<double, Cpu>* moments,
               const Epilogue<S>& epilogue) const {
    const auto panels = pack(taps_ * in_, out_, [&](Panels<S>& to, std::int64_t g, std::int64_t j) {
      to.pack(j, {weight + g * out_, taps_ * in_, out_, s_.co});
    });
    ChunkMoments<S> measured(moments == nullptr ? 0 : s_.n * s_.oh, s_.co);
    each_block(s_.oh, s_.ow, [&](std::int64_t n, std::int64_t first, std::int64_t last) {
      S* const to = y + n * s_.oh * s_.ow * s_.co;
      for (S* pixel = to + first * s_.ow * s_.co; pixel < to + last * s_.ow * s_.co; pixel += s_.co)
        bias == nullptr ? std::fill_n(pixel, s_.co, S(0)) : std::copy_n(bias, s_.co, pixel);
      sweep<false>(x + n * s_.h * s_.w * s_.ci, panels, to, first, last);
      if (moments != nullptr)
        measured.add(n * s_.oh + first, to + first * s_.ow * s_.co, (last - first) * s_.ow);
      epilogue.finish(to + first * s_.ow * s_.co, (last - first) * s_.ow, s_.co);
    });
    if (moments != nullptr) *moments = measured.total();
  }

  void grad_input(const S* dy, const S* weight, S* dx) const {
    const auto panels = pack(taps_ * out_, in_, [&](Panels<S>& to, std::int64_t g, std::int64_t j) {
      for (std::int64_t t = 0; t < taps_; ++t)
        to.pack_transposed(j, {weight + t * in_ * s_.co + g * out_, in_, out_, s_.co}, t * out_);
    });
    each_block(s_.h, s_.w, [&](std::int64_t n, std::int64_t first, std::int64_t last) {
      S* const to = dx + n * s_.h * s_.w * s_.ci;
      std::fill(to + first * s_.w * s_.ci, to + last * s_.w * s_.ci, S(0));
      sweep<true>(dy + n * s_.oh * s_.ow * s_.co, panels, to, first, last);
    });
  }

  void grad_weight(const S* x, const S* dy, S* dw) const {
    const std::int64_t columns = s_.groups * panels_, rows = s_.n * s_.oh;
    if (columns == 0 || in_ == 0) return;
    const std::int64_t most = PanelSums<S>::most_parts(s_.co * taps_ * in_);
    const std::int64_t grain = std::max<std::int64_t>(1, (rows + most - 1) / most),
                       parts = (rows + grain - 1) / grain;
    // A small gradient is added up in many parts; a large one in few, and those split by panels as well.
    const std::int64_t together = most >= 8 ? columns : 1, splits = columns / together;
    PanelSums<S> sums(parts, columns, taps_ * in_);
    parallel_for(parts * splits, 1, [&](std::int64_t item, std::int64_t) {
      const std::int64_t part = item / splits, first = item % splits * together;
      add_part(x, dy, sums.panel(part, 0), part * grain, std::min(rows, (part + 1) * grain), first,
               first + together);
    });
    sums.add_up([&](std::int64_t column, std::int64_t row, const S* values) {
      std::copy_n(values, narrow(column), dw + row * s_.co + channel(column));
    });
  }

 private:
  /// Panels of the weights of all groups.
  template <class F>
  std::vector<Panels<S>> pack(std::int64_t rows, std::int64_t columns, F&& f) const {
    std::vector<Panels<S>> panels;
    for (std::int64_t g = 0; g < s_.groups; ++g) panels.emplace_back(rows, columns);
    const std::int64_t each = panels[0].count();
    parallel_for(s_.groups * each, 1, [&](std::int64_t i, std::int64_t) {
      f(panels[static_cast<std::size_t>(i / each)], i / each, i % each);
    });
    return panels;
  }

  /// f(picture, first row, last row) for all rows of the target, some at a time: about 256 pixels.
  template <class F>
  void each_block(std::int64_t high, std::int64_t wide, F&& f) const {
    const std::int64_t rows = std::clamp<std::int64_t>(256 / std::max<std::int64_t>(1, wide), 1,
                                                       std::max<std::int64_t>(1, high)),
                       blocks = (high + rows - 1) / rows;
    parallel_for(s_.n * blocks, 1, [&](std::int64_t item, std::int64_t) {
      const std::int64_t first = item % blocks * rows;
      f(item / blocks, first, std::min(high, first + rows));
    });
  }

  /// Adds what all taps bring to rows [first, last) of one picture of the target: of y, or of dx where Back.
  template <bool Back>
  void sweep(const S* source, const std::vector<Panels<S>>& panels, S* target, std::int64_t first,
             std::int64_t last) const {
    const std::int64_t depth = Back ? out_ : in_;
    const std::int64_t pixel = s_.window.stride * s_.ci;
    NarrowPanel<S> narrow;
    for (std::int64_t g = 0; g < s_.groups; ++g)
      for (std::int64_t j = 0; j < panels[0].count(); ++j)
        each_tap(Back ? first : 0, Back ? last : s_.h,
                 [&](std::int64_t tap, TapRange ys, const TapRange& xs) {
                   if (!Back) ys = ys.within(first, last);
                   for (std::int64_t k = 0; k < depth; k += depth_block())
                     for (std::int64_t oy = ys.first; oy < ys.last; ++oy) {
                       const std::int64_t at_x = (ys.input(oy) * s_.w + xs.input(xs.first)) * s_.ci + g * in_,
                                          at_y = (oy * s_.ow + xs.first) * s_.co + g * out_;
                       narrow.compute(
                           {.a = source + (Back ? at_y : at_x) + k,
                            .a_row = Back ? s_.co : pixel,
                            .b = panels[static_cast<std::size_t>(g)].panel(j) + (tap * depth + k) * width_,
                            .c = target + (Back ? at_x : at_y) + j * width_,
                            .c_row = Back ? pixel : s_.co,
                            .rows = xs.count(),
                            .depth = std::min(depth_block(), depth - k),
                            .add = true},
                           panels[0].width(j), false);
                     }
                 });
  }

  /// f(tap, outputs in y, outputs in x) for the taps that connect rows [from, to) of x to any output.
  template <class F>
  void each_tap(std::int64_t from, std::int64_t to, F&& f) const {
    for (std::int64_t ky = 0; ky < s_.kh; ++ky) {
      const TapRange ys(s_.window, ky, from, to, s_.oh);
      for (std::int64_t kx = 0; kx < s_.kw; ++kx)
        if (const TapRange xs(s_.window, kx, 0, s_.w, s_.ow); xs.count() > 0 && ys.count() > 0)
          f(ky * s_.kw + kx, ys, xs);
    }
  }

  /// Adds what the output rows [begin, end), counted over all pictures, bring to panels [first, last) of
  /// sum[panel][tap][channel of x][panel columns].
  void add_part(const S* x, const S* dy, S* sum, std::int64_t begin, std::int64_t end, std::int64_t first,
                std::int64_t last) const {
    const std::int64_t most = std::max<std::int64_t>(1, 128 / std::max<std::int64_t>(1, s_.ow));
    Tensor<S, Cpu> panel({most * s_.ow, width_});
    for (std::int64_t row = begin, count = 0; row < end; row += count) {
      count = std::min({most, end - row, s_.oh - row % s_.oh});  // rows of one picture
      for (std::int64_t column = first; column < last; ++column) {
        pack_panel<S>({dy + row * s_.ow * s_.co + channel(column), count * s_.ow, narrow(column), s_.co},
                      panel.data());
        add_rows(x + row / s_.oh * s_.h * s_.w * s_.ci + column / panels_ * in_, panel.data(), row % s_.oh,
                 count, sum + column * taps_ * in_ * width_);
      }
    }
  }

  void add_rows(const S* x, const S* panel, std::int64_t first, std::int64_t count, S* sum) const {
    each_tap(0, s_.h, [&](std::int64_t tap, TapRange ys, const TapRange& xs) {
      ys = ys.within(first, first + count);
      if (ys.count() <= 0) return;
      multiply_transposed<S>({.a = x + (ys.input(ys.first) * s_.w + xs.input(xs.first)) * s_.ci,
                              .a_step = s_.window.stride * s_.ci,
                              .a_run = s_.window.stride * s_.w * s_.ci,
                              .b = panel + ((ys.first - first) * s_.ow + xs.first) * width_,
                              .b_run = s_.ow * width_,
                              .c = sum + tap * in_ * width_,
                              .c_row = width_,
                              .rows = in_,
                              .depth = xs.count(),
                              .runs = ys.count(),
                              .add = true});
    });
  }

  /// The first channel of dy in a panel, counted over all groups, and how many it has.
  std::int64_t channel(std::int64_t column) const {
    return column / panels_ * out_ + column % panels_ * width_;
  }
  std::int64_t narrow(std::int64_t column) const {
    return std::min(width_, out_ - column % panels_ * width_);
  }

  const ops::ConvShape s_;
  const std::int64_t in_, out_, taps_, width_ = panel_columns<S>(), panels_ = (out_ + width_ - 1) / width_;
};

}  // namespace pretext::cpu
