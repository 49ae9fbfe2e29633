// SPDX-License-Identifier: MIT
// A 1 x 1 convolution: products with the pixels as rows.
//
//   forward:
//     for some pixels:                                             parallel
//       x as it is read (normalised, cut)                          in the second-level cache
//       y = x * panels of the weights
//       moments of y                                               for the batch norm that follows
//   gradients:
//     for a part of all pixels:                                    parallel, parts added in order
//       for some pixels, whose dy is evaluated once for both gradients:
//         dx = dy * panels of the transposed weights
//         sums of dx                                               for the batch norm that x comes from
//         dw += x^T * dy
#pragma once

#include "pretext/cpu/epilogue.hpp"
#include "pretext/cpu/evaluated_rows.hpp"
#include "pretext/cpu/gradient_sums.hpp"
#include "pretext/cpu/panel_sums.hpp"

namespace pretext::cpu {

template <class S>
class PointwiseConv {
 public:
  explicit PointwiseConv(const ops::ConvShape& s) : in_(s.ci), out_(s.co), pixels_(s.n * s.h * s.w) {}

  /// Null moments are not wanted.
  void forward(const Source<S>& x, const S* weight, const S* bias, S* y, Tensor<double, Cpu>* moments,
               const Epilogue<S>& epilogue) const {
    Panels<S> panels(in_, out_);
    parallel_for(panels.count(), 1, [&](std::int64_t j, std::int64_t) {
      panels.pack(j, {weight, in_, out_, out_});
    });
    constexpr std::int64_t grain = 2 * block;
    ChunkMoments<S> measured(moments == nullptr ? 0 : (pixels_ + grain - 1) / grain, out_);
    parallel_for(pixels_, grain, [&](std::int64_t begin, std::int64_t end) {
      if (bias != nullptr)
        for (std::int64_t p = begin; p < end; ++p) std::copy_n(bias, out_, y + p * out_);
      EvaluatedRows<Source<S>, S> evaluated(x, block, in_);
      for (std::int64_t p = begin; p < end; p += block) {
        const std::int64_t rows = std::min(block, end - p);
        Ahead ahead;
        ahead.add(x.x + (p + rows) * in_, std::min(block, end - p - rows) * in_ * size);
        ahead.spread(blocks_of(rows, panels));
        multiply_panels<S>({evaluated(p, rows), rows, in_, in_}, false, panels,
                           {y + p * out_, rows, out_, out_}, bias != nullptr, &ahead);
        if (moments != nullptr) measured.add(begin / grain, y + p * out_, rows);
        epilogue.finish(y + p * out_, rows, out_);
      }
    });
    if (moments != nullptr) *moments = measured.total();
  }

  /// Null gradients and sums are not wanted.
  void backward(const GradientSource<S>& dy, const Source<S>& x, const S* weight, S* dx, S* dw,
                Tensor<double, Cpu>* sums) const {
    Panels<S> panels(out_, dx == nullptr ? 0 : in_);
    parallel_for(panels.count(), 1, [&](std::int64_t j, std::int64_t) {
      panels.pack_transposed(j, {weight, in_, out_, out_});
    });
    const std::int64_t blocks = (pixels_ + block - 1) / block, most = PanelSums<S>::most_parts(in_ * out_),
                       grain = std::max<std::int64_t>(1, (blocks + most - 1) / most),
                       parts = (blocks + grain - 1) / grain;
    const bool measures = dx != nullptr && sums != nullptr && !x.plain();
    auto measured = Tensor<double, Cpu>::zeros({measures ? std::max<std::int64_t>(1, parts) : 0, 2, in_});
    PanelSums<S> weights(parts, dw == nullptr ? 0 : columns_, in_);
    parallel_for(blocks, grain, [&](std::int64_t first, std::int64_t last) {
      EvaluatedRows<Source<S>, S> x_rows(x, block, in_);
      EvaluatedRows<GradientSource<S>, S> dy_rows(dy, block, out_);
      for (std::int64_t b = first; b < last; ++b) {
        const std::int64_t p = b * block, rows = std::min(block, pixels_ - p);
        const Matrix<const S> gradient{dy_rows(p, rows), rows, out_, out_};
        Ahead ahead =
            next_rows(dy, x, dw != nullptr, p + rows, b + 1 < last ? std::min(block, pixels_ - p - rows) : 0);
        ahead.spread(blocks_of(rows, panels) + weights.panels() * block_count(in_));
        if (dx != nullptr)
          multiply_panels<S>(gradient, false, panels, {dx + p * in_, rows, in_, in_}, false, &ahead);
        if (measures)
          add_gradient_sums(dx + p * in_, x.from(p * in_), x.center, rows, in_,
                            measured.rows(first / grain, first / grain + 1).data());
        if (dw != nullptr) add_weights(x_rows(p, rows), gradient, weights, first / grain, ahead);
      }
    });
    weights.add_up([&](std::int64_t j, std::int64_t row, const S* values) {
      std::copy_n(values, std::min(width_, out_ - j * width_), dw + row * out_ + j * width_);
    });
    if (measures) *sums = sum_of_parts(measured).reshape({2, in_});
  }

 private:
  static constexpr std::int64_t block = 2 * row_block, size = static_cast<std::int64_t>(sizeof(S));

  /// What the next rows are made of.
  Ahead next_rows(const GradientSource<S>& dy, const Source<S>& x, bool x_too, std::int64_t first,
                  std::int64_t rows) const {
    Ahead ahead;
    ahead.add(dy.dy + first * out_, rows * out_ * size);
    if (!dy.plain()) ahead.add(dy.normalized.x + first * out_, rows * out_ * size);
    if (x_too) ahead.add(x.x + first * in_, rows * in_ * size);
    return ahead;
  }

  /// Adds x^T * gradient to a part of the sums.
  void add_weights(const S* x, const Matrix<const S>& gradient, PanelSums<S>& sums, std::int64_t part,
                   Ahead& ahead) const {
    Tensor<S, Cpu> panel({gradient.rows, width_});
    for (std::int64_t j = 0; j < columns_; ++j) {
      pack_panel(gradient.part(0, j * width_, gradient.rows, std::min(width_, out_ - j * width_)),
                 panel.data());
      multiply_transposed<S>({.a = x,
                              .a_step = in_,
                              .b = panel.data(),
                              .c = sums.panel(part, j),
                              .c_row = width_,
                              .rows = in_,
                              .depth = gradient.rows,
                              .add = true,
                              .ahead = &ahead});
    }
  }

  const std::int64_t in_, out_, pixels_;
  const std::int64_t width_ = panel_columns<S>(), columns_ = (out_ + width_ - 1) / width_;
};

}  // namespace pretext::cpu
