// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <numeric>

#include "pretext/core/span.hpp"
#include "pretext/data/loader.hpp"

namespace pretext::eval {

/// Rows of a training set in an order in which the first `fit` are learnt from and the rest, drawn by a seed,
/// choose hyper-parameters. What is to be read at the end has no part in it.
struct Holdout {
  std::vector<std::int64_t> order;
  std::int64_t fit = 0;

  /// All rows in their order, none held out: where there is nothing to choose.
  explicit Holdout(std::int64_t rows) : order(static_cast<std::size_t>(rows)), fit(rows) {
    std::iota(order.begin(), order.end(), std::int64_t{0});
  }

  Holdout(std::int64_t rows, double fraction, std::uint64_t seed) {
    const data::IndexSplit split = take(rows, "rows", fraction, seed);
    order = split.train;
    order.insert(order.end(), split.held_out.begin(), split.held_out.end());
    fit = static_cast<std::int64_t>(split.train.size());
  }

  /// Rows of one group, such as a picture, are held out together: `group` is the number of each row's.
  Holdout(Span<const std::int64_t> group, double fraction, std::uint64_t seed) {
    std::vector<std::int64_t> groups(group.begin(), group.end());
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    const data::IndexSplit split = take(std::ssize(groups), "groups of rows", fraction, seed);
    std::vector<char> held(groups.size());
    for (const std::int64_t g : split.held_out) held[static_cast<std::size_t>(g)] = 1;
    std::vector<std::int64_t> last;
    for (std::size_t row = 0; row < group.size(); ++row) {
      const auto at = std::lower_bound(groups.begin(), groups.end(), group[row]) - groups.begin();
      (held[static_cast<std::size_t>(at)] != 0 ? last : order).push_back(static_cast<std::int64_t>(row));
    }
    fit = std::ssize(order);
    order.insert(order.end(), last.begin(), last.end());
  }

  std::int64_t held_out() const { return static_cast<std::int64_t>(order.size()) - fit; }

  std::vector<int> arrange(Span<const int> labels) const {
    std::vector<int> result;
    for (const std::int64_t row : order) result.push_back(labels[static_cast<std::size_t>(row)]);
    return result;
  }

 private:
  static data::IndexSplit take(std::int64_t count, const char* what, double fraction, std::uint64_t seed) {
    data::IndexSplit split = data::take_split(count, fraction, seed);
    require(!split.train.empty() && !split.held_out.empty(), "validation: ", fraction, " of ", count, " ",
            what, " leaves nothing to fit or nothing to choose by; use more ", what,
            ", or allow one value only");
    return split;
  }
};

/// Refuses rows without one label each, or labels that are not one of the classes.
inline void require_labels(const char* what, std::int64_t rows, Span<const int> labels, int classes) {
  require(classes >= 1, what, ": there must be at least one class, not ", classes);
  require(rows >= 1, what, ": there are no rows to learn from");
  require(static_cast<std::int64_t>(labels.size()) == rows, what, ": ", rows, " rows, but ", labels.size(),
          " labels");
  for (const int label : labels)
    require(0 <= label && label < classes, what, ": label ", label, " is not one of the ", classes,
            " classes; all pictures need a label");
}

/// How many predictions are the label.
inline std::int64_t count_equal(Span<const int> predictions, Span<const int> labels) {
  require(predictions.size() == labels.size(), "accuracy: ", predictions.size(), " predictions for ",
          labels.size(), " labels");
  std::int64_t count = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) count += predictions[i] == labels[i] ? 1 : 0;
  return count;
}

/// The part of the predictions that are the label; 0 of none.
inline double accuracy(Span<const int> predictions, Span<const int> labels) {
  const std::int64_t correct = count_equal(predictions, labels);
  return labels.empty() ? 0 : static_cast<double>(correct) / static_cast<double>(labels.size());
}

}  // namespace pretext::eval
