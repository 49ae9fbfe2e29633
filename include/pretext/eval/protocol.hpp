// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/core/hash.hpp"
#include "pretext/core/json.hpp"
#include "pretext/core/span.hpp"
#include "pretext/eval/constants.hpp"

namespace pretext::eval {

/// Something that may be looked at once, at the very end: a test set. It cannot be copied, so that there is
/// no second look, and opening it again is an Error.
template <class T>
class Sealed {
 public:
  explicit Sealed(T value, std::string name = "test set")
      : name_(std::move(name)), value_(std::move(value)) {}
  Sealed(const Sealed&) = delete;
  Sealed& operator=(const Sealed&) = delete;
  Sealed(Sealed&& other) noexcept : name_(other.name_), value_(std::exchange(other.value_, std::nullopt)) {}

  bool opened() const { return !value_.has_value(); }

  /// The value; the first time.
  T open() {
    require(!opened(), name_, ": was read already; a test set is read once, after everything was chosen");
    return *std::exchange(value_, std::nullopt);
  }

 private:
  std::string name_;
  std::optional<T> value_;
};

/// A range that holds the true value in 95 of 100 experiments.
struct Interval {
  double low = 0, high = 0;
};

/// The interval of a proportion that was p in n trials (Wilson 1927), which need not be whole; z is the
/// quantile of the normal distribution that its sureness asks for.
inline Interval wilson_interval(double p, double n, double z) {
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double reach = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p == 0 ? 0 : centre - reach, p == 1 ? 1 : centre + reach};
}

/// The interval of a proportion of which `correct` of `count` trials were seen, by default that of 95 %.
inline Interval binomial_interval(std::int64_t correct, std::int64_t count, double z = 1.959963984540054) {
  require(0 <= correct && correct <= count, "interval: ", correct, " of ", count, " trials");
  if (count == 0) return {0, 1};
  const auto n = static_cast<double>(count);
  return wilson_interval(static_cast<double>(correct) / n, n, z);
}

/// What several runs say together: over seeds, for one.
struct Spread {
  std::int64_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< of a single run, with count - 1 below; 0 for one run
  Interval interval{};   ///< of the mean, by Student's t; for one run it is that run
};

inline Spread spread(Span<const double> values) {
  // The 97.5 % quantiles of Student's distribution with 1, 2, ... degrees of freedom.
  constexpr std::array t{12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
                         2.2010,  2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860};
  require(!values.empty(), "spread: there are no values");
  const std::size_t n = values.size();
  const auto count = static_cast<double>(n);
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  for (const double value : values) squares += (value - mean) * (value - mean);
  if (n == 1) return {1, mean, 0, {mean, mean}};
  const double deviation = std::sqrt(squares / (count - 1));
  // Beyond the table, two terms of the quantile's expansion in 1 / freedom are exact to 0.001.
  const double freedom = count - 1;
  const double quantile =
      n - 2 < t.size() ? t[n - 2] : 1.95996 + 2.3723 / freedom + 2.8225 / (freedom * freedom);
  const double reach = quantile * deviation / std::sqrt(count);
  return {static_cast<std::int64_t>(n), mean, deviation, {mean - reach, mean + reach}};
}

/// One number of a table and all that is needed to read it and to make it again.
struct Result {
  std::string network{}, tap{}, pooling{}, protocol{};
  std::string dataset{};
  std::uint64_t train_hash = 0, test_hash = 0;  ///< of pictures and labels
  std::uint64_t seed = 0;                       ///< of the validation part, and of a solver that draws
  std::int64_t dims = 0;
  std::int64_t train = 0, validation = 0, test = 0;      ///< pictures; validation is a part of train
  std::int64_t views = 1;                                ///< answers asked of each test picture
  std::vector<Constant> constants{};                     ///< of the protocol
  std::vector<std::pair<std::string, double>> chosen{};  ///< hyper-parameters, by the validation part alone
  /// Of the choice; NaN where there was none, or where the network had seen the validation part's labels.
  double validation_accuracy = std::numeric_limits<double>::quiet_NaN();
  std::int64_t correct = 0;  ///< of test * views answers
  /// Mean over classes of the average precision, of the choice and on the test set; NaN where nothing ranks.
  double validation_precision = std::numeric_limits<double>::quiet_NaN();
  double precision = std::numeric_limits<double>::quiet_NaN();
  double seconds = 0;

  double accuracy() const {
    return test == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(test * views);
  }
  /// As if the views of one picture stood or fell together: no narrower than the truth.
  Interval interval() const { return binomial_interval((correct + views / 2) / views, test); }
};

/// The same measurement with several seeds.
struct Summary {
  Result first;
  Spread accuracy;
  double validation = 0;  ///< mean validation accuracy: what a choice between summaries may look at, or NaN
};

/// One summary for each network, tap, protocol and test set, in the order of their first result.
inline std::vector<Summary> summarize(Span<const Result> results) {
  const auto same = [](const Result& a, const Result& b) {
    return a.network == b.network && a.tap == b.tap && a.protocol == b.protocol && a.dataset == b.dataset &&
           a.pooling == b.pooling && a.dims == b.dims && a.test_hash == b.test_hash;
  };
  std::vector<Summary> summaries;
  for (const Result& r : results) {
    const auto is_same = [&](const Result& other) { return same(r, other); };
    if (std::any_of(summaries.begin(), summaries.end(), [&](const Summary& s) { return is_same(s.first); }))
      continue;
    std::vector<double> values;
    double validation = 0;
    for (const Result& other : results) {
      if (!is_same(other)) continue;
      values.push_back(other.accuracy());
      validation += other.validation_accuracy;
    }
    summaries.push_back({r, spread(values), validation / static_cast<double>(values.size())});
  }
  return summaries;
}

/// Every field of a result, and the 95 % interval of its accuracy.
inline JsonObject to_json(const Result& r) {
  JsonObject chosen, constants;
  for (const Constant& c : r.constants) constants.add(c.name, c.value);
  for (const auto& [name, value] : r.chosen) chosen.add(name, value);
  const Interval interval = r.interval();
  return JsonObject()
      .add("network", r.network)
      .add("tap", r.tap)
      .add("pooling", r.pooling)
      .add("protocol", r.protocol)
      .add("constants", constants)
      .add("dataset", r.dataset)
      .add("train_hash", hash_text(r.train_hash))
      .add("test_hash", hash_text(r.test_hash))
      .add("seed", r.seed)
      .add("dims", r.dims)
      .add("train", r.train)
      .add("validation", r.validation)
      .add("test", r.test)
      .add("views", r.views)
      .add("chosen", chosen)
      .add("validation_accuracy", r.validation_accuracy)
      .add("validation_precision", r.validation_precision)
      .add("correct", r.correct)
      .add("accuracy", r.accuracy())
      .add("low", interval.low)
      .add("high", interval.high)
      .add("precision", r.precision)
      .add("seconds", r.seconds);
}

/// What the seeds of one measurement say together.
inline JsonObject to_json(const Summary& s) {
  return JsonObject()
      .add("network", s.first.network)
      .add("tap", s.first.tap)
      .add("protocol", s.first.protocol)
      .add("dataset", s.first.dataset)
      .add("runs", s.accuracy.count)
      .add("mean", s.accuracy.mean)
      .add("deviation", s.accuracy.deviation)
      .add("low", s.accuracy.interval.low)
      .add("high", s.accuracy.interval.high)
      .add("validation", s.validation);
}

}  // namespace pretext::eval
