// SPDX-License-Identifier: MIT
#include "pretext/eval/svm_probe.hpp"

#include <cstring>

#include "eval_data.hpp"
#include "peers.hpp"

namespace {

using namespace pretext;
using eval::Svm;
using eval::SvmProblem;
using Doubles = Tensor<double, Cpu>;

/// The objective of a machine and its gradient, term by term.
template <class T>
double svm_objective(const Tensor<T, Cpu>& x, Span<const int> labels, const SvmProblem& p,
                     const eval::Vector& w, eval::Vector& gradient) {
  gradient = w;
  double objective = 0;
  for (const double value : w) objective += 0.5 * value * value;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const T* at = x.data() + static_cast<std::int64_t>(row) * x.dim(1);
    const bool positive = labels[row] == p.label;
    const double y = positive ? 1 : -1, cost = positive ? p.cost * p.positive_weight : p.cost;
    double score = 0;
    for (std::size_t i = 0; i < w.size(); ++i) score += w[i] * at[i];
    const double slack = std::max(0.0, 1 - y * score);
    objective += cost * slack * slack;
    for (std::size_t i = 0; i < w.size(); ++i) gradient[i] -= 2 * cost * y * slack * at[i];
  }
  return objective;
}

Doubles doubles_of(const test::Matrix& x) {
  Doubles y(x.shape());
  std::copy_n(x.data(), x.size(), y.data());
  return y;
}

std::vector<SvmProblem> problems_of(int classes, double cost, double weight = 1) {
  return eval::detail::svm_problems(std::vector<double>(static_cast<std::size_t>(classes), cost), weight);
}

TEST_CASE("two rows on a line have the machine that paper and pencil give them") {
  const Doubles x = Doubles::from({2, 1}, std::vector<double>{1, -1});
  const std::vector<int> labels{0, 1};
  const std::vector<SvmProblem> problems{{0, 1, 1}, {0, 1, 2}, {1, 0.5, 1}, {0, 1e6, 1}};
  const auto machines = eval::fit_svms(x, labels, problems, {.tolerance = 1e-14});
  // w^2 / 2 + c (1 - w)^2, c the sum of both costs, is least at w = 2 c / (1 + 2 c), and is c / (1 + 2 c)
  // there.
  const double sums[] = {2, 3, 1, 2e6};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(machines[i].converged);
    CHECK(machines[i].weight[0] == doctest::Approx((i == 2 ? -1 : 1) * 2 * sums[i] / (1 + 2 * sums[i])));
    CHECK(machines[i].objective == doctest::Approx(sums[i] / (1 + 2 * sums[i])).epsilon(1e-12));
  }
}

TEST_CASE("a row outside of its margin has no say") {
  const Doubles x = Doubles::from({3, 1}, std::vector<double>{1, -1, 100});
  const std::vector<SvmProblem> problems{{0, 1, 1}};
  const auto machines = eval::fit_svms(x, std::vector{0, 1, 0}, problems, {.tolerance = 1e-14});
  CHECK(machines[0].weight[0] == doctest::Approx(0.8));
}

TEST_CASE("where a search ends the conditions of Karush, Kuhn and Tucker hold, and the gap is what it says") {
  const auto f = test::clusters(300, 10, 4, 2, 1);
  const Doubles x = doubles_of(f.x);
  for (const double cost : {1e-4, 1e-2, 1.0, 100.0}) {
    CAPTURE(cost);
    const auto problems = problems_of(4, cost, 2);
    const auto machines = eval::fit_svms(x, f.labels, problems, {.tolerance = 1e-12});
    for (std::size_t p = 0; p < 4; ++p) {
      const Svm& m = machines[p];
      eval::Vector gradient;
      // The dual variables 2 C slack are 0 or more, and 0 outside of the margin, by what they are; that the
      // weights are their sum over the rows is that the gradient is 0.
      CHECK(m.objective ==
            doctest::Approx(svm_objective(x, f.labels, problems[p], m.weight, gradient)).epsilon(1e-12));
      const double gap = 0.5 * eval::detail::dot(gradient, gradient);
      CHECK(m.converged);
      CHECK(m.gap <= 1e-9 * m.objective);
      CHECK(gap == doctest::Approx(m.gap).epsilon(1e-3));
    }
  }
}

TEST_CASE("the objective is above its minimum by no more than the gap, wherever a search is stopped") {
  const auto f = test::clusters(200, 8, 2, 2, 1);
  const Doubles x = doubles_of(f.x);
  const auto problems = problems_of(2, 1);
  const auto best = eval::fit_svms(x, f.labels, problems, {.tolerance = 1e-13});
  for (const int iterations : {0, 1, 2}) {
    const auto early =
        eval::fit_svms(x, f.labels, problems, {.tolerance = 1e-13, .max_iterations = iterations});
    for (std::size_t p = 0; p < 2; ++p) {
      CHECK(early[p].objective >= best[p].objective * (1 - 1e-12));
      CHECK(early[p].objective - early[p].gap <= best[p].objective * (1 + 1e-12));
      if (iterations == 0) CHECK_FALSE(early[p].converged);
    }
  }
}

TEST_CASE("machines in float are as good as those in double, to a millionth") {
  auto f = test::clusters(1200, 200, 5, 4, 1);
  for (std::int64_t i = 0; i < f.x.size(); ++i) f.x.data()[i] = std::max(0.0F, f.x.data()[i]) + 1;
  std::vector<std::int64_t> rows(1200);
  std::iota(rows.begin(), rows.end(), 0);
  const test::Matrix x = eval::SvmProbe<float>::normalized(f.x, rows);
  const Doubles exact = doubles_of(x);
  for (const double cost : {1e-6, 1e-2, 1.0, 100.0}) {
    CAPTURE(cost);
    const auto problems = problems_of(5, cost, 2);
    const auto machines = eval::fit_svms(x, f.labels, problems);
    const auto best = eval::fit_svms(exact, f.labels, problems, {.tolerance = 1e-10});
    for (std::size_t p = 0; p < 5; ++p) {
      eval::Vector gradient;
      CHECK(machines[p].converged);
      CHECK(svm_objective(exact, f.labels, problems[p], machines[p].weight, gradient) ==
            doctest::Approx(best[p].objective).epsilon(1e-6));
    }
  }
}

TEST_CASE("many machines are fitted together as each alone, and from any start") {
  const auto f = test::clusters(250, 6, 3, 1.5, 1);
  const Doubles x = doubles_of(f.x);
  const std::vector<SvmProblem> problems{{0, 1e-3, 1}, {1, 10, 1}, {2, 1, 2}, {1, 1, 1}};
  const auto together = eval::fit_svms(x, f.labels, problems, {.tolerance = 1e-10});
  std::vector<Svm> start;
  for (const SvmProblem& p : problems) {
    start.push_back(eval::fit_svms(x, f.labels, std::vector{p}, {.tolerance = 1e-10}).front());
    CHECK(start.back().objective == doctest::Approx(together[start.size() - 1].objective).epsilon(1e-9));
  }
  std::swap(start[0], start[1]);
  const auto again = eval::fit_svms(x, f.labels, problems, {.tolerance = 1e-10}, start);
  for (std::size_t p = 0; p < problems.size(); ++p)
    CHECK(again[p].objective == doctest::Approx(together[p].objective).epsilon(1e-9));
}

TEST_CASE("average precision is the area in steps, equal scores at once") {
  const auto ap = [](std::vector<double> scores, const std::vector<bool>& positive) {
    return eval::average_precision<double>(scores, positive);
  };
  CHECK(ap({0.9, 0.8, 0.7, 0.6}, {true, false, true, false}) == doctest::Approx((1 + 2.0 / 3) / 2));
  CHECK(ap({0.6, 0.7, 0.8, 0.9}, {true, false, true, false}) == doctest::Approx((0.5 + 0.5) / 2));
  CHECK(ap({1, 1, 1, 1}, {true, false, false, false}) == doctest::Approx(0.25));
  CHECK(ap({2, 1, 1}, {true, true, false}) == doctest::Approx(0.5 * 1 + 0.5 * 2 / 3));
  CHECK(ap({1, 2}, {true, true}) == 1);
  CHECK(std::isnan(ap({1, 2}, {false, false})));
  CHECK(std::isnan(ap({}, {})));
  CHECK_THROWS_AS(ap({1}, {}), Error);
  CHECK(eval::mean_precision(std::vector{0.5, std::nan(""), 1.0}) == 0.75);
}

TEST_CASE("the published costs are 26 in rising order") {
  const auto costs = eval::goyal_costs();
  CHECK(costs.size() == 26);
  CHECK(std::ranges::is_sorted(costs));
  CHECK(costs.front() == doctest::Approx(1e-7));
  CHECK(costs.back() == doctest::Approx(100));
  CHECK(std::ranges::count(costs, 0.0625) == 1);
  CHECK(std::ranges::count(costs, std::ldexp(1.0, -19)) == 1);
}

TEST_CASE("every C is scored by machines that have not seen the fold, and each class takes its own best") {
  const auto f = test::clusters(150, 12, 3, 3, 1);
  const eval::SvmOptions o{.cost = {10, 1e-3, 0.1}, .seed = 5, .search = {.tolerance = 1e-9}};
  const auto probe = eval::fit_svm_probe(f.x, f.labels, 3, o);
  const std::vector<int> fold = eval::detail::svm_folds(f.labels, 3, o);
  std::vector<double> best(3, -1), cost(3);
  for (const double c : {1e-3, 0.1, 10.0}) {
    std::vector<double> mean(3);
    for (int held_out = 0; held_out < 3; ++held_out) {
      std::vector<std::int64_t> known, asked;
      std::vector<int> labels, truth;
      for (std::size_t i = 0; i < fold.size(); ++i) {
        (fold[i] == held_out ? asked : known).push_back(static_cast<std::int64_t>(i));
        (fold[i] == held_out ? truth : labels).push_back(f.labels[i]);
      }
      const auto x = eval::SvmProbe<float>::normalized(f.x, known);
      const auto machines = eval::fit_svms(x, labels, problems_of(3, c, 2), {.tolerance = 1e-9});
      const auto scores =
          eval::SvmProbe<float>::scores_of(machines, eval::SvmProbe<float>::normalized(f.x, asked));
      const auto each = eval::average_precisions(scores, truth);
      for (std::size_t k = 0; k < 3; ++k) mean[k] += each[k] / 3;
    }
    for (std::size_t k = 0; k < 3; ++k)
      if (mean[k] > best[k] + 1e-9) best[k] = mean[k], cost[k] = c;
  }
  CHECK(probe.cost == cost);
  for (std::size_t k = 0; k < 3; ++k) CHECK(probe.precision[k] == doctest::Approx(best[k]).epsilon(1e-6));
}

TEST_CASE("folds share every class, and differ by the seed") {
  const auto f = test::clusters(100, 2, 4, 1, 1);
  const auto fold = eval::detail::svm_folds(f.labels, 4, {.folds = 3});
  for (int k = 0; k < 4; ++k) {
    std::int64_t counts[3] = {};
    for (std::size_t i = 0; i < fold.size(); ++i)
      if (f.labels[i] == k) ++counts[fold[i]];
    CHECK(std::ranges::max(counts) - std::ranges::min(counts) <= 1);
  }
  CHECK(fold != eval::detail::svm_folds(f.labels, 4, {.folds = 3, .seed = 1}));
}

TEST_CASE("a probe learns what a plane can tell apart, whatever the length of the rows") {
  auto train = test::clusters(400, 8, 3, 0.5, 1), fresh = test::clusters(300, 8, 3, 0.5, 2);
  for (auto* f : {&train, &fresh})
    for (std::int64_t i = 0; i < f->x.size(); ++i) f->x.data()[i] *= static_cast<float>(1 + i / 8 % 50);
  const auto probe = eval::fit_svm_probe(train.x, train.labels, 3);
  CHECK(eval::accuracy(probe.predict(fresh.x), fresh.labels) > 0.9);
  CHECK(eval::mean_precision(eval::average_precisions(probe.scores(fresh.x), fresh.labels)) > 0.9);
}

TEST_CASE("a probe is the same for any number of threads") {
  const auto f = test::clusters(700, 40, 4, 3, 1);
  const auto results = test::with_each_pool([&] {
    return eval::fit_svm_probe(f.x, f.labels, 4, {.cost = {0.1, 10}});
  });
  for (const auto& result : results) {
    CHECK(result.cost == results[0].cost);
    for (std::size_t c = 0; c < 4; ++c) CHECK(result.machines[c].weight == results[0].machines[c].weight);
  }
}

TEST_CASE("rows and choices from which no machine follows are refused") {
  auto f = test::clusters(50, 4, 3, 1, 1);
  const auto fit = [&](const eval::SvmOptions& o) { return eval::fit_svm_probe(f.x, f.labels, 3, o); };
  CHECK_THROWS_WITH_AS(fit({.cost = {}}), doctest::Contains("no C to choose from"), Error);
  CHECK_THROWS_WITH_AS(fit({.cost = {0}}), doctest::Contains("cost 0"), Error);
  CHECK_THROWS_WITH_AS(fit({.folds = 1}), doctest::Contains("at least 2 folds, not 1"), Error);
  CHECK_THROWS_WITH_AS(fit({.folds = 40}), doctest::Contains("which 40 folds cannot share"), Error);
  CHECK_THROWS_AS(fit({.fit = {.tolerance = 0}}), Error);
  CHECK_THROWS_AS(eval::fit_svm_probe(f.x, f.labels, 2), Error);
  f.x.data()[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(fit({.cost = {1}}), doctest::Contains("look at the features"), Error);
}

TEST_CASE("objectives and accuracies are those of scikit-learn's LinearSVC on the same features") {
  if (!test::has_python_modules("sklearn")) return;
  constexpr std::int64_t rows = 1500, dims = 60;
  constexpr int classes = 5;
  const auto f = test::clusters(rows, dims, classes, 4, 1), fresh = test::clusters(1000, dims, classes, 4, 2);
  std::vector<std::int64_t> all(rows), asked(1000);
  std::iota(all.begin(), all.end(), 0);
  std::iota(asked.begin(), asked.end(), 0);
  const test::Matrix x = eval::SvmProbe<float>::normalized(f.x, all),
                     unseen = eval::SvmProbe<float>::normalized(fresh.x, asked);
  const test::TempDir folder;
  std::string bytes;
  for (std::int64_t r = 0; r < rows; ++r)  // the bias is its own affair
    bytes.append(reinterpret_cast<const char*>(x.data() + r * (dims + 1)), dims * sizeof(float));
  test::write_file(folder / "x.f32", bytes);
  test::write_file(folder / "labels.i32",
                   {reinterpret_cast<const char*>(f.labels.data()), f.labels.size() * sizeof(int)});
  for (const double cost : {1e-3, 0.1, 10.0}) {
    CAPTURE(cost);
    REQUIRE(test::run_peer("sklearn_svm.py", "'" + folder.path().string() +
                                                 message("' ", rows, " ", dims, " ", classes, " 2 ", cost)));
    const std::string theirs = test::read_file(folder / "weights.f64");
    REQUIRE(theirs.size() == classes * (dims + 1) * sizeof(double));
    const auto problems = problems_of(classes, cost, 2);
    const auto machines = eval::fit_svms(x, f.labels, problems);
    std::vector<Svm> peers(classes);
    double worst = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      peers[c].weight.resize(dims + 1);
      std::memcpy(peers[c].weight.data(), theirs.data() + c * (dims + 1) * sizeof(double),
                  (dims + 1) * sizeof(double));
      eval::Vector gradient;
      const double own = svm_objective(x, f.labels, problems[c], machines[c].weight, gradient);
      const double other = svm_objective(x, f.labels, problems[c], peers[c].weight, gradient);
      CHECK(own == doctest::Approx(other).epsilon(1e-6));
      worst = std::max(worst, std::abs(own / other - 1));
    }
    const auto right = [&](const std::vector<Svm>& m) {
      using Probe = eval::SvmProbe<float>;
      return eval::accuracy(Probe::largest(Probe::scores_of(m, unseen)), fresh.labels);
    };
    CHECK(std::abs(right(machines) - right(peers)) <= 0.001);
    std::printf("C %g: objectives off by at most %.1e; accuracy %.4f, scikit-learn's %.4f\n", cost, worst,
                right(machines), right(peers));
  }
}

}  // namespace
