// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <string_view>
#include <tuple>

#include "pretext/core/bf16.hpp"
#include "pretext/tensor/kernel.hpp"

// An op is a small struct of options that knows shapes and gradients but no device:
//
//   static constexpr std::string_view name;        what errors call it
//   static constexpr std::size_t inputs;           how many leading arguments can receive a gradient
//   template <class T, Device D> struct Saved;     what backward will read
//   Tensor forward(x..., Saved* saved) const;      saved is null in inference
//   Grads backward(Tensor dy, const Saved&, Wanted) const;
//
// Elements of a network are of type T; its parameters, statistics and losses are of type Wide<T>. An op whose
// result is such a one says so by `wide`.
//
// An op with `operands` takes so many of its first arguments as an Operand (operand.hpp); one with `prepares`
// can also return its result as an Operand, which is not yet computed.
//
// An op that multiplies matrices says how often: multiplications(saved), which a tape sums up.
//
// The arithmetic is in Kernel<Op, Device>. autograd/apply.hpp runs an op on tensors or records it on a tape.
namespace pretext::ops {

/// One gradient for each differentiable input; undefined where it was not wanted.
template <class T, Device D, std::size_t N>
using Grads = std::array<Tensor<T, D>, N>;

/// A parameter, statistic or loss of a network whose elements are of type T.
template <class T, Device D>
using WideTensor = Tensor<Wide<T>, D>;

/// The gradients of an op's input and of the two parameters after it; undefined where they were not wanted.
template <class X, class T, Device D>
using LayerGrads = std::tuple<X, WideTensor<T, D>, WideTensor<T, D>>;

/// Which inputs need a gradient.
template <std::size_t N>
using Wanted = std::array<bool, N>;

/// Refuses a tensor of another rank.
template <class T, Device D>
void require_rank(std::string_view op, std::string_view argument, const Tensor<T, D>& x, int rank) {
  require(x.defined(), op, ": ", argument, " is undefined");
  require(x.shape().rank() == rank, op, ": ", argument, " must have ", rank, " axes, but its shape is ",
          x.shape());
}

/// Refuses a tensor of another shape.
template <class T, Device D>
void require_shape(std::string_view op, std::string_view argument, const Tensor<T, D>& x,
                   const Shape& expected) {
  require(x.defined() && x.shape() == expected, op, ": ", argument, " must have shape ", expected, ", not ",
          x.shape());
}

}  // namespace pretext::ops
