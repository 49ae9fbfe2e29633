// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/tape.hpp"

namespace pretext {
namespace detail {

template <class X>
struct Argument {};
template <class T, Device D>
struct Argument<Tensor<T, D>> {
  static const Tensor<T, D>& tensor(const Tensor<T, D>& x) { return x; }
  static int node(Tape<D>&, const Tensor<T, D>&) { return -1; }
};
template <class T, Device D>
struct Argument<Param<T, D>> {
  static const Tensor<T, D>& tensor(const Param<T, D>& x) { return x.value; }
  static int node(Tape<D>& tape, Param<T, D>& x) { return tape.param(x); }
};
template <class T, Device D>
struct Argument<Var<T, D>> {
  static const Tensor<T, D>& tensor(const Var<T, D>& x) { return x.value; }
  static int node(Tape<D>& tape, const Var<T, D>& x) {
    require(x.tape == &tape, "apply: the inputs of one op are on different tapes");
    return x.node;
  }
};

template <class Op, class T, Device D>
struct OpPullback : Tape<D>::Pullback {
  static constexpr std::size_t n = Op::inputs;
  Op op;
  typename Op::template Saved<T, D> saved;
  std::array<int, n> nodes;

  OpPullback(const Op& o, typename Op::template Saved<T, D> s, const std::array<int, n>& ids)
      : op(o), saved(std::move(s)), nodes(ids) {}

  void pull(Tape<D>& tape, TensorBase<D> dy) override {
    ops::Wanted<n> wanted;
    for (std::size_t i = 0; i < n; ++i) wanted[i] = nodes[i] >= 0;
    auto grads = op.backward(Tensor<T, D>(std::move(dy)), saved, wanted);
    for (std::size_t i = 0; i < n; ++i)
      if (wanted[i]) tape.accumulate(nodes[i], std::move(grads[i]));
  }
};

/// Runs the op, keeps what backward reads, and adds a node unless every input is a constant. Even then it is
/// training: a batch norm measures constants too.
template <class Op, class T, Device D, class... X>
Var<T, D> record(Tape<D>& tape, const Op& op, X&... x) {
  const std::array<int, sizeof...(X)> all{Argument<std::remove_const_t<X>>::node(tape, x)...};
  std::array<int, Op::inputs> nodes;
  std::copy_n(all.begin(), Op::inputs, nodes.begin());
  typename Op::template Saved<T, D> saved;
  Tensor<T, D> y = op.forward(Argument<std::remove_const_t<X>>::tensor(x)..., &saved);
  if (std::ranges::all_of(nodes, [](int node) { return node < 0; })) return tape.constant(std::move(y));
  return {&tape, std::move(y), tape.template record<OpPullback<Op, T, D>>(op, std::move(saved), nodes)};
}

}  // namespace detail

/// Runs an op on tensors: inference, nothing is kept. Parameters stand for their values.
template <class Op, class T, Device D, class... X>
Tensor<T, D> apply(const Op& op, const Tensor<T, D>& first, const X&... rest) {
  return op.forward(first, detail::Argument<X>::tensor(rest)...,
                    static_cast<typename Op::template Saved<T, D>*>(nullptr));
}

/// Runs an op on a watched value and records it. The other arguments may be Vars, parameters, or constant
/// tensors.
template <class Op, class T, Device D, class... X>
Var<T, D> apply(const Op& op, const Var<T, D>& first, X&&... rest) {
  return detail::record<Op, T, D>(*first.tape, op, first, rest...);
}

}  // namespace pretext
