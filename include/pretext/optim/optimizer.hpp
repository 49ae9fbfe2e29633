// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <memory>
#include <set>

#include "pretext/autograd/state.hpp"
#include "pretext/core/span.hpp"
#include "pretext/optim/group.hpp"
#include "pretext/optim/rule.hpp"

namespace pretext::optim {

/// Moves parameters against their gradients by a rule such as Sgd or AdamW. The parameters must outlive it
/// and stay where they are. State is made on a parameter's first step; a steady step allocates nothing.
template <Device D = Cpu, class T = float>
class Optimizer {
 public:
  template <UpdateRule Rule>
  Optimizer(const ParamList<T, D>& params, const Rule& rule, const std::vector<Group>& groups = {})
      : rule_(std::make_unique<AnyRule<Rule>>(rule)) {
    rule.check();
    require(std::isfinite(rule.weight_decay) && rule.weight_decay >= 0,
            "optimizer: weight_decay must be 0 or more, not ", rule.weight_decay);
    std::set<std::string> names;
    for (const NamedParam<T, D>& p : params) {
      require(names.insert(p.name).second, "optimizer: two parameters are named '", p.name, "'");
      slots_.push_back({p.name, p.param, 1, rule.weight_decay, {}});
    }
    for (std::size_t i = 0; i < groups.size(); ++i) assign(groups[i], i);
  }

  /// One step: updates every trainable parameter that has a gradient, then drops all gradients.
  void step(double lr) {
    check_rate(lr);
    rule_->step(slots_, lr);
    for (Slot& slot : slots_) slot.param->grad = {};
  }

  /// The part of a step that a GPU records: updates as step() does, but by the rate that renew() names before
  /// each replay. Every parameter must have taken a step before.
  void record() {
    rule_->record(slots_);
    for (Slot& slot : slots_) slot.param->grad = {};
  }

  /// Counts one more step for what was recorded, and names its learning rate.
  void renew(double lr) {
    check_rate(lr);
    rule_->renew(slots_, lr);
  }

  /// The state of every parameter that was stepped: NAME.step and, for example, NAME.momentum_buffer, laid
  /// out as the parameter is in files.
  std::vector<NamedTensor> save_state(const std::string& prefix = "") {
    std::vector<StateEntry> entries;
    for (Slot& slot : slots_) append(entries, slot, slot.state, prefix);
    return save_entries(entries);
  }

  /// Takes over the tensors whose names start with the prefix, so that the next step has the same bits as if
  /// there had been no stop. Where they do not fit one Error lists all names that are wrong, and nothing
  /// changes.
  void load_state(Span<const NamedTensor> tensors, const std::string& prefix = "") {
    std::vector<const NamedTensor*> own;
    std::set<std::string_view> names;
    for (const NamedTensor& tensor : tensors)
      if (tensor.name.starts_with(prefix)) names.insert(own.emplace_back(&tensor)->name);
    std::vector<State> loaded(slots_.size());
    std::vector<StateEntry> entries;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (!names.contains(prefix + slots_[i].name + ".step")) continue;
      loaded[i] = fresh_state(slots_[i]);
      append(entries, slots_[i], loaded[i], prefix);
    }
    load_entries("optimizer", entries, own);
    for (std::size_t i = 0; i < slots_.size(); ++i) check_steps(slots_[i].name, loaded[i]);
    for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].state = std::move(loaded[i]);
  }

 private:
  struct State {
    Tensor<std::int64_t, Cpu> steps;  // undefined before the first step
    std::vector<Tensor<T, D>> values;
  };
  struct Slot {
    std::string name;
    Param<T, D>* param;
    double lr_scale, weight_decay;
    State state;
  };

  // A rule behind one type, so that an optimiser can be chosen while the program runs.
  struct RuleConcept {
    virtual ~RuleConcept() = default;
    virtual Span<const std::string_view> state_names() const = 0;
    virtual void step(std::vector<Slot>& slots, double lr) = 0;
    virtual void record(std::vector<Slot>& slots) = 0;
    virtual void renew(std::vector<Slot>& slots, double lr) = 0;
  };
  template <class Rule>
  struct AnyRule final : RuleConcept {
    using Update = typename Rule::Update;
    Rule rule;
    using Kernel = pretext::Kernel<ops::Update<Update>, D>;
    using Item = ops::UpdateItem<Update, T>;
    // True for a device whose steps can be recorded.
    static constexpr bool recordable = requires(Kernel kernel, Span<const Item> items) {
      kernel.upload(items);
    };

    std::vector<Item> items;           // of the last step
    std::vector<std::size_t> stepped;  // the slot of each
    Kernel kernel;

    explicit AnyRule(const Rule& r) : rule(r) {}

    Span<const std::string_view> state_names() const override { return Update::slots; }

    void step(std::vector<Slot>& slots, double lr) override {
      gather(slots);
      for (std::size_t i = 0; i < items.size(); ++i) items[i].f = update(slots[stepped[i]], lr);
      kernel.run(Span<const Item>(items));
    }

    void record(std::vector<Slot>& slots) override {
      gather(slots);
      if constexpr (recordable) kernel.launch(Span<const Item>(items));
    }

    void renew(std::vector<Slot>& slots, double lr) override {
      require(recordable && !items.empty(), "optimizer: no step was recorded");
      for (std::size_t i = 0; i < items.size(); ++i) items[i].f = update(slots[stepped[i]], lr);
      if constexpr (recordable) kernel.upload(Span<const Item>(items));
    }

    /// The parameters that take part in a step, and where all of it lies.
    void gather(std::vector<Slot>& slots) {
      items.clear();
      stepped.clear();
      for (std::size_t i = 0; i < slots.size(); ++i) {
        if (!slots[i].param->trainable || !slots[i].param->grad.defined()) continue;
        items.push_back(item(slots[i]));
        stepped.push_back(i);
      }
    }

    Item item(Slot& slot) const {
      Param<T, D>& p = *slot.param;
      if (!slot.state.steps.defined()) slot.state = fresh_state(p.value.shape(), Update::slots.size());
      std::array<T*, Update::slots.size()> state;
      for (std::size_t k = 0; k < state.size(); ++k) state[k] = slot.state.values[k].data();
      return {{}, p.value.data(), std::as_const(p.grad).data(), state, p.value.size()};
    }

    /// What the next step of a parameter does to each of its elements.
    Update update(Slot& slot, double lr) const {
      const std::int64_t step = ++*slot.state.steps.data();
      return rule.update({lr * slot.lr_scale, slot.weight_decay, step, slot.param->value.shape().rank()});
    }
  };

  void check_rate(double lr) const {
    require(rule_ != nullptr, "optimizer: it was moved from, and has no rule");
    require(std::isfinite(lr) && lr >= 0, "optimizer: the learning rate must be 0 or more, not ", lr);
  }

  static State fresh_state(const Shape& shape, std::size_t values) {
    State state{Tensor<std::int64_t, Cpu>::zeros(Shape()), {}};
    for (std::size_t k = 0; k < values; ++k) state.values.push_back(Tensor<T, D>::zeros(shape));
    return state;
  }
  State fresh_state(const Slot& slot) const {
    return fresh_state(slot.param->value.shape(), rule_->state_names().size());
  }

  static void check_steps(const std::string& name, const State& state) {
    const std::int64_t steps = state.steps.defined() ? state.steps.item() : 1;
    require(steps >= 1 && steps < std::int64_t{1} << 53, "optimizer: ", name,
            ".step must be at least 1 and below 2^53, not ", steps);
  }

  void append(std::vector<StateEntry>& entries, const Slot& slot, State& state, const std::string& prefix) {
    if (!state.steps.defined()) return;
    entries.emplace_back(prefix + slot.name + ".step", state.steps);
    for (std::size_t k = 0; k < state.values.size(); ++k)
      entries.emplace_back(prefix + slot.name + "." + std::string(rule_->state_names()[k]), state.values[k],
                           slot.param->layout);
  }

  void assign(const Group& group, std::size_t index) {
    require(group.match != nullptr, "optimizer: group ", index, " has no match");
    bool any = false;
    for (Slot& slot : slots_) {
      if (!group.match(slot.name, slot.param->value.shape())) continue;
      any = true;
      slot.lr_scale *= group.lr_scale;
      slot.weight_decay = group.weight_decay.value_or(slot.weight_decay);
      require(slot.lr_scale >= 0 && slot.weight_decay >= 0, "optimizer: group ", index, " gives ", slot.name,
              " a negative rate or weight decay");
    }
    require(any, "optimizer: group ", index, " matches none of ", slots_.size(), " parameters",
            slots_.empty() ? "" : ", such as " + slots_.front().name);
  }

  std::unique_ptr<RuleConcept> rule_;
  std::vector<Slot> slots_;
};

}  // namespace pretext::optim
