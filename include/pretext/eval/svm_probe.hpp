// SPDX-License-Identifier: MIT
#pragma once

#include <numeric>

#include "pretext/core/random.hpp"
#include "pretext/eval/constants.hpp"
#include "pretext/eval/svm.hpp"

namespace pretext::eval {

/// 10^-7 to 10^2 and 2^-19 to 2^-4 in rising order: what Goyal et al. (ICCV 2019) choose C from.
inline std::vector<double> goyal_costs() {
  std::vector<double> costs;
  for (int i = -7; i <= 2; ++i) costs.push_back(std::pow(10.0, i));
  for (int i = -19; i <= -4; ++i) costs.push_back(std::ldexp(1.0, i));
  std::sort(costs.begin(), costs.end());
  return costs;
}

/// What a support vector machine a class may choose from, and how it chooses: the constants of Goyal et al.
struct SvmOptions {
  std::vector<double> cost = goyal_costs();
  double positive_weight = 2;           ///< C of a picture of the class, over that of any other
  int folds = 3;                        ///< of the training rows, each of which chooses once
  std::uint64_t seed = 0;               ///< of the folds
  SvmSearch search{.tolerance = 1e-3};  ///< while choosing
  SvmSearch fit{};                      ///< for the final fit

  /// Calls f(name, value, meaning) for all that these options define a probe by.
  void each_constant(auto&& f) const {
    f("loss", "squared hinge",
      "of each class against the rest, with |w|^2 / 2; the bias is a weight as well");
    f("C", list_text(cost), "of an error; each class takes the one of best average precision");
    f("positive weight", positive_weight, "times C is the cost of an error on a picture of the class");
    if (cost.size() > 1) f("folds", folds, "of the training rows, for cross-validation");
    f("features", "x / (|x| + 1e-5)", "their length is taken away, and a 1 put beside them");
  }
};

/// The area under precision over recall of a ranking, largest score first, rows of equal scores at once:
/// sum of (R_i - R_i-1) P_i, without interpolation. NaN where no row is positive.
template <class T>
double average_precision(Span<const T> scores, const std::vector<bool>& positive) {
  require(scores.size() == positive.size(), "average precision: ", scores.size(), " scores for ",
          positive.size(), " rows");
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  double sum = 0, found = 0, counted = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    found += positive[order[i]] ? 1 : 0;
    if (i + 1 < order.size() && scores[order[i + 1]] == scores[order[i]]) continue;
    sum += (found - counted) * found / static_cast<double>(i + 1);
    counted = found;
  }
  return found > 0 ? sum / found : std::numeric_limits<double>::quiet_NaN();
}

/// The average precision of each class by its column of scores [N, classes]; NaN where no row has it.
template <class T>
std::vector<double> average_precisions(const Tensor<T, Cpu>& scores, Span<const int> labels) {
  std::vector<double> each;
  std::vector<T> column(labels.size());
  std::vector<bool> positive(labels.size());
  for (std::int64_t c = 0; c < scores.dim(1); ++c) {
    for (std::size_t row = 0; row < labels.size(); ++row) {
      column[row] = scores.data()[static_cast<std::int64_t>(row) * scores.dim(1) + c];
      positive[row] = labels[row] == static_cast<int>(c);
    }
    each.push_back(average_precision<T>(column, positive));
  }
  return each;
}

/// The mean of those that are not NaN; NaN where none is.
inline double mean_precision(Span<const double> each) {
  double sum = 0, count = 0;
  for (const double value : each)
    if (!std::isnan(value)) sum += value, ++count;
  return sum / count;
}

/// A support vector machine for each class against the rest.
template <class T>
struct SvmProbe {
  std::vector<Svm> machines;
  std::vector<double> cost;       ///< chosen, of each class
  std::vector<double> precision;  ///< of the choice: mean over the folds; empty: there was nothing to choose

  /// The rows x [N, dims] as the machines see them: of length 1, followed by a 1.
  static Tensor<T, Cpu> normalized(const Tensor<T, Cpu>& x, Span<const std::int64_t> rows) {
    const std::int64_t d = x.dim(1);
    Tensor<T, Cpu> y({std::ssize(rows), d + 1});
    parallel_for(y.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const T* from = x.data() + rows[static_cast<std::size_t>(r)] * d;
        const double squares =
            cpu::sum_of<double>(d, [&](std::int64_t i) { return static_cast<double>(from[i]) * from[i]; });
        const double scale = 1 / (std::sqrt(squares) + 1e-5);
        T* to = y.data() + r * (d + 1);
        for (std::int64_t i = 0; i < d; ++i) to[i] = static_cast<T>(scale * from[i]);
        to[d] = T(1);
      }
    });
    return y;
  }

  /// The distance of each row from each class's plane, in units of its margin: [N, classes] of x [N, dims].
  Tensor<T, Cpu> scores(const Tensor<T, Cpu>& x) const {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(x.dim(0)));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    return scores_of(machines, normalized(x, rows));
  }

  /// The class of the largest score of each row, the first of equals.
  std::vector<int> predict(const Tensor<T, Cpu>& x) const { return largest(scores(x)); }

  static std::vector<int> largest(const Tensor<T, Cpu>& scores) {
    std::vector<int> best;
    const std::int64_t n = scores.dim(1);
    for (const T* row = scores.data(); row != scores.data() + scores.size(); row += n)
      best.push_back(static_cast<int>(std::max_element(row, row + n) - row));
    return best;
  }

  /// Of rows that are normalized.
  static Tensor<T, Cpu> scores_of(const std::vector<Svm>& machines, const Tensor<T, Cpu>& rows) {
    const std::int64_t d = rows.dim(1), classes = std::ssize(machines);
    Tensor<T, Cpu> weight({classes, d}), out({rows.dim(0), classes});
    for (std::int64_t c = 0; c < classes; ++c) {
      const Vector& w = machines[static_cast<std::size_t>(c)].weight;
      require(std::ssize(w) == d, "svm: rows of ", d - 1, " features for machines of ", w.size() - 1);
      for (std::int64_t i = 0; i < d; ++i) weight.data()[c * d + i] = static_cast<T>(w[i]);
    }
    parallel_for(rows.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
      cpu::gemm_nt<T>({rows.data() + begin * d, end - begin, d, d}, {weight.data(), classes, d, d},
                      {out.data() + begin * classes, end - begin, classes, classes});
    });
    return out;
  }
};

namespace detail {

/// The fold of each row, drawn by the seed: every fold has as many rows of each class, give or take one.
inline std::vector<int> svm_folds(Span<const int> labels, int classes, const SvmOptions& o) {
  std::vector<std::int64_t> seen(static_cast<std::size_t>(classes));
  std::vector<int> fold(labels.size());
  const Permutation order(labels.size(), o.seed, 0);
  for (std::uint64_t i = 0; i < labels.size(); ++i) {
    const auto row = static_cast<std::size_t>(order(i));
    const auto label = static_cast<std::size_t>(labels[row]);
    fold[row] = static_cast<int>((seen[label]++ + labels[row]) % o.folds);
  }
  for (std::size_t c = 0; c < seen.size(); ++c)
    require(seen[c] >= o.folds, "svm: class ", c, " has ", seen[c], " pictures, which ", o.folds,
            " folds cannot share; use more pictures, or one C");
  return fold;
}

inline std::vector<SvmProblem> svm_problems(const std::vector<double>& cost, double positive_weight) {
  std::vector<SvmProblem> problems;
  for (std::size_t c = 0; c < cost.size(); ++c)
    problems.push_back({static_cast<int>(c), cost[c], positive_weight});
  return problems;
}

/// Adds to precision [costs][classes] what machines that learnt from the other folds make of one: from small
/// costs to large, each fit from where the last one ended.
template <class T>
void score_fold(const Tensor<T, Cpu>& x, Span<const int> labels, const std::vector<int>& fold, int held_out,
                const std::vector<double>& costs, const SvmOptions& o, std::vector<Vector>& precision) {
  std::vector<std::int64_t> rows[2];
  std::vector<int> own[2];
  for (std::size_t i = 0; i < fold.size(); ++i) {
    rows[fold[i] == held_out].push_back(static_cast<std::int64_t>(i));
    own[fold[i] == held_out].push_back(labels[i]);
  }
  const Tensor<T, Cpu> known = SvmProbe<T>::normalized(x, rows[0]),
                       asked = SvmProbe<T>::normalized(x, rows[1]);
  std::vector<Svm> machines;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const std::vector<double> cost(precision[i].size(), costs[i]);
    machines = fit_svms(known, own[0], svm_problems(cost, o.positive_weight), o.search, machines);
    add(precision[i], 1.0 / o.folds, average_precisions(SvmProbe<T>::scores_of(machines, asked), own[1]));
  }
}

/// The cost with the best mean precision over the folds, for each class; the smallest of equals.
template <class T>
void choose(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, const SvmOptions& o,
            SvmProbe<T>& probe) {
  require(o.folds >= 2, "svm: a choice of C takes at least 2 folds, not ", o.folds);
  std::vector<double> costs = o.cost;
  std::sort(costs.begin(), costs.end());
  const std::vector<int> fold = svm_folds(labels, classes, o);
  std::vector<Vector> precision(costs.size(), Vector(static_cast<std::size_t>(classes)));
  for (int f = 0; f < o.folds; ++f) score_fold(x, labels, fold, f, costs, o, precision);
  for (std::size_t c = 0; c < static_cast<std::size_t>(classes); ++c) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < costs.size(); ++i)
      if (precision[i][c] > precision[best][c]) best = i;
    probe.cost.push_back(costs[best]);
    probe.precision.push_back(precision[best][c]);
  }
}

}  // namespace detail

/// A machine for each class on features x [N, dims] of length 1: C is chosen for each class by its average
/// precision in cross-validation, then all rows are fitted with it (Goyal et al., ICCV 2019).
template <class T>
SvmProbe<T> fit_svm_probe(const Tensor<T, Cpu>& x, Span<const int> labels, int classes,
                          const SvmOptions& o = {}) {
  require(!o.cost.empty(), "svm: there is no C to choose from");
  ops::require_rank("svm", "features", x, 2);
  require_labels("svm", x.dim(0), labels, classes);
  SvmProbe<T> probe;
  if (o.cost.size() > 1)
    detail::choose(x, labels, classes, o, probe);
  else
    probe.cost.assign(static_cast<std::size_t>(classes), o.cost.front());
  std::vector<std::int64_t> rows(labels.size());
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  probe.machines = fit_svms(SvmProbe<T>::normalized(x, rows), labels,
                            detail::svm_problems(probe.cost, o.positive_weight), o.fit);
  return probe;
}

}  // namespace pretext::eval
