// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "pretext/autograd/apply.hpp"
#include "pretext/autograd/trace.hpp"
#include "pretext/ops/batch_norm.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext {

/// A value on its way through a frozen network, which may wait for what is done to it: a convolution runs
/// when its result is read, and the batch norm, addition and relu that came until then are its epilogue. It
/// is computed once for all copies, and is a Tensor wherever one is asked for.
template <class T, Device D>
class Pending {
 public:
  using Epilogue = ops::Epilogue<T, D>;

  Pending(Tensor<T, D> x) : Pending(State{.shape = x.shape(), .x = std::move(x)}) {}

  /// The input of a network that is traced.
  Pending(Tensor<T, D> x, Trace& trace) : Pending(std::move(x)) { enter(trace, {"", {}, {}, shape()}); }

  /// What `compute` makes of an epilogue once it is read.
  Pending(const Shape& shape, std::function<Tensor<T, D>(const Epilogue&)> compute)
      : Pending(State{.shape = shape, .compute = std::move(compute)}) {}

  const Shape& shape() const { return state_->shape; }
  std::int64_t dim(int axis) const { return shape()[axis]; }

  Tensor<T, D> value() const {
    State& s = *state_;
    s.x = s.compute ? s.compute(s.end) : operand().value();
    s.compute = nullptr;
    s.end = {};
    return s.x;
  }
  operator Tensor<T, D>() const { return value(); }

  /// The same for what evaluates as it reads.
  ops::Operand<T, D> operand() const {
    if (state_->compute) value();
    return {state_->x, state_->end.affine, state_->end.relu};
  }

  /// (x - center) * scale + shift by channels, which are [3, C].
  Pending normalized(ops::WideTensor<T, D> channels) const {
    const Epilogue& end = state_->end;
    const bool first = !end.affine.defined() && !end.addend.x.defined() && !end.relu;
    State next = first ? *state_ : State{.shape = shape(), .x = value()};
    next.end.affine = std::move(channels);
    return Pending(std::move(next));
  }

  /// x + other, with 0 in place of negatives if `relu`.
  Pending plus(const Pending& other, bool relu) const {
    require(shape() == other.shape(), ops::Add::name, ": b must have shape ", shape(), ", not ",
            other.shape());
    if (!takes_addend() && other.takes_addend()) return other.plus(*this, relu);
    const ops::Operand<T, D> addend = other.operand();
    if (!takes_addend())
      return ops::Add{relu}.forward(operand(), addend, static_cast<ops::Add::Saved<T, D>*>(nullptr));
    State next = *state_;
    next.end.addend = addend;
    next.end.relu = relu;
    return Pending(std::move(next));
  }

  /// 0 in place of negatives.
  Pending rectified() const {
    if (!state_->compute && !state_->end.affine.defined()) return apply(ops::Relu{}, value());
    State next = *state_;
    next.end.relu = true;
    return Pending(std::move(next));
  }

  /// The trace that it is on, or null, and the step there whose result it is.
  Trace* trace() const { return state_->trace; }
  int step() const { return state_->step; }

  /// Makes it the result of one more step of a trace.
  void enter(Trace& trace, TraceStep step) {
    state_->trace = &trace;
    state_->step = trace.add(std::move(step));
  }

 private:
  struct State {
    Shape shape;
    Tensor<T, D> x{};
    std::function<Tensor<T, D>(const Epilogue&)> compute{};  // of x; null: x is there
    Epilogue end{};                                          // what is still to be done to it
    Trace* trace = nullptr;
    int step = -1;
  };

  explicit Pending(State s) : state_(std::make_shared<State>(std::move(s))) {}

  bool takes_addend() const {
    return state_->compute && !state_->end.addend.x.defined() && !state_->end.relu;
  }

  std::shared_ptr<State> state_;
};

namespace detail {
template <class T, Device D>
struct Argument<Pending<T, D>> {
  static Tensor<T, D> tensor(const Pending<T, D>& x) { return x.value(); }
  static ops::Operand<T, D> operand(const Pending<T, D>& x) { return x.operand(); }
};

template <class T, Device D>
TraceArgument trace_argument(const Pending<T, D>& x) {
  return x.trace() != nullptr ? TraceArgument{x.step(), {}} : TraceArgument{-1, x.value()};
}
template <class X>
TraceArgument trace_argument(const X& x) {
  return {-1, Argument<X>::tensor(x)};
}

/// What an op made of its arguments, as a step of the trace that the first of them is on.
template <class Y, class Op, class X, class... Rest>
Y traced(Y y, const Op& op, const X& first, const Rest&... rest) {
  if (first.trace() != nullptr)
    y.enter(*first.trace(), {Op::name, op, {trace_argument(first), trace_argument(rest)...}, y.shape()});
  return y;
}
}  // namespace detail

/// Runs an op on a value that may wait; the result of most is there at once.
template <class Op, class T, Device D, class... X>
Pending<detail::Result<Op, T>, D> apply(const Op& op, const Pending<T, D>& first, const X&... rest) {
  using Y = Pending<detail::Result<Op, T>, D>;
  return detail::traced(
      Y(detail::run<Op, T, D>(op, nullptr, std::make_index_sequence<1 + sizeof...(X)>(), first, rest...).x),
      op, first, rest...);
}

template <class T, Device D>
Pending<T, D> apply(const ops::Conv2d& op, const Pending<T, D>& x, const Param<Wide<T>, D>& weight,
                    const Param<Wide<T>, D>& bias) {
  const ops::ConvShape s = op.shape(x.shape(), weight.value.shape());
  Pending<T, D> y({s.n, s.oh, s.ow, s.co},
                  [op, x = x.operand(), w = weight.value, b = bias.value](const ops::Epilogue<T, D>& end) {
                    return op.infer(x, w, b, end);
                  });
  return detail::traced(std::move(y), op, x, weight, bias);
}

template <class T, Device D>
Pending<T, D> apply(const ops::BatchNormInference& op, const Pending<T, D>& x, const Param<Wide<T>, D>& gamma,
                    const Param<Wide<T>, D>& beta, const ops::WideTensor<T, D>& mean,
                    const ops::WideTensor<T, D>& var) {
  return detail::traced(x.normalized(op.affine<T, D>(x.dim(-1), gamma.value, beta.value, mean, var)), op, x,
                        gamma, beta, mean, var);
}

template <class T, Device D>
Pending<T, D> apply(const ops::Add& op, const Pending<T, D>& a, const Pending<T, D>& b) {
  return detail::traced(a.plus(b, op.relu), op, a, b);
}

template <class T, Device D>
Pending<T, D> apply(const ops::Relu& op, const Pending<T, D>& x) {
  return detail::traced(x.rectified(), op, x);
}

}  // namespace pretext
