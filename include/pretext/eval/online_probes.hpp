// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pretext/core/file.hpp"
#include "pretext/core/json.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/update.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/eval/knn.hpp"
#include "pretext/nn/linear.hpp"
#include "pretext/nn/sequential.hpp"
#include "pretext/nn/state.hpp"
#include "pretext/ops/loss.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/optim/adam.hpp"
#include "pretext/optim/optimizer.hpp"
#include "pretext/tasks/companion.hpp"

namespace pretext::eval {

struct OnlineProbeOptions {
  double lr = 3e-3;              ///< of the linear heads, by Adam
  std::int64_t bank = 2048;      ///< pictures, the last ones, whose features neighbours are searched among
  std::int64_t k = 20;           ///< neighbours that vote
  double temperature = 0.07;     ///< a vote weighs exp(cosine / temperature)
  std::filesystem::path file{};  ///< the scores as lines of JSON, whole after each epoch; empty: none
};

/// What the features of a tap were worth in an epoch: each picture was asked about before its label was used.
struct OnlineScore {
  std::int64_t epoch = 0;  ///< from 1
  std::string tap{};
  double linear = 0, knn = 0;  ///< accuracies
};

namespace detail {

/// The head and the memory of one tap.
class OnlineTap {
 public:
  OnlineTap(std::string tap, std::int64_t channels, int classes, const OnlineProbeOptions& o, Rng& rng)
      : name(std::move(tap)),
        o_(o),
        classes_(classes),
        head_({.in = channels, .out = classes}, rng),
        adam_(nn::parameters(head_), optim::Adam{}),
        mean_(Tensor<float, Cpu>::zeros({channels})),
        variance_(Tensor<float, Cpu>::zeros({channels})),
        bank_(Tensor<float, Cpu>::zeros({o.bank, channels})),
        labels_(Tensor<float, Cpu>::zeros({o.bank})),
        counts_(Tensor<float, Cpu>::zeros({7})) {}

  /// Keeps the mean of what a step makes of each input [V, C].
  void see(const Tensor<float, Cpu>& activation) {
    seen_ = activation.shape().rank() == 4 ? apply(ops::GlobalAvgPool{}, activation) : activation;
  }

  /// Answers for the pictures of the step, then learns from them. A label below 0 is none.
  void learn(Span<const int> labels) {
    const auto pictures = std::ssize(labels);
    require(seen_.defined() && seen_.dim(0) % pictures == 0, "online probes: tap ", name, " saw ",
            seen_.shape(), " in a step on ", pictures, " pictures; expected as many inputs of each");
    std::vector<int> known;
    const Tensor<float, Cpu> x = standardized(pictures, labels, known);
    seen_ = {};
    if (known.empty()) return;
    ask_neighbours(x, known);
    learn_linear(x, known);
    remember(x, known);
  }

  /// The scores since the last call.
  OnlineScore take_score(std::int64_t epoch) {
    const auto share = [&](float right, float of) { return of == 0 ? 0.0 : double{right} / double{of}; };
    const float* c = counts_.value.data();
    const OnlineScore score{epoch, name, share(c[linear_right], c[asked]), share(c[knn_right], c[knn_asked])};
    std::fill_n(counts_.value.data(), 4, 0.0F);
    return score;
  }

  void each(auto&& f) {
    head_.each(nn::prefixed("head.", f));
    f("mean", mean_);
    f("variance", variance_);
    f("bank", bank_);
    f("labels", labels_);
    f("counts", counts_);
  }
  optim::Optimizer<>& optimizer() { return adam_; }

  std::string name;

 private:
  // Places in counts_; `place` is where the bank goes on, and it is `filled` so far.
  enum Count { linear_right, asked, knn_right, knn_asked, steps, place, filled };

  /// The mean over the views of every labelled picture, by running means and deviations: [n, C].
  Tensor<float, Cpu> standardized(std::int64_t pictures, Span<const int> labels, std::vector<int>& known) {
    const std::int64_t channels = seen_.dim(1), views = seen_.dim(0) / pictures;
    Tensor<float, Cpu> x = Tensor<float, Cpu>::zeros({pictures, channels});
    std::int64_t rows = 0;
    for (std::int64_t i = 0; i < pictures; ++i) {
      if (labels[static_cast<std::size_t>(i)] < 0) continue;
      known.push_back(labels[static_cast<std::size_t>(i)]);
      float* row = x.data() + rows++ * channels;
      for (std::int64_t v = 0; v < views; ++v)
        for (std::int64_t c = 0; c < channels; ++c)
          row[c] += seen_.data()[(i * views + v) * channels + c] / static_cast<float>(views);
    }
    if (rows > 0) standardize(x.data(), rows, channels);
    return rows == 0 ? Tensor<float, Cpu>() : x.rows(0, rows);
  }

  /// Moves the running statistics by a hundredth, by more in the first steps, and applies them.
  void standardize(float* x, std::int64_t rows, std::int64_t channels) {
    float& step = counts_.value.data()[steps];
    step = std::min(step + 1, 100.0F);
    for (std::int64_t c = 0; c < channels; ++c) {
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < rows; ++i) sum += double{x[i * channels + c]};
      const double mean = sum / static_cast<double>(rows);
      for (std::int64_t i = 0; i < rows; ++i) squares += std::pow(double{x[i * channels + c]} - mean, 2);
      float &m = mean_.value.data()[c], &v = variance_.value.data()[c];
      m += (static_cast<float>(mean) - m) / step;
      v += (static_cast<float>(squares / static_cast<double>(rows)) - v) / step;
      const float scale = 1 / std::sqrt(v + 1e-5F);
      for (std::int64_t i = 0; i < rows; ++i) x[i * channels + c] = (x[i * channels + c] - m) * scale;
    }
  }

  void ask_neighbours(const Tensor<float, Cpu>& x, Span<const int> known) {
    const auto rows = static_cast<std::int64_t>(counts_.value.data()[filled]);
    if (rows < o_.k) return;
    std::vector<int> labels(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(labels_.value.data()[i]);
    const Bank<float> bank(bank_.value.rows(0, rows));
    const std::vector<int> votes =
        vote(bank.nearest(x, o_.k), labels, classes_, Metric::cosine, o_.k, o_.temperature);
    counts_.value.data()[knn_right] += static_cast<float>(count_equal(votes, known));
    counts_.value.data()[knn_asked] += static_cast<float>(known.size());
  }

  void learn_linear(const Tensor<float, Cpu>& x, const std::vector<int>& known) {
    const auto labels = Tensor<std::int32_t, Cpu>::from({x.dim(0)}, known);
    Tape<Cpu> tape;
    const Var<float, Cpu> logits = head_(tape.constant(x));
    counts_.value.data()[linear_right] +=
        static_cast<float>(ops::CountCorrect::forward(logits.value(), labels).item());
    counts_.value.data()[asked] += static_cast<float>(known.size());
    tape.backward(apply(ops::SoftmaxCrossEntropy{}, logits, labels));
    adam_.step(o_.lr);
  }

  void remember(const Tensor<float, Cpu>& x, Span<const int> known) {
    float* count = counts_.value.data();
    for (std::int64_t i = 0; i < x.dim(0); ++i) {
      const auto at = static_cast<std::int64_t>(count[place]);
      std::copy_n(x.data() + i * x.dim(1), x.dim(1), bank_.value.data() + at * x.dim(1));
      labels_.value.data()[at] = static_cast<float>(known[static_cast<std::size_t>(i)]);
      count[place] = static_cast<float>((at + 1) % o_.bank);
      count[filled] = std::max(count[filled], static_cast<float>(at + 1));
    }
  }

  const OnlineProbeOptions& o_;
  int classes_;
  Tensor<float, Cpu> seen_;
  nn::Linear<> head_;
  optim::Optimizer<> adam_;
  Buffer<float, Cpu> mean_, variance_, bank_, labels_, counts_;
};

}  // namespace detail

/// Linear heads and a nearest-neighbour memory on every tap, which learn while the network is trained, from
/// what its own passes compute: the curve of what its features are worth. A picture's features are the mean
/// over its views. They read values and give no gradient, so that labels change no bit of the network.
class OnlineProbes : public tasks::Companion {
 public:
  /// Watches the backbone until it is destroyed. `input` [1, H, W, C] is of any size that the backbone takes.
  OnlineProbes(nn::Sequential<>& backbone, const Shape& input, const data::Dataset& pictures,
               const OnlineProbeOptions& options = {})
      : backbone_(backbone), pictures_(pictures), options_(options) {
    bool any = false;
    for (std::int64_t i = 0; i < pictures.size() && !any; ++i) any = pictures.label(i) >= 0;
    require(any, "online probes: the pictures of ", pictures.name(), " have no labels");
    require(options.bank >= options.k && options.k >= 1, "online probes: a bank of ", options.bank,
            " pictures does not hold ", options.k, " neighbours");
    Rng rng(0, Use::init);
    const int classes = static_cast<int>(pictures.classes().size());
    backbone(Tensor<float, Cpu>::zeros(input), [&](const std::string& tap, const Tensor<float, Cpu>& x) {
      taps_.push_back(
          std::make_unique<detail::OnlineTap>(tap, x.dim(x.shape().rank() - 1), classes, options_, rng));
    });
    backbone.watch([this](const std::string& tap, const Tensor<float, Cpu>& activation) {
      for (const auto& t : taps_)
        if (t->name == tap) t->see(activation);
    });
  }
  ~OnlineProbes() override { backbone_.watch({}); }
  OnlineProbes(const OnlineProbes&) = delete;
  OnlineProbes& operator=(const OnlineProbes&) = delete;

  /// Of all epochs so far, tap by tap.
  const std::vector<OnlineScore>& scores() const { return scores_; }

  void after_step(const data::BatchPlan& plan) override {
    std::vector<int> labels;
    for (const std::int64_t index : plan.indices) labels.push_back(pictures_.label(index));
    for (const auto& tap : taps_) tap->learn(labels);
  }

  void after_epoch(std::int64_t epochs) override {
    for (const auto& tap : taps_) scores_.push_back(tap->take_score(epochs));
    if (options_.file.empty()) return;
    std::string lines;
    for (const OnlineScore& s : scores_)
      lines += JsonObject()
                   .add("epoch", s.epoch)
                   .add("tap", s.tap)
                   .add("linear", s.linear)
                   .add("knn", s.knn)
                   .text() +
               "\n";
    write_text(options_.file, lines);
  }

  std::vector<NamedTensor> save_state() override {
    std::vector<NamedTensor> all;
    const auto add = [&](std::vector<NamedTensor> some) { std::ranges::move(some, std::back_inserter(all)); };
    for (const auto& tap : taps_) {
      add(nn::save_state(*tap, "tap." + tap->name + "."));
      add(tap->optimizer().save_state("adam." + tap->name + "."));
    }
    std::vector<double> values;
    for (const OnlineScore& s : scores_) values.insert(values.end(), {s.linear, s.knn});
    all.push_back(NamedTensor::of<double>("scores", {std::ssize(scores_), 2}, values));
    return all;
  }

  void load_state(const std::vector<NamedTensor>& tensors) override {
    if (tensors.empty()) return;
    for (const auto& tap : taps_) {
      nn::load_state(*tap, tensors, "tap." + tap->name + ".");
      tap->optimizer().load_state(tensors, "adam." + tap->name + ".");
    }
    const auto found = std::ranges::find(tensors, "scores", &NamedTensor::name);
    require(found != tensors.end(), "online probes: their state has no scores");
    const std::vector<double> values = found->as<double>();
    require(values.size() % (2 * taps_.size()) == 0, "online probes: scores ", found->shape, " are not of ",
            taps_.size(), " taps");
    scores_.clear();
    for (std::size_t i = 0; 2 * i < values.size(); ++i)
      scores_.push_back({static_cast<std::int64_t>(i / taps_.size()) + 1, taps_[i % taps_.size()]->name,
                         values[2 * i], values[2 * i + 1]});
  }

 private:
  nn::Sequential<>& backbone_;
  data::Dataset pictures_;
  OnlineProbeOptions options_;
  std::vector<std::unique_ptr<detail::OnlineTap>> taps_;
  std::vector<OnlineScore> scores_;
};

}  // namespace pretext::eval
