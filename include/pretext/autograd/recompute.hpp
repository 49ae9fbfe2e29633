// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/tape.hpp"

namespace pretext {
namespace detail {

/// A node on one tape that stands for a node on another: gradients go there.
template <class T, Device D>
struct OuterPullback : Tape<D>::Pullback {
  Tape<D>& outer;
  int node;

  OuterPullback(Tape<D>& tape, int of) : outer(tape), node(of) {}
  void pull(Tape<D>&, ops::GradientBase<D> dy) override {
    outer.accumulate(node, ops::Gradient<T, D>(std::move(dy)));
  }
};

template <class F, class T, Device D>
struct RecomputePullback : Tape<D>::Pullback {
  F f;
  ops::Operand<T, D> x;
  int node;
  DrawKey draws;

  RecomputePullback(F function, const Var<T, D>& input)
      : f(std::move(function)), x(input.operand), node(input.node), draws(input.tape->draws()) {}

  /// f(x) on a tape of its own.
  Var<T, D> compute(Tape<D>& own, Tape<D>& outer) {
    return f({&own, x, node < 0 ? -1 : own.template record<OuterPullback<T, D>>(outer, node)});
  }

  void pull(Tape<D>& outer, ops::GradientBase<D> dy) override {
    Tape<D> own(draws, true);
    own.backward(compute(own, outer), ops::Gradient<T, D>(std::move(dy)));
  }
};

}  // namespace detail

/// f(x), recorded as one node: what f computes on the way is not kept, but computed once more when backward
/// gets there (Chen et al. 2016). f makes one Var of another; it and its parameters must stay where they are
/// until then. Values, draws, gradients and running statistics are those of f itself.
template <class F, class T, Device D>
Var<T, D> recompute(const Var<T, D>& x, F f) {
  Tape<D>& tape = *x.tape;
  detail::RecomputePullback<F, T, D> pullback(std::move(f), x);
  Tape<D> own(tape.draws(), tape.again());
  Var<T, D> y = pullback.compute(own, tape);
  tape.set_draws(own.draws());
  tape.count(own.multiplications());
  if (y.node < 0) return tape.constant(y.value());
  return {&tape, std::move(y.operand), tape.template record<decltype(pullback)>(std::move(pullback))};
}

}  // namespace pretext
