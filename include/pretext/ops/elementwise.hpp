// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/config.hpp"
#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// y = f(x), element by element. F is a named, trivially copyable struct with a `name`, value(x), and
/// derivative(v), where v is the output if F::from_output and the input otherwise. This is all that a new
/// elementwise op needs.
template <class F>
struct Elementwise {
  static constexpr std::string_view name = F::name;
  static constexpr std::size_t inputs = 1;
  static_assert(std::is_trivially_copyable_v<F>);

  F f{};

  template <class T, Device D>
  struct Saved {
    Tensor<T, D> v;
  };

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>* saved) const {
    require(x.defined(), name, ": x is undefined");
    Tensor<T, D> y(x.shape());
    Kernel<Elementwise, D>::forward(f, x, y);
    if (saved != nullptr) saved->v = F::from_output ? y : x;
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>& saved, Wanted<1>) const {
    Tensor<T, D> dx(dy.shape());
    Kernel<Elementwise, D>::backward(f, saved.v, dy, dx);
    return {dx};
  }
};

struct ReluFunctor {
  static constexpr std::string_view name = "relu";
  static constexpr bool from_output = true;
  // What is not a number stays one, so that training sees it in the loss.
  template <class T>
  PRETEXT_HD T value(T x) const {
    return x < T(0) ? T(0) : x;
  }
  template <class T>
  PRETEXT_HD T derivative(T y) const {
    return y > T(0) ? T(1) : T(0);
  }
};

struct TanhFunctor {
  static constexpr std::string_view name = "tanh";
  static constexpr bool from_output = true;
  template <class T>
  PRETEXT_HD T value(T x) const {
    return std::tanh(x);
  }
  template <class T>
  PRETEXT_HD T derivative(T y) const {
    return T(1) - y * y;
  }
};

struct ScaleFunctor {
  static constexpr std::string_view name = "scale";
  static constexpr bool from_output = true;
  double factor = 1;
  template <class T>
  PRETEXT_HD T value(T x) const {
    return static_cast<T>(factor) * x;
  }
  template <class T>
  PRETEXT_HD T derivative(T) const {
    return static_cast<T>(factor);
  }
};

/// y = max(x, 0)
using Relu = Elementwise<ReluFunctor>;
/// y = tanh(x)
using Tanh = Elementwise<TanhFunctor>;
/// y = factor x
using Scale = Elementwise<ScaleFunctor>;

}  // namespace pretext::ops
