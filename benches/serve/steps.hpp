// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/models/registry.hpp>
#include <pretext/nn/count.hpp>
#include <pretext/optim/sgd.hpp>

#include "answer.hpp"
#include "heap.hpp"

namespace bench {

/// Training steps of a backbone with a linear head on one batch that is there already.
class Steps {
 public:
  Steps(const std::string& model, std::int64_t batch, bool recompute)
      : rng_(1),
        backbone_(models::backbone(model, {.recompute = recompute}, rng_)),
        inputs_(drawn({batch, 32, 32, 3})),
        labels_({batch}) {
    const std::int64_t features = backbone_(inputs_.rows(0, 1)).dim(3);
    head_ = std::make_unique<nn::Linear<>>(nn::Linear<>::Options{.in = features, .out = 4}, rng_);
    for (std::int64_t i = 0; i < batch; ++i) labels_.data()[i] = static_cast<std::int32_t>(i % 4);
    auto params = nn::parameters(backbone_);
    for (const auto& p : nn::parameters(*head_)) params.push_back(p);
    optimizer_ = std::make_unique<optim::Optimizer<>>(
        params, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true});
  }

  double step() {
    tape_.clear(0);
    const auto x = backbone_(tape_.constant(inputs_));
    const auto loss = apply(ops::SoftmaxCrossEntropy{}, (*head_)(apply(ops::GlobalAvgPool{}, x)), labels_);
    tape_.backward(loss);
    optimizer_->step(0.01);
    return static_cast<double>(loss.value().item());
  }

 private:
  Rng rng_;
  nn::Sequential<> backbone_;
  std::unique_ptr<nn::Linear<>> head_;
  std::unique_ptr<optim::Optimizer<>> optimizer_;
  Tensor<float, Cpu> inputs_;
  Tensor<std::int32_t, Cpu> labels_;
  Tape<Cpu> tape_;
};

/// A line: one training step.
inline void serve_steps(const std::string& model, std::int64_t batch, bool recompute) {
  const std::int64_t start = peak_rss_mib();
  Steps steps(model, batch, recompute);
  const double first = steps.step();
  steps.step();
  const std::size_t buffers = allocator<Cpu>().use().allocations;
  std::int64_t on_heap = 0;  // in the last step
  std::vector<double> seconds;
  double last = first;
  serve([&](const std::string&) {
    const std::int64_t before = heap_allocations();
    seconds.push_back(seconds_of([&] { last = steps.step(); }));
    on_heap = heap_allocations() - before;
    return seconds.back();
  });
  const MemoryUse use = allocator<Cpu>().use();
  print(identity()
            .add("model", model)
            .add("batch", batch)
            .add("images_s", static_cast<double>(batch) / median(seconds))
            .add("loss_first", first)
            .add("loss_last", last)
            .add("tensor_peak_mib", static_cast<std::int64_t>(use.peak >> 20))
            .add("buffers_allocated_in_steady_steps", static_cast<std::int64_t>(use.allocations - buffers))
            .add("heap_allocations_a_step", on_heap)
            .add("start_rss_mib", start)
            .add("peak_rss_mib", peak_rss_mib()));
}

/// A line: one batch that is there already, through a frozen backbone.
inline void serve_inference(const std::string& model, std::int64_t batch) {
  Rng rng(1);
  auto backbone = models::backbone(model, {}, rng);
  const Tensor<float, Cpu> inputs = drawn({batch, 32, 32, 3});
  for (int i = 0; i < 2; ++i) backbone(inputs);
  std::vector<double> seconds;
  serve([&](const std::string&) { return seconds.emplace_back(seconds_of([&] { backbone(inputs); })); });
  print(identity()
            .add("model", model)
            .add("batch", batch)
            .add("images_s", static_cast<double>(batch) / median(seconds))
            .add("tensor_peak_mib", static_cast<std::int64_t>(allocator<Cpu>().use().peak >> 20)));
}

}  // namespace bench
