// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/epilogue.hpp"
#include "pretext/cpu/evaluated_rows.hpp"
#include "pretext/cpu/gemm.hpp"
#include "pretext/cpu/gradient_sums.hpp"
#include "pretext/cpu/im2row.hpp"

namespace pretext::cpu {

/// Convolution of few channels, where one tap is too short a sum: what each output pixel reads is gathered
/// into a line, about 256 lines at a time, and lines are multiplied by the weights.
template <class S>
class LineConv {
 public:
  explicit LineConv(const ops::ConvShape& s)
      : s_(s),
        width_(s.co / s.groups),
        line_(s.kh * s.kw * (s.ci / s.groups)),
        rows_(std::max<std::int64_t>(1, 256 / std::max<std::int64_t>(1, s.ow))) {}

  /// Null moments are not wanted.
  void forward(const S* x, const S* weight, const S* bias, S* y, Tensor<double, Cpu>* moments,
               const Epilogue<S>& epilogue) const {
    ChunkMoments<S> measured(moments == nullptr ? 0 : (s_.n * s_.oh + rows_ - 1) / rows_, s_.co);
    std::vector<Panels<S>> panels;
    for (std::int64_t g = 0; g < s_.groups; ++g) panels.push_back(panels_of<S>(weights(weight, g)));
    parallel_for(s_.n * s_.oh, rows_, [&](std::int64_t first, std::int64_t last) {
      const std::int64_t pixels = (last - first) * s_.ow;
      S* out = y + first * s_.ow * s_.co;
      if (bias != nullptr)
        for (std::int64_t p = 0; p < pixels; ++p) std::copy_n(bias, s_.co, out + p * s_.co);
      Tensor<S, Cpu> lines({pixels, line_});
      for (std::int64_t g = 0; g < s_.groups; ++g) {
        im2row(s_, ConvGroup(s_, g), first, last, x, lines.data());
        multiply_panels<S>({lines.data(), pixels, line_, line_}, false, panels[static_cast<std::size_t>(g)],
                           {out + g * width_, pixels, width_, s_.co}, bias != nullptr);
      }
      if (moments != nullptr) measured.add(first / rows_, out, pixels);
      epilogue.finish(out, pixels, s_.co);
    });
    if (moments != nullptr) *moments = measured.total();
  }

  void grad_input(const S* dy, const S* weight, S* dx) const {
    std::vector<Panels<S>> panels;
    for (std::int64_t g = 0; g < s_.groups; ++g)
      panels.push_back(panels_of_transposed<S>(weights(weight, g)));
    const std::int64_t grain =
        std::max<std::int64_t>(1, 256 / std::max<std::int64_t>(1, s_.oh * s_.ow));  // pictures
    parallel_for(s_.n, grain, [&](std::int64_t begin, std::int64_t end) {
      std::fill(dx + begin * s_.h * s_.w * s_.ci, dx + end * s_.h * s_.w * s_.ci, S(0));
      Tensor<S, Cpu> lines({rows_ * s_.ow, line_});
      for (std::int64_t first = begin * s_.oh; first < end * s_.oh; first += rows_) {
        const std::int64_t last = std::min(first + rows_, end * s_.oh), pixels = (last - first) * s_.ow;
        for (std::int64_t g = 0; g < s_.groups; ++g) {
          multiply_panels<S>({dy + first * s_.ow * s_.co + g * width_, pixels, width_, s_.co}, false,
                             panels[static_cast<std::size_t>(g)], {lines.data(), pixels, line_, line_},
                             false);
          row2im(s_, ConvGroup(s_, g), first, last, lines.data(), dx);
        }
      }
    });
  }

  /// Eight parts, whatever the threads are, so that the sum has the same bits.
  void grad_weight(const S* x, const GradientSource<S>& dy, S* dw) const {
    const std::int64_t rows = s_.n * s_.oh, grain = std::max<std::int64_t>(1, (rows + 7) / 8);
    reduce_rows<S>(rows, grain, line_ * s_.co, dw, [&](std::int64_t begin, std::int64_t end, S* part) {
      Tensor<S, Cpu> lines({rows_ * s_.ow, line_});
      EvaluatedRows<GradientSource<S>, S> gradient(dy, rows_ * s_.ow, s_.co);
      for (std::int64_t first = begin; first < end; first += rows_) {
        const std::int64_t last = std::min(first + rows_, end), pixels = (last - first) * s_.ow;
        for (std::int64_t g = 0; g < s_.groups; ++g) {
          im2row(s_, ConvGroup(s_, g), first, last, x, lines.data());
          gemm_tn<S>({lines.data(), pixels, line_, line_},
                     {gradient(first * s_.ow, pixels) + g * width_, pixels, width_, s_.co},
                     {part + g * width_, line_, width_, s_.co}, true);
        }
      }
    });
  }

 private:
  Matrix<const S> weights(const S* weight, std::int64_t group) const {
    return {weight + group * width_, line_, width_, s_.co};
  }

  const ops::ConvShape s_;
  const std::int64_t width_, line_, rows_;
};

}  // namespace pretext::cpu
