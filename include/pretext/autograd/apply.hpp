// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/tape.hpp"
#include "pretext/ops/elementwise.hpp"

namespace pretext {
namespace detail {

/// How many of its first arguments an op takes as operands.
template <class Op>
constexpr std::size_t operands() {
  if constexpr (requires { Op::operands; })
    return Op::operands;
  else
    return 0;
}

template <class Op, class T>
struct ResultOf {
  using type = T;
};
template <class Op, class T>
requires requires { Op::wide; }
struct ResultOf<Op, T> {
  using type = Wide<T>;
};

/// The element type of what an op makes of elements of type T.
template <class Op, class T>
using Result = typename ResultOf<Op, T>::type;

/// True for an op whose result can wait until it is read.
template <class Op>
inline constexpr bool prepares = requires {
  Op::prepares;
};

template <class X>
struct Argument {};
template <class T, Device D>
struct Argument<Tensor<T, D>> {
  static const Tensor<T, D>& tensor(const Tensor<T, D>& x) { return x; }
  static ops::Operand<T, D> operand(const Tensor<T, D>& x) { return x; }
  static int node(Tape<D>&, const Tensor<T, D>&) { return -1; }
};
template <class T, Device D>
struct Argument<Param<T, D>> {
  static const Tensor<T, D>& tensor(const Param<T, D>& x) { return x.value; }
  static int node(Tape<D>& tape, Param<T, D>& x) { return tape.param(x); }
};
template <class T, Device D>
struct Argument<Var<T, D>> {
  static Tensor<T, D> tensor(const Var<T, D>& x) { return x.value(); }
  static const ops::Operand<T, D>& operand(const Var<T, D>& x) { return x.operand; }
  static int node(Tape<D>& tape, const Var<T, D>& x) {
    require(x.tape == &tape, "apply: the inputs of one op are on different tapes");
    require(x.node < 0 || tape.holds(x.node), "apply: an input was recorded before its tape was cleared");
    return x.node;
  }
};

/// Argument `index` of an op, as the op reads it.
template <class Op, std::size_t index, class X>
decltype(auto) argument(const X& x) {
  if constexpr (index < operands<Op>())
    return Argument<X>::operand(x);
  else
    return Argument<X>::tensor(x);
}

/// The gradient of an op's output, as the op reads it.
template <class Op, class T, Device D>
auto reach(ops::Gradient<T, D> dy) {
  if constexpr (requires { Op::reads_gradients; })
    return dy;
  else
    return dy.take();
}

/// A gradient that an op made, as a tape keeps it.
template <class T, Device D>
ops::Gradient<T, D> kept(Tensor<T, D> dx) {
  return dx;
}
template <class T, Device D>
ops::Gradient<T, D> kept(ops::Gradient<T, D> dx) {
  return dx;
}

template <class Op, class T, Device D>
struct OpPullback : Tape<D>::Pullback {
  static constexpr std::size_t n = Op::inputs;
  Op op;
  typename Op::template Saved<T, D> saved;
  std::array<int, n> nodes;

  OpPullback(const Op& o, typename Op::template Saved<T, D> s, const std::array<int, n>& ids)
      : op(o), saved(std::move(s)), nodes(ids) {}

  void pull(Tape<D>& tape, ops::GradientBase<D> dy) override {
    ops::Wanted<n> wanted;
    for (std::size_t i = 0; i < n; ++i) wanted[i] = nodes[i] >= 0;
    auto grads = op.backward(reach<Op>(ops::Gradient<Result<Op, T>, D>(std::move(dy))), saved, wanted);
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      ((wanted[i] ? tape.accumulate(nodes[i], kept(std::move(std::get<i>(grads)))) : void()), ...);
    }
    (std::make_index_sequence<n>());
  }

  int record_relu(Tape<D>& tape) override {
    if constexpr (requires { op.relu; }) {
      Op with_relu = op;
      with_relu.relu = true;
      return tape.template record<OpPullback>(with_relu, saved, nodes);
    }
    return -1;
  }
};

/// Runs the op on its arguments; with `saved` it may leave its result to be computed where it is read.
template <class Op, class T, Device D, std::size_t... i, class... X>
ops::Operand<Result<Op, T>, D> run(const Op& op, typename Op::template Saved<T, D>* saved,
                                   std::index_sequence<i...>, const X&... x) {
  if constexpr (prepares<Op>)
    if (saved != nullptr) return op.prepare(argument<Op, i>(x)..., saved);
  return op.forward(argument<Op, i>(x)..., saved);
}

/// Runs the op, keeps what backward reads, and adds a node unless every input is a constant. Even then it is
/// training: a batch norm measures constants too.
template <class Op, class T, Device D, class... X>
Var<Result<Op, T>, D> record(Tape<D>& tape, const Op& op, X&... x) {
  const std::array<int, sizeof...(X)> all{Argument<std::remove_const_t<X>>::node(tape, x)...};
  std::array<int, Op::inputs> nodes;
  std::copy_n(all.begin(), Op::inputs, nodes.begin());
  typename Op::template Saved<T, D> saved;
  ops::Operand<Result<Op, T>, D> y = run<Op, T, D>(op, &saved, std::index_sequence_for<X...>(), x...);
  if constexpr (requires { op.multiplications(saved); }) tape.count(op.multiplications(saved));
  if (std::all_of(nodes.begin(), nodes.end(), [](int node) { return node < 0; }))
    return tape.constant(y.value());
  return {&tape, std::move(y), tape.template record<OpPullback<Op, T, D>>(op, std::move(saved), nodes)};
}

}  // namespace detail

/// Runs an op on tensors: inference, nothing is kept. Parameters stand for their values.
template <class Op, class T, Device D, class... X>
Tensor<detail::Result<Op, T>, D> apply(const Op& op, const Tensor<T, D>& first, const X&... rest) {
  return detail::run<Op, T, D>(op, nullptr, std::make_index_sequence<1 + sizeof...(X)>(), first, rest...).x;
}

/// Runs an op on a watched value and records it. The other arguments may be Vars, parameters, or constant
/// tensors.
template <class Op, class T, Device D, class... X>
Var<detail::Result<Op, T>, D> apply(const Op& op, const Var<T, D>& first, X&&... rest) {
  return detail::record<Op, T, D>(*first.tape, op, first, rest...);
}

/// The relu of what is not yet computed is one more step of its computation.
template <class T, Device D>
Var<T, D> apply(const ops::Relu& op, const Var<T, D>& x) {
  const int node = x.pending() && !x.operand.relu ? x.tape->record_relu(x.node) : -1;
  if (node < 0) return detail::record<ops::Relu, T, D>(*x.tape, op, x);
  return {x.tape, {x.operand.x, x.operand.affine, true}, node};
}

}  // namespace pretext
