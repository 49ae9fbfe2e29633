// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/eval/knn.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/state.hpp"
#include "pretext/ops/loss.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/optim/adam.hpp"
#include "pretext/optim/optimizer.hpp"

namespace pretext::eval {

struct OnlineProbeOptions {
  std::int64_t held_out = 8;     ///< one picture in so many is asked about and never learnt from
  double lr = 3e-3;              ///< of the linear heads, by Adam
  std::int64_t bank = 2048;      ///< pictures, the last ones, whose features neighbours are searched among
  std::int64_t k = 20;           ///< neighbours that vote
  double temperature = 0.07;     ///< a vote weighs exp(cosine / temperature)
  std::uint64_t seed = 0;        ///< of the heads and of who is held out
  std::filesystem::path file{};  ///< the scores as lines of JSON, whole after each epoch; empty: none
};

/// What the features of a tap were worth in an epoch, by the pictures that were only asked about.
struct OnlineScore {
  std::int64_t epoch = 0;  ///< from 1
  std::string tap{};
  double linear = 0, knn = 0;  ///< accuracies; 0 where nobody was asked yet
};

/// The pictures of a step: their classes, -1 where one has none, and whether they are only asked about.
struct StepPictures {
  std::vector<int> labels;
  std::vector<bool> held_out;
};

/// A tensor of the probes' state by its name; throws where it is not there.
inline const NamedTensor& probe_tensor(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  require(found != tensors.end(), "online probes: their state has no '", name, "'");
  return *found;
}

/// The linear head and the memory of one tap.
class OnlineTap {
 public:
  OnlineTap(std::string tap, std::int64_t channels, int classes, const OnlineProbeOptions& o, Rng& rng)
      : name_(std::move(tap)),
        o_(o),
        classes_(classes),
        head_({.in = channels, .out = classes}, rng),
        adam_(nn::parameters(head_), optim::Adam{}),
        mean_(Tensor<float, Cpu>::zeros({channels})),
        square_(Tensor<float, Cpu>::zeros({channels})),
        bank_(Tensor<float, Cpu>::zeros({o.bank, channels})),
        labels_(static_cast<std::size_t>(o.bank)),
        counts_(count_kinds) {}

  const std::string& name() const { return name_; }

  /// Keeps the mean over the map [V, H, W, C], or the row [V, C], of what a step makes of each input.
  void see(const Tensor<float, Cpu>& activation) {
    seen_ = activation.shape().rank() == 4 ? apply(ops::GlobalAvgPool{}, activation) : activation;
  }

  /// Asks about those pictures of the step that are held out, and learns from the others.
  void learn(const StepPictures& step) {
    const auto pictures = std::ssize(step.labels);
    require(seen_.defined() && seen_.dim(0) % pictures == 0, "online probes: tap ", name_, " saw ",
            seen_.shape(), " in a step on ", pictures, " pictures; expected as many inputs of each");
    Rows asked = rows_of(step, true), learnt = rows_of(step, false);
    seen_ = {};
    if (!learnt.labels.empty()) measure(learnt.x);
    if (!asked.labels.empty()) ask(asked);
    if (learnt.labels.empty()) return;
    standardize(learnt.x);
    learn_linear(learnt);
    remember(learnt);
  }

  /// The score since the last call.
  OnlineScore take_score(std::int64_t epoch) {
    const auto share = [&](Count right, Count of) {
      return counts_[of] == 0 ? 0.0 : static_cast<double>(counts_[right]) / static_cast<double>(counts_[of]);
    };
    const OnlineScore score{epoch, name_, share(linear_right, linear_asked), share(knn_right, knn_asked)};
    std::fill_n(counts_.begin(), 4, 0);
    return score;
  }

  void save(std::vector<NamedTensor>& all) {
    const std::string before = name_ + ".";
    std::ranges::move(nn::save_state(*this, before + "weights."), std::back_inserter(all));
    std::ranges::move(adam_.save_state(before + "adam."), std::back_inserter(all));
    all.push_back(NamedTensor::of<std::int32_t>(before + "labels", {o_.bank}, labels_));
    all.push_back(NamedTensor::of<std::int64_t>(before + "counts", {count_kinds}, counts_));
  }

  /// Throws where a state cannot have come from save().
  void load(const std::vector<NamedTensor>& tensors) {
    const std::string before = name_ + ".";
    const auto labels = probe_tensor(tensors, before + "labels").as<std::int32_t>();
    const auto counts = probe_tensor(tensors, before + "counts").as<std::int64_t>();
    require(std::ssize(labels) == o_.bank && std::ssize(counts) == count_kinds &&
                std::ranges::all_of(labels, [&](int label) { return label >= 0 && label < classes_; }) &&
                std::ranges::all_of(counts, [](std::int64_t count) { return count >= 0; }) &&
                counts[place] < o_.bank && counts[filled] <= o_.bank,
            "online probes: the memory of tap ", name_, " is damaged, or of other options");
    nn::load_state(*this, tensors, before + "weights.");
    adam_.load_state(tensors, before + "adam.");
    labels_ = labels;
    counts_ = counts;
  }

  void each(auto&& f) {
    head_.each(nn::prefixed("head.", f));
    f("mean", mean_);
    f("square", square_);
    f("bank", bank_);
  }

 private:
  // Places in counts_: answers, rows measured, where the bank goes on, and how many rows it has so far.
  enum Count { linear_right, linear_asked, knn_right, knn_asked, measured, place, filled, count_kinds };

  struct Rows {
    Tensor<float, Cpu> x;
    std::vector<int> labels;
  };

  /// The labelled pictures of one kind, each as the mean over its views: [n, C].
  Rows rows_of(const StepPictures& step, bool held_out) const {
    const std::int64_t pictures = std::ssize(step.labels), channels = seen_.dim(1),
                       views = seen_.dim(0) / pictures;
    Rows rows{Tensor<float, Cpu>::zeros({pictures, channels}), {}};
    for (std::int64_t i = 0; i < pictures; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (step.labels[at] < 0 || step.held_out[at] != held_out) continue;
      float* row = rows.x.data() + std::ssize(rows.labels) * channels;
      rows.labels.push_back(step.labels[at]);
      for (std::int64_t v = 0; v < views; ++v)
        for (std::int64_t c = 0; c < channels; ++c)
          row[c] += seen_.data()[(i * views + v) * channels + c] / static_cast<float>(views);
    }
    if (!rows.labels.empty()) rows.x = rows.x.rows(0, std::ssize(rows.labels));
    return rows;
  }

  /// Takes the rows into the running mean and mean square of each channel, which some 4000 rows make up.
  void measure(const Tensor<float, Cpu>& x) {
    for (std::int64_t i = 0; i < x.dim(0); ++i) {
      counts_[measured] = std::min<std::int64_t>(counts_[measured] + 1, 4096);
      const float share = 1 / static_cast<float>(counts_[measured]);
      for (std::int64_t c = 0; c < x.dim(1); ++c) {
        const float value = x.data()[i * x.dim(1) + c];
        mean_.value.data()[c] += share * (value - mean_.value.data()[c]);
        square_.value.data()[c] += share * (value * value - square_.value.data()[c]);
      }
    }
  }

  void standardize(Tensor<float, Cpu>& x) const {
    for (std::int64_t c = 0; c < x.dim(1); ++c) {
      const float mean = mean_.value.data()[c],
                  variance = std::max(0.0F, square_.value.data()[c] - mean * mean),
                  scale = 1 / std::sqrt(variance + 1e-5F);
      for (std::int64_t i = 0; i < x.dim(0); ++i)
        x.data()[i * x.dim(1) + c] = (x.data()[i * x.dim(1) + c] - mean) * scale;
    }
  }

  void ask(Rows& rows) {
    standardize(rows.x);
    const auto asked = static_cast<std::int64_t>(rows.labels.size());
    const auto labels = Tensor<std::int32_t, Cpu>::from({rows.x.dim(0)}, rows.labels);
    counts_[linear_right] += ops::CountCorrect::forward(head_(rows.x), labels).item();
    counts_[linear_asked] += asked;
    if (counts_[filled] < o_.k) return;
    const Bank<float> bank(bank_.value.rows(0, counts_[filled]));
    const auto votes =
        vote(bank.nearest(rows.x, o_.k), labels_, classes_, Metric::cosine, o_.k, o_.temperature);
    counts_[knn_right] += count_equal(votes, rows.labels);
    counts_[knn_asked] += asked;
  }

  void learn_linear(const Rows& rows) {
    Tape<Cpu> tape;
    const auto labels = Tensor<std::int32_t, Cpu>::from({rows.x.dim(0)}, rows.labels);
    tape.backward(apply(ops::SoftmaxCrossEntropy{}, head_(tape.constant(rows.x)), labels));
    adam_.step(o_.lr);
  }

  void remember(const Rows& rows) {
    const std::int64_t channels = rows.x.dim(1);
    for (std::int64_t i = 0; i < rows.x.dim(0); ++i) {
      const std::int64_t at = counts_[place];
      std::copy_n(rows.x.data() + i * channels, channels, bank_.value.data() + at * channels);
      labels_[static_cast<std::size_t>(at)] = rows.labels[static_cast<std::size_t>(i)];
      counts_[place] = (at + 1) % o_.bank;
      counts_[filled] = std::max(counts_[filled], at + 1);
    }
  }

  std::string name_;
  const OnlineProbeOptions& o_;
  int classes_;
  Tensor<float, Cpu> seen_;
  nn::Linear<> head_;
  optim::Optimizer<> adam_;
  Buffer<float, Cpu> mean_, square_, bank_;
  std::vector<std::int32_t> labels_;
  std::vector<std::int64_t> counts_;
};

}  // namespace pretext::eval
