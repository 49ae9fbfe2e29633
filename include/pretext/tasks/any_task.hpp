// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "pretext/nn/visit.hpp"
#include "pretext/tasks/task.hpp"

namespace pretext::tasks {

/// Any pretext task behind one type: programs that know many tasks compile their training once.
template <Device D = Cpu, class T = float>
class AnyTask {
 public:
  template <class Task>
  requires(!std::same_as<Task, AnyTask> && PretextTask<Task, D, T>) explicit AnyTask(Task task)
      : self_(std::make_unique<Model<Task>>(std::move(task))) {}

  std::string name() const { return self_->name(); }
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    return self_->batch(dataset, plan, training);
  }
  Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) {
    return self_->loss(backbone, tape, batch);
  }
  Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) {
    return self_->evaluate(backbone, batch);
  }
  void each(auto&& f) {
    self_->visit({.param = [&](const std::string& name, Param<Wide<T>, D>& p) { f(name, p); },
                  .buffer = [&](const std::string& name, Buffer<Wide<T>, D>& b) { f(name, b); }});
  }

  /// The task itself where it is one of this type; otherwise null.
  template <class Task>
  Task* get() {
    auto* model = dynamic_cast<Model<Task>*>(self_.get());
    return model == nullptr ? nullptr : &model->task;
  }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual std::string name() const = 0;
    virtual Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan,
                              bool training) const = 0;
    virtual Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) = 0;
    virtual Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) = 0;
    virtual void visit(const nn::Visitor<D, T>& visitor) = 0;
  };
  template <class Task>
  struct Model final : Concept {
    Task task;
    explicit Model(Task t) : task(std::move(t)) {}
    std::string name() const override { return task.name(); }
    Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan,
                      bool training) const override {
      return task.batch(dataset, plan, training);
    }
    Outcome<D, T> loss(nn::Sequential<D, T>& backbone, Tape<D>& tape, const Batch<D, T>& batch) override {
      return task.loss(backbone, tape, batch);
    }
    Score evaluate(nn::Sequential<D, T>& backbone, const Batch<D, T>& batch) override {
      return task.evaluate(backbone, batch);
    }
    void visit(const nn::Visitor<D, T>& visitor) override { nn::visit<D, T>(task, visitor); }
  };

  std::unique_ptr<Concept> self_;
};

}  // namespace pretext::tasks
