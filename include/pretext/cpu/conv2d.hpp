// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/conv_algorithm.hpp"
#include "pretext/cpu/direct_conv.hpp"
#include "pretext/cpu/line_conv.hpp"
#include "pretext/cpu/pointwise_conv.hpp"
#include "pretext/cpu/winograd.hpp"

namespace pretext {
template <>
struct Kernel<ops::Conv2d, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;
  using A = cpu::ConvAlgorithm;
  template <class T>
  using Operand = ops::Operand<T, Cpu>;

  template <class T>
  using Gradient = ops::Gradient<T, Cpu>;
  using Moments = Tensor<double, Cpu>;

  /// `moments`, where it is not null, becomes what ops::Operand calls so; of an epilogue's sums.
  template <class T>
  static void forward(const ops::ConvShape& s, const Operand<T>& x, const X<T>& weight, const X<T>& bias,
                      X<T>& y, Moments* moments = nullptr,
                      const std::type_identity_t<ops::Epilogue<T, Cpu>>& epilogue = {}) {
    if (y.size() == 0) return;
    const cpu::Epilogue<T> end(epilogue, y);
    switch (const A algorithm = cpu::conv_algorithm(s)) {
      case A::gemm:
        return cpu::PointwiseConv<T>(s).forward(cpu::Source<T>(x), weight.data(), bias.data(), y.data(),
                                                moments, end);
      case A::lines:
        return cpu::LineConv<T>(s).forward(x.value().data(), weight.data(), bias.data(), y.data(), moments,
                                           end);
      case A::direct:
        return cpu::DirectConv<T>(s).forward(x.value().data(), weight.data(), bias.data(), y.data(), moments,
                                             end);
      default:
        cpu::Winograd<T>(s.kh, algorithm == A::winograd4)
            .forward(s, cpu::Source<T>(x), weight.data(), bias.data(), y.data(), end);
        if (moments != nullptr) *moments = cpu::column_moments(y.data(), y.size() / s.co, s.co);
    }
  }

  /// Undefined gradients are not wanted. `sums`, where it is not null, may become what ops::Gradient calls
  /// so.
  template <class T>
  static void backward(const ops::ConvShape& s, std::type_identity_t<Gradient<T>> dy, const Operand<T>& x,
                       const X<T>& weight, X<T>& dx, X<T>& dw, Moments* sums = nullptr) {
    const A algorithm = cpu::conv_algorithm(s);
    if (algorithm == A::gemm)
      return cpu::PointwiseConv<T>(s).backward(cpu::GradientSource<T>(dy), cpu::Source<T>(x), weight.data(),
                                               dx.data(), dw.data(), sums);
    if (algorithm == A::lines && !dx.defined() && dw.defined())
      return cpu::LineConv<T>(s).grad_weight(x.value().data(), cpu::GradientSource<T>(dy), dw.data());
    const X<T> d = dy.take();
    if (algorithm == A::lines) return backward_by(cpu::LineConv<T>(s), d, x, weight, dx, dw);
    if (algorithm == A::direct) return backward_by(cpu::DirectConv<T>(s), d, x, weight, dx, dw);
    const cpu::Winograd<T> winograd(s.kh, algorithm == A::winograd4);
    if (dx.defined()) winograd.grad_input(s, d.data(), weight.data(), dx.data());
    if (dw.defined()) winograd.grad_weight(s, cpu::Source<T>(x), d.data(), dw.data());
  }

 private:
  template <class Conv, class T>
  static void backward_by(const Conv& conv, const X<T>& dy, const Operand<T>& x, const X<T>& weight, X<T>& dx,
                          X<T>& dw) {
    if (dx.defined()) conv.grad_input(dy.data(), weight.data(), dx.data());
    if (dw.defined()) conv.grad_weight(x.value().data(), dy.data(), dw.data());
  }
};

}  // namespace pretext
