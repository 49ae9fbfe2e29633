// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/constants.hpp"
#include "pretext/eval/holdout.hpp"
#include "pretext/eval/nearest.hpp"

namespace pretext::eval {

/// What kNN may choose from, and how it chooses. One k and one temperature leave nothing to choose.
struct KnnOptions {
  std::vector<std::int64_t> k = {200};
  std::vector<double> temperature = {0.1};  ///< for cosine
  Metric metric = Metric::cosine;
  double validation = 0.1;  ///< the part of the training rows that chooses
  std::uint64_t seed = 0;   ///< of that part

  bool has_choice() const { return k.size() > 1 || temperature.size() > 1; }

  /// Calls f(name, value, meaning) for all that these options define a classifier by.
  void each_constant(auto&& f) const {
    f("metric", to_string(metric), "by which neighbours are near");
    f("k", list_text(k), "neighbours that vote");
    if (metric == Metric::cosine)
      f("temperature", list_text(temperature), "a vote weighs exp(cosine / temperature)");
    if (has_choice())
      f("validation", validation, "part of the training rows that chooses among several values");
  }
};

/// One setting, and how well it did on the validation part.
struct KnnSetting {
  std::int64_t k = 0;
  double temperature = 0;
  double accuracy = 0;
};

/// The class with the most votes among the first k neighbours of each query, the first class of equals. A
/// neighbour's vote weighs exp(cosine / temperature), or one over the distance.
template <class T>
std::vector<int> vote(const Neighbours<T>& found, Span<const int> labels, int classes, Metric metric,
                      std::int64_t k, double temperature) {
  require(k >= 1 && temperature > 0, "kNN: k ", k, " and temperature ", temperature, " must be positive");
  std::vector<int> winners;
  std::vector<double> votes(static_cast<std::size_t>(classes));
  for (std::size_t query = 0; query < found.index.size(); query += static_cast<std::size_t>(found.k)) {
    std::fill(votes.begin(), votes.end(), 0.0);
    for (std::size_t i = query; i < query + static_cast<std::size_t>(std::min(k, found.k)); ++i) {
      const double score = found.score[i], nearest = found.score[query];
      votes[static_cast<std::size_t>(labels[static_cast<std::size_t>(found.index[i])])] +=
          metric == Metric::cosine ? std::exp((score - nearest) / temperature)
                                   : 1 / (1e-12 + std::sqrt(std::max(0.0, -score)));
    }
    winners.push_back(static_cast<int>(std::max_element(votes.begin(), votes.end()) - votes.begin()));
  }
  return winners;
}

/// A weighted k-nearest-neighbour classifier of features as they are (Wu et al. 2018).
template <class T>
struct Knn {
  Bank<T> bank;
  std::vector<int> labels;
  int classes = 0;
  KnnSetting chosen{};
  std::vector<KnnSetting> tried{};  ///< empty where there was nothing to choose
  std::int64_t validation = 0;      ///< rows that chose

  /// The class of each row of features x [N, dims].
  std::vector<int> predict(const Tensor<T, Cpu>& x) const {
    return vote(bank.nearest(x, chosen.k), labels, classes, bank.metric(), chosen.k, chosen.temperature);
  }
};

namespace detail {

template <class T>
void choose(const Tensor<T, Cpu>& all, const KnnOptions& o, const Holdout& rows, Knn<T>& knn) {
  const Span<const std::int64_t> order(rows.order);
  const auto take = [&](Span<const std::int64_t> positions) {
    Tensor<T, Cpu> x({std::ssize(positions), all.dim(1)});
    for (std::int64_t i = 0; i < x.dim(0); ++i)
      std::copy_n(all.data() + positions[static_cast<std::size_t>(i)] * x.dim(1), x.dim(1),
                  x.data() + i * x.dim(1));
    return x;
  };
  const auto fit_rows = static_cast<std::size_t>(rows.fit);
  const Neighbours<T> found =
      Bank(take(order.first(fit_rows)), o.metric)
          .nearest(take(order.subspan(fit_rows)), *std::max_element(o.k.begin(), o.k.end()));
  const std::vector<int> labels = rows.arrange(knn.labels);
  knn.chosen.accuracy = -1;
  for (const std::int64_t k : o.k)
    for (const double temperature : o.temperature) {
      const auto votes = vote(found, labels, knn.classes, o.metric, k, temperature);
      knn.tried.push_back({k, temperature, accuracy(votes, Span(labels).subspan(fit_rows))});
      if (knn.tried.back().accuracy > knn.chosen.accuracy) knn.chosen = knn.tried.back();
    }
}

}  // namespace detail

/// All training rows become the bank; where there are several k or temperatures, rows held out from it choose
/// first. `chosen.k` is never more than the bank has rows.
template <class T>
Knn<T> fit_knn(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, const KnnOptions& o = {}) {
  require(!o.k.empty() && !o.temperature.empty(), "kNN: there is no k or temperature to choose from");
  ops::require_rank("kNN", "features", x, 2);
  require_labels("kNN", x.dim(0), labels, classes);
  Knn<T> knn{.bank = Bank<T>(x, o.metric), .labels = {labels.begin(), labels.end()}, .classes = classes};
  if (o.has_choice()) {
    const Holdout rows(x.dim(0), o.validation, o.seed);
    knn.validation = rows.held_out();
    detail::choose(x, o, rows, knn);
  } else {
    knn.chosen = {o.k.front(), o.temperature.front(), 0};
  }
  knn.chosen.k = std::min(knn.chosen.k, knn.bank.size());
  return knn;
}

}  // namespace pretext::eval
