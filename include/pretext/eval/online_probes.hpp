// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pretext/core/file.hpp"
#include "pretext/core/json.hpp"
#include "pretext/eval/online_tap.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/tasks/companion.hpp"

namespace pretext::eval {

/// Linear heads and nearest-neighbour memories on every tap, which learn while the network is trained, from
/// what its own passes compute: the curve of what its features are worth. A picture's features are the mean
/// over its views. One picture in some is asked about in every epoch and never learnt from, whatever its
/// place. They read values and give no gradient, so that labels change no bit of the network.
class OnlineProbes : public tasks::Companion {
 public:
  /// Watches the backbone until it is destroyed, which the backbone must outlive where it is. `input`
  /// [1, H, W, C] is of any size that the backbone takes.
  OnlineProbes(nn::Sequential<>& backbone, const Shape& input, int classes,
               const OnlineProbeOptions& options = {})
      : backbone_(backbone), options_(options) {
    require(classes >= 1, "online probes: there are ", classes, " classes to tell apart");
    require(options.bank >= options.k && options.k >= 1, "online probes: a bank of ", options.bank,
            " pictures does not hold ", options.k, " neighbours");
    require(options.held_out >= 2, "online probes: one picture in ", options.held_out,
            " cannot be held out; expected 2 or more");
    Rng rng(options.seed, Use::init, 3);
    const auto add = [&](const std::string& tap, const Tensor<float, Cpu>& x) {
      const std::int64_t channels = x.dim(x.shape().rank() - 1);
      taps_.push_back(std::make_unique<OnlineTap>(tap, channels, classes, options_, rng));
    };
    backbone(Tensor<float, Cpu>::zeros(input), add);
    backbone.watch([this](const std::string& tap, const Tensor<float, Cpu>& activation) {
      for (const auto& t : taps_)
        if (t->name() == tap) t->see(activation);
    });
  }
  ~OnlineProbes() override { backbone_.watch({}); }
  OnlineProbes(const OnlineProbes&) = delete;
  OnlineProbes& operator=(const OnlineProbes&) = delete;

  /// Of all epochs that were watched, tap by tap.
  const std::vector<OnlineScore>& scores() const { return scores_; }

  void after_step(const data::Dataset& pictures, const data::BatchPlan& plan) override {
    if (std::ssize(held_out_) != pictures.size()) hold_out(pictures);
    StepPictures step;
    for (const std::int64_t index : plan.indices) {
      step.labels.push_back(pictures.label(index));
      step.held_out.push_back(held_out_[static_cast<std::size_t>(index)]);
    }
    for (const auto& tap : taps_) tap->learn(step);
  }

  void after_epoch(std::int64_t epochs) override {
    for (const auto& tap : taps_) scores_.push_back(tap->take_score(epochs));
    if (!options_.file.empty()) write();
  }

  std::vector<NamedTensor> save_state() override {
    std::vector<NamedTensor> all;
    for (const auto& tap : taps_) tap->save(all);
    std::vector<double> values;
    for (const OnlineScore& s : scores_)
      values.insert(values.end(), {static_cast<double>(s.epoch), s.linear, s.knn});
    all.push_back(NamedTensor::of<double>("scores", {std::ssize(scores_), 3}, values));
    return all;
  }

  void load_state(const std::vector<NamedTensor>& tensors) override {
    const std::vector<double> values = probe_tensor(tensors, "scores").as<double>();
    require(values.size() % (3 * taps_.size()) == 0, "online probes: ", values.size(), " scores are not of ",
            taps_.size(), " taps");
    for (const auto& tap : taps_) tap->load(tensors);
    scores_.clear();
    for (std::size_t i = 0; 3 * i < values.size(); ++i)
      scores_.push_back({static_cast<std::int64_t>(values[3 * i]), taps_[i % taps_.size()]->name(),
                         values[3 * i + 1], values[3 * i + 2]});
  }

 private:
  /// Draws who is asked. A picture that stands in several places is held out in all of them or in none.
  void hold_out(const data::Dataset& pictures) {
    std::map<const std::uint8_t*, bool> drawn;
    held_out_.clear();
    for (std::int64_t i = 0; i < pictures.size(); ++i) {
      Rng rng(options_.seed, Use::split, static_cast<std::uint32_t>(i));
      const bool asked = rng.below(static_cast<std::uint32_t>(options_.held_out)) == 0;
      held_out_.push_back(drawn.try_emplace(pictures.image(i).pixels, asked).first->second);
    }
  }

  void write() const {
    std::string lines;
    for (const OnlineScore& s : scores_) {
      JsonObject line;
      line.add("epoch", s.epoch).add("tap", s.tap).add("linear", s.linear).add("knn", s.knn);
      lines += line.text() + "\n";
    }
    write_text(options_.file, lines);
  }

  nn::Sequential<>& backbone_;
  OnlineProbeOptions options_;
  std::vector<std::unique_ptr<OnlineTap>> taps_;
  std::vector<OnlineScore> scores_;
  std::vector<bool> held_out_;
};

}  // namespace pretext::eval
