// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/sequential.hpp"
#include "pretext/ops/pad_channels.hpp"

namespace pretext::nn {

/// Residual functions F on one half of the channels of x[..., C], whose results are added to the other half:
/// (a, b) becomes (b, a + F(b)), one function after the other. Backward computes the halves again from the
/// result, so that activations take the same memory however many functions there are, for the time of another
/// forward pass (Gomez et al. 2017). `store` keeps them instead. A function keeps its input's shape.
template <Device D = Cpu, class T = float>
class Reversible {
 public:
  explicit Reversible(bool store = false) : store_(store) {}

  /// Appends a function; they are numbered from 0.
  template <class L>
  Reversible& add(L&& function) {
    functions_.emplace_back(std::forward<L>(function));
    return *this;
  }

  auto operator()(const auto& x) { return recorded(x); }
  Var<T, D> operator()(const Var<T, D>& x) { return store_ ? recorded(x) : reversed(x); }

  void each(auto&& f) {
    for (std::size_t i = 0; i < functions_.size(); ++i)
      functions_[i].each(prefixed(std::to_string(i) + ".", f));
  }

 private:
  using X = Tensor<T, D>;
  struct Halves {
    X a, b;
  };

  static void check(const Shape& x) {
    require(x.rank() >= 1 && x[-1] % 2 == 0, "Reversible: x must be [..., C] with an even C, not ", x);
  }
  static ops::PadChannels first_half(const Shape& x) { return {0, -x[-1] / 2}; }
  static ops::PadChannels second_half(const Shape& x) { return {-x[-1] / 2, 0}; }
  static Halves split(const X& x) {
    return {apply(first_half(x.shape()), x), apply(second_half(x.shape()), x)};
  }

  /// The functions as any ops are computed, in inference too.
  template <class V>
  V recorded(const V& x) {
    check(x.shape());
    V a = apply(first_half(x.shape()), x), b = apply(second_half(x.shape()), x);
    for (auto& function : functions_) {
      V y = apply(ops::Add{}, function(b), a);
      a = std::exchange(b, y);
    }
    return apply(ops::Concat{}, a, b);
  }

  struct Pullback : Tape<D>::Pullback {
    Reversible* layer;
    X y;
    int node;
    std::vector<DrawKey> draws;  // of each function

    Pullback(Reversible* l, X result, int input, std::vector<DrawKey> keys)
        : layer(l), y(std::move(result)), node(input), draws(std::move(keys)) {}

    void pull(Tape<D>& outer, ops::GradientBase<D> dy) override {
      Halves gradients = split(ops::Gradient<T, D>(std::move(dy)).take());
      Halves halves = split(std::exchange(y, {}));
      for (std::size_t i = draws.size(); i-- > 0;) layer->reverse(i, draws[i], halves, gradients);
      if (node >= 0) outer.template accumulate<T>(node, apply(ops::Concat{}, gradients.a, gradients.b));
    }
  };

  /// Everything on tapes that are forgotten at once, but for the result.
  Var<T, D> reversed(const Var<T, D>& x) {
    check(x.shape());
    Tape<D>& tape = *x.tape;
    Halves h = split(x.value());
    std::vector<DrawKey> draws;
    bool learns = x.node >= 0;
    for (auto& function : functions_) {
      draws.push_back(tape.draws());
      Tape<D> own(tape.draws(), tape.again());
      const Var<T, D> y = apply(ops::Add{}, function(own.constant(h.b)), own.constant(h.a));
      learns = learns || y.node >= 0;
      h = {h.b, y.value()};
      tape.set_draws(own.draws());
      tape.count(own.multiplications());
    }
    X y = apply(ops::Concat{}, h.a, h.b);
    if (!learns) return tape.constant(std::move(y));
    return {&tape, y, tape.template record<Pullback>(this, y, x.node, std::move(draws))};
  }

  /// From what function i made of two halves, and its gradient, back to the halves and theirs.
  void reverse(std::size_t i, const DrawKey& draws, Halves& h, Halves& gradients) {
    Tape<D> own(draws, true);
    const Var<T, D> input = own.leaf(h.a);
    Var<T, D> output = functions_[i](input);
    h = {difference(h.b, output.value()), h.a};
    own.backward(std::move(output), gradients.b);
    X through = own.gradient(input);
    gradients = {gradients.b, through.defined() ? apply(ops::Add{}, gradients.a, through) : gradients.a};
  }

  /// x - y
  static X difference(const X& x, const X& y) {
    ops::WideTensor<T, D> minus = ops::WideTensor<T, D>::zeros({3, x.dim(-1)});
    minus.rows(1, 2).fill(-1);
    return ops::Add{}.forward(ops::Operand<T, D>(x), ops::Operand<T, D>(y, minus, false),
                              static_cast<ops::Add::Saved<T, D>*>(nullptr));
  }

  std::vector<AnyLayer<D, T>> functions_;
  bool store_;
};

}  // namespace pretext::nn
