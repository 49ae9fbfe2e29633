// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "pretext/autograd/pending.hpp"
#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// Any layer behind one type: called with a Tensor, or one that is pending, it infers; with a Var it is
/// recorded.
template <Device D, class T>
class AnyLayer {
 public:
  template <class L>
  requires(!std::same_as<std::remove_cvref_t<L>, AnyLayer>) explicit AnyLayer(L&& layer)
      : self_(std::make_unique<Model<std::remove_cvref_t<L>>>(std::forward<L>(layer))) {}

  Tensor<T, D> operator()(const Tensor<T, D>& x) { return self_->infer(x); }
  Pending<T, D> operator()(const Pending<T, D>& x) { return self_->infer(x); }
  Var<T, D> operator()(const Var<T, D>& x) { return self_->record(x); }
  void each(auto&& f) {
    self_->visit({.param = [&](const std::string& name, Param<Wide<T>, D>& p) { f(name, p); },
                  .buffer = [&](const std::string& name, Buffer<Wide<T>, D>& b) { f(name, b); }});
  }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual Pending<T, D> infer(const Pending<T, D>& x) = 0;
    virtual Var<T, D> record(const Var<T, D>& x) = 0;
    virtual void visit(const Visitor<D, T>& visitor) = 0;
  };
  template <class L>
  struct Model final : Concept {
    L layer;
    explicit Model(L l) : layer(std::move(l)) {}
    Pending<T, D> infer(const Pending<T, D>& x) override { return layer(x); }
    Var<T, D> record(const Var<T, D>& x) override { return layer(x); }
    void visit(const Visitor<D, T>& visitor) override { nn::visit<D, T>(layer, visitor); }
  };

  std::unique_ptr<Concept> self_;
};

/// Named layers, one after the other. The names of the stages are the network's taps: what probes, attention
/// maps and feature export read.
template <Device D = Cpu, class T = float>
class Sequential {
 public:
  Sequential() = default;

  /// Appends a layer; without a name it is numbered from 0, as PyTorch does.
  template <class L>
  Sequential& add(std::string name, L&& layer) {
    return add(name, name, std::forward<L>(layer));
  }
  template <class L>
  Sequential& add(L&& layer) {
    return add(std::to_string(stages_.size()), std::forward<L>(layer));
  }

  /// The same for a stage whose parameters are not called tap.*, but prefix.*; stages may share a prefix.
  template <class L>
  Sequential& add(std::string tap, std::string prefix, L&& layer) {
    for (const Stage& stage : stages_)
      require(stage.name != tap, "Sequential: two stages are named '", tap, "'");
    stages_.push_back({std::move(tap), std::move(prefix), AnyLayer<D, T>(std::forward<L>(layer))});
    return *this;
  }

  template <class X>
  X operator()(const X& x) {
    return run(x, stages_.size(), [](auto&&...) {});
  }

  /// The same, calling on_stage(name, activation) after every stage. Of a Tensor the activation is pending:
  /// what on_stage does not read need not be computed.
  template <class X, class F>
  X operator()(const X& x, F&& on_stage) {
    return run(x, stages_.size(), on_stage);
  }

  /// The activation of one tap; later stages are not computed.
  template <class X>
  X at(const std::string& tap, const X& x) {
    return run(x, index(tap) + 1, [](auto&&...) {});
  }

  /// Calls f(tap, value) after every stage of each recorded pass; no gradient flows through what it reads,
  /// and what is computed stays the same. An empty f ends that. One may watch at a time, and a network that
  /// is moved leaves its watcher behind.
  void watch(std::function<void(const std::string& tap, const Tensor<T, D>& value)> f) {
    require(f == nullptr || watcher_.f == nullptr, "Sequential: somebody watches this network already");
    watcher_.f = std::move(f);
  }

  std::vector<std::string> taps() const {
    std::vector<std::string> names;
    for (const Stage& stage : stages_) names.push_back(stage.name);
    return names;
  }

  /// Drops the stages after a tap, which becomes the last.
  void end_at(const std::string& tap) {
    stages_.erase(stages_.begin() + static_cast<std::ptrdiff_t>(index(tap)) + 1, stages_.end());
  }

  void each(auto&& f) {
    for (Stage& stage : stages_) stage.layer.each(prefixed(stage.prefix + ".", f));
  }

 private:
  struct Stage {
    std::string name, prefix;
    AnyLayer<D, T> layer;
  };

  // Knows this network by its place, so it stays there.
  struct Watcher {
    std::function<void(const std::string&, const Tensor<T, D>&)> f;
    Watcher() = default;
    Watcher(Watcher&&) noexcept {}
    Watcher& operator=(Watcher&&) noexcept { return *this; }
  };

  std::size_t index(const std::string& tap) const {
    std::string known;
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      if (stages_[i].name == tap) return i;
      known += (i != 0 ? ", " : "") + stages_[i].name;
    }
    fail("network: no tap is named '", tap, "'; there are ", known);
  }

  template <class X, class F>
  X run(const X& input, std::size_t count, F&& on_stage) {
    std::conditional_t<std::same_as<X, Tensor<T, D>>, Pending<T, D>, X> x = input;
    for (std::size_t i = 0; i < count; ++i) {
      x = stages_[i].layer(x);
      on_stage(stages_[i].name, x);
      if constexpr (std::same_as<X, Var<T, D>>)
        if (watcher_.f) watcher_.f(stages_[i].name, x.operand.value());
    }
    return x;
  }

  std::vector<Stage> stages_;
  Watcher watcher_;
};

}  // namespace pretext::nn
