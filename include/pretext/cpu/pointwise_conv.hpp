// SPDX-License-Identifier: MIT
// A convolution 1 x 1 with stride 1 is one product of matrices, pixels by channels:
//
//   forward:
//     for some pixels, which stay in the second-level cache:                   parallel
//       x as it is read (a normalisation on the way)
//       y = x * panels of the weights                                          multiply_panels (gemm.hpp)
//   backward:
//     for a part of all pixels:                                                parallel, parts added in order
//       for some pixels, whose dy is read once for both gradients:
//         dx = dy * panels of the transposed weights
//         dw += x^T * dy
#pragma once

#include "pretext/cpu/panel_sums.hpp"
#include "pretext/cpu/source.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::cpu {

template <class S>
class PointwiseConv {
 public:
  explicit PointwiseConv(const ops::ConvShape& s) : in_(s.ci), out_(s.co), pixels_(s.n * s.h * s.w) {}

  void forward(const Source<S>& x, const S* weight, const S* bias, S* y) const {
    Panels<S> panels(in_, out_);
    parallel_for(panels.count(), 1, [&](std::int64_t j, std::int64_t) {
      panels.pack(j, {weight, in_, out_, out_});
    });
    parallel_for(pixels_, 2 * block, [&](std::int64_t begin, std::int64_t end) {
      if (bias != nullptr)
        for (std::int64_t p = begin; p < end; ++p) std::copy_n(bias, out_, y + p * out_);
      Evaluated evaluated(x, in_);
      for (std::int64_t p = begin; p < end; p += block) {
        const std::int64_t rows = std::min(block, end - p);
        Ahead ahead;
        ahead.add(x.x + (p + rows) * in_, std::min(block, end - p - rows) * in_ * size);
        ahead.spread(blocks_of(rows, panels));
        multiply_panels<S>({evaluated(p, rows), rows, in_, in_}, false, panels,
                           {y + p * out_, rows, out_, out_}, bias != nullptr, &ahead);
      }
    });
  }

  /// Null gradients are not wanted.
  void backward(const S* dy, const Source<S>& x, const S* weight, S* dx, S* dw) const {
    Panels<S> panels(out_, dx == nullptr ? 0 : in_);
    parallel_for(panels.count(), 1, [&](std::int64_t j, std::int64_t) {
      panels.pack_transposed(j, {weight, in_, out_, out_});
    });
    const std::int64_t width = panel_columns<S>(), columns = dw == nullptr ? 0 : (out_ + width - 1) / width;
    const std::int64_t blocks = (pixels_ + block - 1) / block, most = PanelSums<S>::most_parts(in_ * out_);
    const std::int64_t grain = std::max<std::int64_t>(1, (blocks + most - 1) / most);
    PanelSums<S> sums((blocks + grain - 1) / grain, columns, in_);
    parallel_for(blocks, grain, [&](std::int64_t first, std::int64_t last) {
      Evaluated evaluated(x, in_);
      Tensor<S, Cpu> panel({block, width});
      for (std::int64_t b = first; b < last; ++b) {
        const std::int64_t p = b * block, rows = std::min(block, pixels_ - p);
        const Matrix<const S> gradient{dy + p * out_, rows, out_, out_};
        Ahead ahead;
        const std::int64_t next = b + 1 < last ? std::min(block, pixels_ - p - rows) : 0;
        ahead.add(dy + (p + rows) * out_, next * out_ * size);
        if (dw != nullptr) ahead.add(x.x + (p + rows) * in_, next * in_ * size);
        ahead.spread(blocks_of(rows, panels) + columns * block_count(in_));
        if (dx != nullptr)
          multiply_panels<S>(gradient, false, panels, {dx + p * in_, rows, in_, in_}, false, &ahead);
        for (std::int64_t j = 0; j < columns; ++j) {
          pack_panel(gradient.part(0, j * width, rows, std::min(width, out_ - j * width)), panel.data());
          multiply_transposed<S>({.a = evaluated(p, rows),
                                  .a_step = in_,
                                  .b = panel.data(),
                                  .c = sums.panel(first / grain, j),
                                  .c_row = width,
                                  .rows = in_,
                                  .depth = rows,
                                  .add = true,
                                  .ahead = &ahead});
        }
      }
    });
    sums.add_up([&](std::int64_t j, std::int64_t row, const S* values) {
      std::copy_n(values, std::min(width, out_ - j * width), dw + row * out_ + j * width);
    });
  }

 private:
  static constexpr std::int64_t block = 2 * row_block, size = static_cast<std::int64_t>(sizeof(S));

  /// Rows of x in memory, evaluated once while the same ones are asked for.
  class Evaluated {
   public:
    Evaluated(const Source<S>& x, std::int64_t channels) : x_(x), channels_(channels) {
      if (!x.plain()) rows_ = Tensor<S, Cpu>({block, channels});
    }
    const S* operator()(std::int64_t first, std::int64_t count) {
      if (x_.plain()) return x_.x + first * channels_;
      if (std::exchange(first_, first) != first)
        evaluate(x_.from(first * channels_), count, channels_, rows_.data());
      return rows_.data();
    }

   private:
    Source<S> x_;
    std::int64_t channels_, first_ = -1;
    Tensor<S, Cpu> rows_;
  };

  const std::int64_t in_, out_, pixels_;
};

}  // namespace pretext::cpu
