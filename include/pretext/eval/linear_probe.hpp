// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/constants.hpp"
#include "pretext/eval/holdout.hpp"
#include "pretext/eval/logistic.hpp"
#include "pretext/eval/row_space.hpp"
#include "pretext/eval/standardize.hpp"

namespace pretext::eval {

enum class Solver { lbfgs, sgd };

inline const char* to_string(Solver solver) { return solver == Solver::lbfgs ? "lbfgs" : "sgd"; }

/// What a linear probe may choose from, and how it chooses.
struct LinearProbeOptions {
  Solver solver = Solver::lbfgs;
  std::vector<double> l2 = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
  double l2_of_one_weight = 0;                  ///< other than 0: l2 is this over dims * classes, no choice
  std::vector<double> lr = {1e-3, 1e-2, 1e-1};  ///< for sgd
  bool standardize = true;                      ///< features to mean 0 and deviation 1
  double validation = 0.1;                      ///< the part of the training rows that chooses
  std::uint64_t seed = 0;                       ///< of the validation part and of the order that sgd takes
  LbfgsOptions search{.max_iterations = 100, .decrease_tolerance = 1e-6};  ///< while choosing
  LbfgsOptions lbfgs{};                                                    ///< for the final fit
  SgdOptions sgd{};                                                        ///< all but lr and seed

  bool has_choice() const {
    return (l2.size() > 1 && l2_of_one_weight == 0) || (solver == Solver::sgd && lr.size() > 1);
  }

  /// Calls f(name, value, meaning) for all that these options define a probe by.
  void each_constant(auto&& f) const {
    f("solver", to_string(solver), "what minimises the cross-entropy of one linear layer");
    f("standardize", standardize ? "yes" : "no",
      "whether features are moved to mean 0 and deviation 1 first");
    if (l2_of_one_weight == 0)
      f("l2", list_text(l2),
        "penalty l2 / 2 |w|^2 on the mean loss, the weight decay of sgd; not on the bias");
    else
      f("l2", message(l2_of_one_weight, " / weights"),
        "penalty l2 / 2 |w|^2 on the mean loss; not on the bias");
    if (solver == Solver::sgd) {
      f("lr", list_text(lr), "learning rate at the start");
      f("schedule",
        sgd.milestones.empty() ? std::string("cosine")
                               : message("times ", sgd.factor, " at ", list_text(sgd.milestones)),
        "of the learning rate; half a cosine to 0, or at epochs");
      f("epochs", sgd.epochs, "times that every row is seen");
      f("batch", sgd.batch, "rows in a step");
      f("momentum", sgd.nesterov ? message(sgd.momentum, " (Nesterov)") : message(sgd.momentum), "of sgd");
    }
    if (has_choice())
      f("validation", validation, "part of the training rows that chooses among several values");
  }
};

/// One setting, and how well it did on the validation part.
struct LinearSetting {
  double l2 = 0;
  double lr = 0;  ///< 0 for lbfgs
  double accuracy = 0;
};

/// A linear classifier, of standardised features unless told otherwise.
template <class T>
struct LinearProbe {
  Standardizer<T> standardizer;
  Logistic model{};
  LinearSetting chosen{};
  std::vector<LinearSetting> tried{};  ///< empty where there was nothing to choose
  std::int64_t validation = 0;         ///< rows that chose

  /// The class of each row of features x [N, dims].
  std::vector<int> predict(const Tensor<T, Cpu>& x) const {
    constexpr std::int64_t block = 2048;
    std::vector<int> classes;
    for (std::int64_t first = 0; first < x.dim(0); first += block) {
      const auto some = model.predict(standardizer(x.rows(first, std::min(first + block, x.dim(0)))));
      classes.insert(classes.end(), some.begin(), some.end());
    }
    return classes;
  }
};

namespace detail {

/// Standardised training rows, in their own space where they are few, and how to fit one setting to the first
/// of them.
template <class T>
struct LinearTask {
  LinearTask(Tensor<T, Cpu> rows, std::vector<int> labels_of_rows, int class_count, Solver solver)
      : x(std::move(rows)), labels(std::move(labels_of_rows)), classes(class_count) {
    if (solver != Solver::lbfgs) return;
    space = RowSpace<T>::of(x);
    if (space) x = space->rows();
    moment = second_moment(x);
  }

  Tensor<T, Cpu> x;
  std::vector<int> labels;
  int classes;
  std::optional<RowSpace<T>> space{};
  Tensor<T, Cpu> moment{};

  Logistic fit(const LinearProbeOptions& o, const LinearSetting& setting, std::int64_t rows,
               const LbfgsOptions& lbfgs, const Vector& start) const {
    const Span<const int> own(labels.data(), static_cast<std::size_t>(rows));
    if (o.solver == Solver::lbfgs)
      return fit_lbfgs(x.rows(0, rows), own, classes, setting.l2, moment, lbfgs, start);
    SgdOptions sgd = o.sgd;
    sgd.lr = setting.lr;
    sgd.seed = o.seed;
    return fit_sgd(x.rows(0, rows), own, classes, setting.l2, sgd);
  }

  /// The model as one of the features that the rows came with.
  Logistic of_features(Logistic model) const {
    if (!space) return model;
    model.parameters = space->weights_of_x(model.parameters, classes);
    model.dims = space->dims();
    return model;
  }

  double score(const Logistic& model, std::int64_t fit_rows) const {
    return accuracy(model.predict(x.rows(fit_rows, x.dim(0))),
                    Span(labels).subspan(static_cast<std::size_t>(fit_rows)));
  }
};

/// Goes from strong to weak penalties, each fit from where the last one ended, until two in a row are worse
/// than the best so far. Equals leave the stronger in place. Returns the best point.
template <class T>
Vector choose(const LinearTask<T>& task, const LinearProbeOptions& o, std::int64_t fit_rows,
              LinearProbe<T>& probe) {
  std::vector<double> l2 = o.l2;
  std::sort(l2.begin(), l2.end(), std::greater{});
  Vector best;
  probe.chosen.accuracy = -1;
  for (const double lr : o.solver == Solver::sgd ? o.lr : std::vector{0.0}) {
    Vector start;
    double best_of_path = -1;
    for (std::size_t i = 0, worse = 0; i < l2.size() && worse < 2; ++i) {
      LinearSetting setting{l2[i], lr, 0};
      const Logistic model = task.fit(o, setting, fit_rows, o.search, start);
      setting.accuracy = task.score(model, fit_rows);
      start = model.parameters;
      worse = setting.accuracy < best_of_path ? worse + 1 : 0;
      best_of_path = std::max(best_of_path, setting.accuracy);
      probe.tried.push_back(setting);
      if (setting.accuracy <= probe.chosen.accuracy) continue;
      probe.chosen = setting;
      best = start;
    }
  }
  return best;
}

}  // namespace detail

/// Multinomial logistic regression on features standardised by the training rows, where asked for: settings
/// are chosen on a part of these that is held out for it, then all of them are fitted with the chosen one.
/// `rows` says which those are.
template <class T>
LinearProbe<T> fit_linear_probe(const Tensor<T, Cpu>& x, Span<const int> labels, int classes,
                                const LinearProbeOptions& o, const Holdout& rows) {
  require(!o.l2.empty() && (o.solver == Solver::lbfgs || !o.lr.empty()),
          "linear probe: there is no l2 or lr to choose from");
  ops::require_rank("linear probe", "features", x, 2);
  require_labels("linear probe", x.dim(0), labels, classes);
  require(std::ssize(rows.order) == x.dim(0), "linear probe: there are ", x.dim(0),
          " rows, but the holdout orders ", rows.order.size());
  require(rows.held_out() > 0 || !o.has_choice(),
          "linear probe: there are settings to choose from, but no row is held out for it");
  if (o.l2_of_one_weight != 0) {
    LinearProbeOptions fixed = o;
    fixed.l2 = {o.l2_of_one_weight / static_cast<double>(x.dim(1) * classes)};
    fixed.l2_of_one_weight = 0;
    return fit_linear_probe(x, labels, classes, fixed, rows);
  }
  LinearProbe<T> probe{
      .standardizer = o.standardize ? Standardizer<T>(x) : Standardizer<T>::unchanged(x.dim(1)),
      .validation = o.has_choice() ? rows.held_out() : 0};
  const detail::LinearTask<T> task(probe.standardizer(x, rows.order), rows.arrange(labels), classes,
                                   o.solver);
  Vector start;
  if (o.has_choice())
    start = detail::choose(task, o, rows.fit, probe);
  else
    probe.chosen = {o.l2.front(), o.solver == Solver::sgd ? o.lr.front() : 0, 0};
  probe.model = task.of_features(task.fit(o, probe.chosen, x.dim(0), o.lbfgs, start));
  return probe;
}

/// The same with rows drawn by the seed as validation part, where there is something to choose.
template <class T>
LinearProbe<T> fit_linear_probe(const Tensor<T, Cpu>& x, Span<const int> labels, int classes,
                                const LinearProbeOptions& o = {}) {
  ops::require_rank("linear probe", "features", x, 2);
  const bool choice = o.has_choice() && x.dim(0) > 0;
  return fit_linear_probe(x, labels, classes, o,
                          choice ? Holdout(x.dim(0), o.validation, o.seed) : Holdout(x.dim(0)));
}

}  // namespace pretext::eval
