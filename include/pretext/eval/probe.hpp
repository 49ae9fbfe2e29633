// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>

#include "pretext/eval/features.hpp"
#include "pretext/eval/knn.hpp"
#include "pretext/eval/linear_probe.hpp"
#include "pretext/eval/protocol.hpp"

namespace pretext::eval {

/// What to measure of a network.
struct EvalOptions {
  std::vector<std::string> taps{};  ///< none: all taps of the network
  FeatureOptions features{};
  bool linear = true, knn = true;  ///< which protocols
  LinearProbeOptions linear_probe{};
  KnnOptions nearest{};
  std::uint64_t seed = 0;  ///< of the validation parts and the solvers
};

namespace detail {

/// A classifier of one tap, everything chosen, and the row that its test accuracy will complete.
template <class T>
struct Judge {
  Result result;
  std::function<std::vector<int>(const Tensor<T, Cpu>&)> predict;
};

/// Calls f and adds the seconds that it took.
template <class F>
auto timed(double& seconds, F&& f) {
  const auto start = std::chrono::steady_clock::now();
  auto result = f();
  seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

template <class T>
Judge<T> judge_linear(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, LinearProbeOptions o,
                      Result row) {
  o.seed = row.seed;
  const auto probe = timed(
      row.seconds, [&] { return std::make_shared<LinearProbe<T>>(fit_linear_probe(x, labels, classes, o)); });
  row.protocol = std::string("linear probe (") + to_string(o.solver) + ")";
  row.validation = probe->validation;
  if (probe->validation > 0) row.validation_accuracy = probe->chosen.accuracy;
  row.chosen = {{"l2", probe->chosen.l2}};
  if (o.solver == Solver::sgd) row.chosen.emplace_back("lr", probe->chosen.lr);
  return {row, [probe](const Tensor<T, Cpu>& rows) { return probe->predict(rows); }};
}

template <class T>
Judge<T> judge_knn(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, KnnOptions o, Result row) {
  o.seed = row.seed;
  const auto knn =
      timed(row.seconds, [&] { return std::make_shared<Knn<T>>(fit_knn(x, labels, classes, o)); });
  row.protocol = std::string("kNN (") + to_string(o.metric) + ")";
  row.validation = knn->validation;
  if (knn->validation > 0) row.validation_accuracy = knn->chosen.accuracy;
  row.chosen = {{"k", static_cast<double>(knn->chosen.k)}};
  if (o.metric == Metric::cosine) row.chosen.emplace_back("temperature", knn->chosen.temperature);
  return {row, [knn](const Tensor<T, Cpu>& rows) { return knn->predict(rows); }};
}

inline void require_comparable(const data::Dataset& train, const data::Dataset& test) {
  for (const data::Dataset* set : {&train, &test})
    require(set->labelled(), "probe: data set ", set->name(),
            " has no pictures, or some without a label; a probe needs a class for each");
  require(train.classes() == test.classes(), "probe: the classes of ", train.name(), " and ", test.name(),
          " are not the same");
}

/// Everything that learns or chooses: it never meets the test set.
template <class Render>
std::vector<Judge<float>> fit_judges(nn::Sequential<Cpu, float>& net, const std::string& network,
                                     Span<const std::string> taps, const data::Dataset& train, Render& render,
                                     const EvalOptions& o) {
  Result row{.network = network, .dataset = train.name(), .seed = o.seed, .train = train.size()};
  row.train_hash = train.hash();
  const int classes = narrow<int>(train.classes().size(), "probe: classes");
  std::vector<Judge<float>> judges;
  for (Features& of_tap : features(net, taps, train, render, o.features)) {
    const Features f = std::exchange(of_tap, {});  // so that its memory is free before the next tap's
    row.tap = f.tap;
    row.pooling = f.pooling;
    row.dims = f.x.dim(1);
    if (o.linear) judges.push_back(judge_linear(f.x, f.labels, classes, o.linear_probe, row));
    if (o.knn) judges.push_back(judge_knn(f.x, f.labels, classes, o.nearest, row));
  }
  return judges;
}

}  // namespace detail

/// Seals a test set for evaluate(), once it is known to fit the training set: labelled, with the same
/// classes.
inline Sealed<data::Dataset> seal(const data::Dataset& train, const data::Dataset& test) {
  detail::require_comparable(train, test);
  return Sealed<data::Dataset>(test, "test set " + test.name());
}

/// The rows of a table for one network: for every tap the test accuracy of a linear probe and of kNN. All
/// learning and choosing sees the training set alone; after it the test set is opened, once. A network
/// without stages stands for raw pixels. `render(dataset, indices)` makes the network's input [n, H, W, C].
template <class Render>
std::vector<Result> evaluate(nn::Sequential<Cpu, float>& net, const std::string& network,
                             const data::Dataset& train, Sealed<data::Dataset> test, Render&& render,
                             const EvalOptions& options = {}) {
  std::vector<std::string> taps = options.taps.empty() ? net.taps() : options.taps;
  if (taps.empty()) taps = {pixels_tap};
  auto judges = detail::fit_judges(net, network, taps, train, render, options);
  const data::Dataset opened = test.open();
  detail::require_comparable(train, opened);
  const std::uint64_t hash = opened.hash();
  std::vector<Result> rows;
  for (const Features& f : features(net, taps, opened, render, options.features))
    for (detail::Judge<float>& judge : judges) {
      if (judge.result.tap != f.tap) continue;
      Result& row = judge.result;
      row.test = opened.size();
      row.test_hash = hash;
      row.correct = count_equal(detail::timed(row.seconds, [&] { return judge.predict(f.x); }), f.labels);
      rows.push_back(row);
    }
  return rows;
}

}  // namespace pretext::eval
