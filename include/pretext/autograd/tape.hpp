// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "pretext/autograd/param.hpp"
#include "pretext/core/random.hpp"
#include "pretext/ops/add.hpp"
#include "pretext/ops/gradient.hpp"

namespace pretext {

template <Device D>
class Tape;

/// A value that a tape watches. Var means training: what is computed from it can be differentiated.
/// A Var without a node is a constant. The value of a batch norm is pending: it is computed by what reads it.
template <class T, Device D>
struct Var {
  Tape<D>* tape = nullptr;
  ops::Operand<T, D> operand;
  int node = -1;

  const Shape& shape() const { return operand.shape(); }
  std::int64_t dim(int axis) const { return operand.x.dim(axis); }
  bool pending() const { return !operand.plain(); }

  /// The value in memory; a pending one is computed once for all copies of this Var.
  Tensor<T, D> value() const { return pending() ? tape->evaluate(operand, node) : operand.x; }
};

/// Hands out memory in order and takes all of it back at once; keeps its chunks.
class Arena {
 public:
  void* allocate(std::size_t bytes) {
    constexpr std::size_t alignment = alignof(std::max_align_t);
    bytes = (bytes + alignment - 1) / alignment * alignment;
    while (chunk_ < chunks_.size() && used_ + bytes > chunks_[chunk_].size()) ++chunk_, used_ = 0;
    if (chunk_ == chunks_.size()) chunks_.emplace_back(std::max<std::size_t>(bytes, std::size_t{1} << 16));
    void* memory = chunks_[chunk_].data() + used_;
    used_ += bytes;
    return memory;
  }
  void reset() { chunk_ = used_ = 0; }

 private:
  std::vector<std::vector<std::byte>> chunks_;
  std::size_t chunk_ = 0, used_ = 0;
};

/// The record of one step: nodes in the order of computation. backward() walks it once in reverse and
/// releases each node as it passes. There is no global state; a tape belongs to one thread at a time.
template <Device D>
class Tape {
 public:
  /// Takes the gradient of a node's output and hands gradients to its inputs.
  struct Pullback {
    virtual void pull(Tape& tape, ops::GradientBase<D> dy) = 0;
    /// Records the relu of the output as a node on the same inputs; -1 where the op cannot.
    virtual int record_relu(Tape&) { return -1; }
    virtual ~Pullback() = default;
  };

  /// `seed` and `step` decide the dropout masks of this step.
  explicit Tape(std::uint64_t seed = 0, std::uint32_t step = 0) : key_{seed, step, 0} {}
  /// A tape for a part of a step, whose draws begin with this one. `again`: it was computed before.
  Tape(const DrawKey& draws, bool again) : key_(draws), again_(again) {}
  ~Tape() { clear(); }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A value whose gradient can be read with gradient() after backward().
  template <class T>
  Var<T, D> leaf(Tensor<T, D> value) {
    return {this, std::move(value), add_node(nullptr)};
  }

  /// A value that takes part without a gradient.
  template <class T>
  Var<T, D> constant(Tensor<T, D> value) {
    return {this, std::move(value), -1};
  }

  /// The node of a parameter: its gradient is added to param.grad. -1 where the parameter is frozen or
  /// undefined.
  template <class T>
  int param(Param<T, D>& param) {
    if (!param.trainable || !param.defined()) return -1;
    return record<ParamPullback<T>>(&param);
  }

  /// Adds a node and returns its index.
  template <class P, class... Args>
  int record(Args&&... args) {
    return add_node(new (arena_.allocate(sizeof(P))) P(std::forward<Args>(args)...));
  }

  /// Differentiates a loss of one element with respect to every leaf and parameter on the tape.
  template <class T>
  void backward(const Var<T, D>& loss) {
    require(loss.shape().size() == 1, "backward: the loss must have one element, but its shape is ",
            loss.shape());
    backward(loss, Tensor<T, D>::full(loss.shape(), T(1)));
  }

  /// The same from any output and the gradient that reaches it; the output's own value is not needed.
  template <class T>
  void backward(Var<T, D> output, std::type_identity_t<ops::Gradient<T, D>> dy) {
    require(output.tape == this && holds(output.node),
            "backward: the output was not computed from anything on this tape");
    require(dy.shape() == output.shape(), "backward: gradient ", dy.shape(), " for an output ",
            output.shape());
    require(!std::exchange(spent_, true),
            "backward: the tape was walked already; clear() it and record anew");
    output.operand = {};
    accumulate<T>(output.node, std::move(dy));
    for (int i = output.node; i >= first_; --i) {
      Node& node = at(i);
      node.value = {};
      if (node.pullback == nullptr) continue;
      if (node.grad.dy.storage.data() != nullptr) node.pullback->pull(*this, std::exchange(node.grad, {}));
      std::destroy_at(std::exchange(node.pullback, nullptr));
    }
  }

  /// Adds a gradient to what the node has received so far. The first one may wait to be computed, but not
  /// where it can be read.
  template <class T>
  void accumulate(int node, ops::Gradient<T, D> gradient) {
    ops::GradientBase<D>& slot = at(node).grad;
    if (slot.dy.storage.data() != nullptr)
      gradient = sum(ops::Gradient<T, D>(std::move(slot)).take(), gradient.take());
    else if (at(node).pullback == nullptr)
      gradient = gradient.take();
    slot = gradient.base();
  }

  /// The gradient that a leaf received; undefined where none did.
  template <class T>
  Tensor<T, D> gradient(const Var<T, D>& leaf) const {
    require(leaf.tape == this && holds(leaf.node), "gradient: not a leaf of this tape");
    return Tensor<T, D>(nodes_[static_cast<std::size_t>(leaf.node - first_)].grad.dy);
  }

  /// The node of the relu of a node's output, on the same inputs; -1 where its op cannot.
  int record_relu(int node) { return at(node).pullback->record_relu(*this); }

  /// The value of an operand, kept with its node until backward passes it.
  template <class T>
  Tensor<T, D> evaluate(const ops::Operand<T, D>& operand, int node) {
    TensorBase<D>& slot = at(node).value;
    if (slot.storage.data() == nullptr) slot = operand.value().base();
    return Tensor<T, D>(slot);
  }

  DrawKey next_draw() { return {key_.seed, key_.step, key_.draw++}; }
  const DrawKey& draws() const { return key_; }
  void set_draws(const DrawKey& next) { key_ = next; }

  /// True while something is computed that was computed before: what it measures was counted then.
  bool again() const { return again_; }

  /// The multiplications of what was recorded so far, each with an addition: those of convolutions and fully
  /// connected layers, forward.
  std::int64_t multiplications() const { return multiplications_; }
  void count(std::int64_t multiplications) { multiplications_ += multiplications; }

  /// True for a node that was recorded since the tape was cleared.
  bool holds(int node) const { return node >= first_ && node - first_ < static_cast<int>(nodes_.size()); }

  /// Forgets everything, keeps the memory, and starts another step. What was recorded before is not taken for
  /// what comes: nodes are numbered on.
  void clear(std::uint32_t step = 0) {
    for (Node& node : nodes_)
      if (node.pullback != nullptr) std::destroy_at(node.pullback);
    first_ = first_ < (1 << 30) ? first_ + static_cast<int>(nodes_.size()) : 0;
    nodes_.clear();
    arena_.reset();
    key_ = {key_.seed, step, 0};
    multiplications_ = 0;
    spent_ = false;
  }

  std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    Pullback* pullback;
    ops::GradientBase<D> grad;
    TensorBase<D> value;
  };

  template <class T>
  struct ParamPullback : Pullback {
    Param<T, D>* param;
    explicit ParamPullback(Param<T, D>* p) : param(p) {}
    void pull(Tape&, ops::GradientBase<D> dy) override {
      param->grad = sum(std::move(param->grad), ops::Gradient<T, D>(std::move(dy)).take());
    }
  };

  /// a + b, written into a where nobody else can see it; an undefined a is zero.
  template <class T>
  static Tensor<T, D> sum(Tensor<T, D> a, Tensor<T, D> b) {
    if (!a.defined()) return b;
    Tensor<T, D> out = a.unique() ? a : Tensor<T, D>(a.shape());
    Kernel<ops::Add, D>::template forward<T>(a, b, false, out);
    return out;
  }

  int add_node(Pullback* pullback) {
    nodes_.push_back({pullback, {}, {}});
    return first_ + static_cast<int>(nodes_.size()) - 1;
  }

  Node& at(int node) {
    require(holds(node), "tape: a value that is used was recorded before the tape was cleared");
    return nodes_[static_cast<std::size_t>(node - first_)];
  }

  std::vector<Node> nodes_;
  int first_ = 0;  // the number of the first of them
  Arena arena_;
  DrawKey key_;
  std::int64_t multiplications_ = 0;
  bool spent_ = false, again_ = false;
};

}  // namespace pretext
