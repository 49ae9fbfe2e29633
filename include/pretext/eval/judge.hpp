// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/eval_options.hpp"

namespace pretext::eval::detail {

template <class T>
Judge<T> judge_linear(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, LinearProbeOptions o,
                      Result row) {
  o.seed = row.seed;
  const auto probe = timed(
      row.seconds, [&] { return std::make_shared<LinearProbe<T>>(fit_linear_probe(x, labels, classes, o)); });
  row.protocol = std::string("linear probe (") + to_string(o.solver) + ")" + row.protocol;
  add_constants(row.constants, o);
  row.chosen = {{"l2", probe->chosen.l2}};
  if (o.solver == Solver::sgd) row.chosen.emplace_back("lr", probe->chosen.lr);
  return judge_by<T>(row, probe);
}

template <class T>
Judge<T> judge_knn(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, KnnOptions o, Result row) {
  o.seed = row.seed;
  const auto knn =
      timed(row.seconds, [&] { return std::make_shared<Knn<T>>(fit_knn(x, labels, classes, o)); });
  row.protocol = std::string("kNN (") + to_string(o.metric) + ")" + row.protocol;
  add_constants(row.constants, o);
  row.chosen = {{"k", static_cast<double>(knn->chosen.k)}};
  if (o.metric == Metric::cosine) row.chosen.emplace_back("temperature", knn->chosen.temperature);
  return judge_by<T>(row, knn);
}

inline void require_comparable(const data::Dataset& train, const data::Dataset& test) {
  for (const data::Dataset* set : {&train, &test})
    require(set->labelled(), "probe: data set ", set->name(),
            " has no pictures, or some without a label; a probe needs a class for each");
  require(train.classes() == test.classes(), "probe: the classes of ", train.name(), " and ", test.name(),
          " are not the same");
}

/// The classifiers that are on for the features of one tap, which learn and choose; `row` says the rest.
template <class T>
void add_judges(std::vector<Judge<T>>& judges, const Features& f, int classes, const EvalOptions& o,
                Result row) {
  row.tap = f.tap;
  row.pooling = f.pooling;
  row.dims = f.x.dim(1);
  add_constants(row.constants, o.features);
  if (!o.protocol.empty()) row.protocol = ", " + o.protocol + row.protocol;
  const auto watch = [&](const char* classifier) {
    if (o.features.watch) o.features.watch(message(classifier, " of ", f.tap, ", ", f.x.shape()), 0, 0);
  };
  if (o.linear) {
    watch("linear probe");
    judges.push_back(judge_linear(f.x, f.labels, classes, o.linear_probe, row));
  }
  if (o.knn) {
    watch("nearest neighbours");
    judges.push_back(judge_knn(f.x, f.labels, classes, o.nearest, row));
  }
  for (const Classifier& other : o.others) {
    require(other.fit != nullptr, "evaluate: one of the other classifiers has no fit()");
    watch("classifier");
    judges.push_back(other.fit(f.x, f.labels, classes, row));
  }
}

/// Opens the test set and completes the rows of all judges, tap by tap.
template <class Render>
std::vector<Result> answer(std::vector<Judge<float>>& judges, nn::Sequential<Cpu, float>& net,
                           Span<const std::string> taps, const data::Dataset& train,
                           Sealed<data::Dataset> test, Render& render, const FeatureOptions& options) {
  const data::Dataset opened = test.open();
  require_comparable(train, opened);
  const std::uint64_t hash = opened.hash();
  std::vector<Result> rows;
  for (const Features& f : features(net, taps, opened, render, options))
    for (Judge<float>& judge : judges) {
      if (judge.result.tap != f.tap) continue;
      Result& row = judge.result;
      row.test = opened.size();
      row.test_hash = hash;
      timed(row.seconds, [&] { judge.answer(row, f.x, f.labels); });
      rows.push_back(row);
    }
  return rows;
}

/// The taps that are asked for, all where none is; the pixels of a network without any.
inline std::vector<std::string> taps_of(const nn::Sequential<Cpu, float>& net, const EvalOptions& o) {
  std::vector<std::string> taps = o.taps.empty() ? net.taps() : o.taps;
  if (taps.empty()) taps = {pixels_tap};
  return taps;
}

}  // namespace pretext::eval::detail
