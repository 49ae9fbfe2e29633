// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/conv_cache.hpp"
#include "pretext/cuda/finish.hpp"
#include "pretext/cuda/operands.hpp"
#include "pretext/cuda/pointwise.hpp"
#include "pretext/cuda/stem.hpp"

namespace pretext {
namespace cuda {

/// One pass by plain loops, for what cuDNN refuses. Of x, weight and y one is the result.
template <class T>
void launch_direct_forward(const ops::ConvShape& s, const T* x, const Wide<T>* weight, T* y);
template <class T>
void launch_direct_grad_input(const ops::ConvShape& s, T* dx, const Wide<T>* weight, const T* dy);
template <class T>
void launch_direct_grad_weight(const ops::ConvShape& s, const T* x, Wide<T>* dw, const T* dy);

namespace detail {
inline std::atomic<bool>& direct_slot() {
  static std::atomic<bool> slot{false};
  return slot;
}
inline std::atomic<bool>& fuse_slot() {
  static std::atomic<bool> slot{false};
  return slot;
}
}  // namespace detail

/// Whether 1 x 1 convolutions of bf16 evaluate the batch norms around them, in kernels of their own.
inline void fuse_pointwise_convolutions(bool fuse) { detail::fuse_slot() = fuse; }

/// For tests: all convolutions are computed by plain loops.
inline void force_direct_convolutions(bool force) { detail::direct_slot() = force; }

}  // namespace cuda

template <>
struct Kernel<ops::Conv2d, Cuda> {
  template <class T>
  using X = Tensor<T, Cuda>;
  template <class T>
  using W = ops::WideTensor<T, Cuda>;
  template <class T>
  using Operand = ops::Operand<T, Cuda>;
  using Moments = Tensor<double, Cuda>;

  /// Whether operands are evaluated on the way; cuDNN reads values, in two of its passes.
  template <class T>
  static bool evaluates(const ops::ConvShape& s) {
    return pointwise<T>(s);
  }

  /// Where `moments` stay as they are, who wants them measures y.
  template <class T>
  static void forward(const ops::ConvShape& s, const Operand<T>& x, const W<T>& weight, const W<T>& bias,
                      X<T>& y, Moments* moments = nullptr,
                      const std::type_identity_t<ops::Epilogue<T, Cuda>>& epilogue = {}) {
    if (y.size() == 0) return;
    if (x.x.size() == 0)
      y.fill(T(0.0f));
    else if (pointwise<T>(s))
      as_bf16(x, [&](const auto& of) { cuda::Pointwise::forward(s, of, weight, y, moments); });
    else if (stem<T>(s))
      as_bf16(x, [&](const auto& of) { cuda::Stem::forward(s, of.value(), weight, y, moments); });
    else
      sums(s, cuda::aligned(x.value()), weight, y);
    finish(bias, epilogue, s.co, y);
  }

  /// Undefined gradients are not wanted. `sums`, where it is not null, may become what ops::Gradient calls
  /// so.
  template <class T>
  static void backward(const ops::ConvShape& s, std::type_identity_t<ops::Gradient<T, Cuda>> dy,
                       const Operand<T>& x, const W<T>& weight, X<T>& dx, W<T>& dw, Moments* sums = nullptr) {
    if (dy.shape().size() == 0 || x.x.size() == 0) {
      if (dx.defined()) dx.fill(T(0.0f));
      if (dw.defined()) dw.fill(0);
      return;
    }
    if (pointwise<T>(s))
      return as_bf16(x, [&](const auto& of) { cuda::Pointwise::backward(s, dy, of, weight, dx, dw, sums); });
    if (!dx.defined() && dw.defined() && stem<T>(s))
      return as_bf16(x, [&](const auto& of) { cuda::Stem::grad_weight(s, dy, of.value(), dw); });
    const X<T> d = cuda::aligned(dy.take());
    if (dx.defined()) grad_input(s, d, weight, dx);
    if (dw.defined()) grad_weight(s, d, cuda::aligned(x.value()), dw);
  }

 private:
  /// True where the kernels for 1 x 1 convolutions of bf16 do it.
  template <class T>
  static bool pointwise(const ops::ConvShape& s) {
    return std::is_same_v<T, bf16> && cuda::detail::fuse_slot() && !cuda::detail::direct_slot() &&
           cuda::Pointwise::supports(s);
  }

  /// True where the kernels for few channels of bf16 do it.
  template <class T>
  static bool stem(const ops::ConvShape& s) {
    return std::is_same_v<T, bf16> && !cuda::detail::direct_slot() && cuda::Stem::supports(s);
  }

  /// f(x), built for bf16 alone.
  template <class T, class F>
  static void as_bf16(const Operand<T>& x, F&& f) {
    if constexpr (std::is_same_v<T, bf16>) f(x);
  }

  template <class T>
  static constexpr cudnnDataType_t type = std::is_same_v<T, float> ? CUDNN_DATA_FLOAT : CUDNN_DATA_BFLOAT16;

  /// Runs one pass by cuDNN, which wants weights as [Co, KH, KW, Ci / groups], in T.
  template <class T>
  static bool run(cuda::ConvPass pass, const ops::ConvShape& s, const X<T>& x, const X<T>& krsc,
                  const X<T>& y) {
    return cuda::run_convolution({pass, type<T>, s}, {x.data(), krsc.data(), y.data()});
  }

  template <class T>
  static void finish(const W<T>& bias, const ops::Epilogue<T, Cuda>& e, std::int64_t channels, X<T>& y) {
    const X<T>& addend = e.addend.x;
    const cuda::Finish finish{bias.data(), cuda::channel_map(Operand<T>({}, e.affine, false)),
                              cuda::channel_map(e.addend), e.relu};
    if (bias.defined() || e.affine.defined() || addend.defined() || e.relu)
      cuda::launch_finish(finish, addend.data(), y.data(), y.size(), channels);
  }

  template <class T>
  static X<T> krsc(const ops::ConvShape& s, const W<T>& weight) {
    X<T> w({s.co, s.kh, s.kw, s.ci / s.groups});
    cuda::launch_transpose(weight.data(), w.data(), w.size() / s.co, s.co);
    return w;
  }

  template <class T>
  static void sums(const ops::ConvShape& s, const X<T>& x, const W<T>& weight, X<T>& y) {
    if (cuda::detail::direct_slot() || !run(cuda::ConvPass::forward, s, x, krsc<T>(s, weight), y))
      cuda::launch_direct_forward(s, x.data(), weight.data(), y.data());
  }

  template <class T>
  static void grad_input(const ops::ConvShape& s, const X<T>& dy, const W<T>& weight, X<T>& dx) {
    if (cuda::detail::direct_slot() || !run(cuda::ConvPass::grad_input, s, dx, krsc<T>(s, weight), dy))
      cuda::launch_direct_grad_input(s, dx.data(), weight.data(), dy.data());
  }

  template <class T>
  static void grad_weight(const ops::ConvShape& s, const X<T>& dy, const X<T>& x, W<T>& dw) {
    X<T> w({s.co, s.kh, s.kw, s.ci / s.groups});
    if (cuda::detail::direct_slot() || !run(cuda::ConvPass::grad_weight, s, x, w, dy))
      return cuda::launch_direct_grad_weight(s, x.data(), dw.data(), dy.data());
    cuda::launch_transpose(w.data(), dw.data(), s.co, w.size() / s.co);
  }
};

}  // namespace pretext
