// SPDX-License-Identifier: MIT
#include "pretext/eval/linear_probe.hpp"

#include <set>

#include "eval_data.hpp"

namespace {

using namespace pretext;
using eval::Holdout;
using eval::LinearProbeOptions;
using eval::Solver;

eval::LinearProbe<float> probe_of(const eval::Features& f, int classes, const LinearProbeOptions& o = {}) {
  return eval::fit_linear_probe(f.x, f.labels, classes, o);
}

TEST_CASE("the held-out part is a tenth, drawn by the seed, and no row is lost") {
  const Holdout rows(1000, 0.1, 3), again(1000, 0.1, 3), other(1000, 0.1, 4);
  CHECK(rows.fit == 900);
  CHECK(rows.held_out() == 100);
  CHECK(rows.order == again.order);
  CHECK(rows.order != other.order);
  std::vector<std::int64_t> sorted = rows.order;
  std::ranges::sort(sorted);
  CHECK(sorted == Holdout(1000).order);
  CHECK(Holdout(1000).held_out() == 0);
  CHECK_THROWS_WITH_AS(Holdout(4, 0.1, 0), doctest::Contains("use more rows"), Error);
  CHECK_THROWS_AS(Holdout(10, 1, 0), Error);

  std::vector<std::int64_t> pictures;  // of 40 rows each, among each other, with numbers of any kind
  for (std::int64_t row = 0; row < 1000; ++row) pictures.push_back(7 * (row % 25) - 50);
  const Holdout together(pictures, 0.2, 3);
  CHECK(together.held_out() == 200);
  std::vector<std::int64_t> order = together.order;
  std::set<std::int64_t> fitted, held;
  for (std::int64_t i = 0; i < 1000; ++i) {
    const auto row = static_cast<std::size_t>(order[static_cast<std::size_t>(i)]);
    (i < together.fit ? fitted : held).insert(pictures[row]);
  }
  CHECK(held.size() == 5);
  for (const std::int64_t picture : held) CHECK(!fitted.contains(picture));
  std::ranges::sort(order);
  CHECK(order == Holdout(1000).order);
  CHECK(Holdout(pictures, 0.2, 3).order == together.order);
  CHECK_FALSE(Holdout(pictures, 0.2, 4).order == together.order);
  CHECK_THROWS_WITH_AS(Holdout(std::vector<std::int64_t>(9, 1), 0.5, 0),
                       doctest::Contains("0.5 of 1 groups of rows leaves nothing"), Error);
}

TEST_CASE("a probe learns classes that a line can tell apart, on features of any scale") {
  auto train = test::clusters(600, 8, 4, 0.6, 1), fresh = test::clusters(400, 8, 4, 0.6, 2);
  for (auto* f : {&train, &fresh})
    for (std::int64_t i = 0; i < f->x.size(); ++i)
      f->x.data()[i] = 1000 + f->x.data()[i] * std::pow(10.0F, static_cast<float>(i % 8 - 4));
  for (const Solver solver : {Solver::lbfgs, Solver::sgd}) {
    const auto probe = probe_of(train, 4, {.solver = solver});
    CHECK(eval::accuracy(probe.predict(fresh.x), fresh.labels) > 0.9);
    CHECK(probe.validation == 60);
    CHECK(probe.chosen.accuracy > 0.85);
    CHECK(probe.tried.size() >= 3);
  }
}

TEST_CASE("the setting with the best held-out accuracy is chosen, the strongest penalty of equals") {
  const auto f = test::clusters(400, 30, 3, 4, 1);
  const auto probe = probe_of(f, 3, {.l2 = {1e-6, 1e-2, 1, 1e-4}});
  REQUIRE(!probe.tried.empty());
  double best = -1, expected = 0;
  for (std::size_t i = 0; i < probe.tried.size(); ++i) {
    if (i > 0) CHECK(probe.tried[i].l2 < probe.tried[i - 1].l2);
    if (probe.tried[i].accuracy > best) expected = probe.tried[i].l2;
    best = std::max(best, probe.tried[i].accuracy);
  }
  CHECK(probe.chosen.l2 == expected);
  CHECK(probe.chosen.accuracy == best);
}

TEST_CASE("noise is told from signal: many useless features call for a strong penalty") {
  auto noisy = test::clusters(200, 400, 2, 40, 1);
  const auto probe = probe_of(noisy, 2, {.l2 = {1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5}, .seed = 1});
  CHECK(probe.tried.size() < 6);  // the path ends early
}

TEST_CASE("every try is scored by a fit that has not seen the held-out rows") {
  const auto f = test::clusters(200, 6, 3, 2, 1);
  const LinearProbeOptions options{.l2 = {1e-1, 1e-3}, .seed = 5, .search = {.max_iterations = 200}};
  const auto probe = probe_of(f, 3, options);
  const Holdout rows(200, 0.1, 5);
  const test::Matrix x = eval::Standardizer<float>(f.x)(f.x, rows.order);
  const std::vector<int> labels = rows.arrange(f.labels);
  for (const auto& tried : probe.tried) {
    const auto fit = eval::fit_lbfgs(x.rows(0, 180), Span(labels).first(180), 3, tried.l2, {},
                                     {.max_iterations = 200, .decrease_tolerance = 1e-10});
    CHECK(tried.accuracy == eval::accuracy(fit.predict(x.rows(180, 200)), Span(labels).subspan(180)));
  }
}

TEST_CASE("the final fit is the minimum over all training rows") {
  const auto f = test::clusters(300, 6, 3, 2, 1);
  const auto probe = probe_of(f, 3);
  const test::Matrix x = eval::Standardizer<float>(f.x)(f.x);
  const auto fit = eval::fit_lbfgs(x, f.labels, 3, probe.chosen.l2, {});
  CHECK(probe.model.loss == doctest::Approx(fit.loss).epsilon(1e-6));
}

TEST_CASE("one value leaves nothing to choose, and no row is held out for it") {
  const auto f = test::clusters(5, 6, 2, 1, 1);
  const auto probe = probe_of(f, 2, {.l2 = {1e-3}});
  CHECK(probe.validation == 0);
  CHECK(probe.tried.empty());
  CHECK(probe.chosen.l2 == 1e-3);
  CHECK_THROWS_AS(probe_of(test::clusters(4, 6, 2, 1, 1), 2), Error);
}

TEST_CASE("predictions do not depend on how many rows are asked for at a time") {
  const auto f = test::clusters(200, 5, 3, 1, 1);
  const auto many = test::clusters(4500, 5, 3, 1, 2);
  const auto probe = probe_of(f, 3, {.l2 = {1e-3}});
  const std::vector<int> all = probe.predict(many.x);
  REQUIRE(all.size() == 4500);
  for (const std::int64_t first : {0, 2047, 2048, 4499})
    CHECK(probe.predict(many.x.rows(first, first + 1)) == std::vector{all[static_cast<std::size_t>(first)]});
  CHECK(probe.predict(test::Matrix({0, 5})).empty());
}

TEST_CASE("a probe is the same for any number of threads") {
  const auto f = test::clusters(900, 40, 4, 3, 1);
  for (const Solver solver : {Solver::lbfgs, Solver::sgd}) {
    const auto results = test::with_each_pool([&] {
      return probe_of(f, 4, {.solver = solver, .l2 = {1e-2, 1e-3}, .sgd = {.epochs = 3}});
    });
    for (const auto& result : results) {
      CHECK(result.model.parameters == results[0].model.parameters);
      CHECK(result.chosen.l2 == results[0].chosen.l2);
    }
  }
}

TEST_CASE("training rows without labels, values or choices are refused") {
  auto f = test::clusters(50, 4, 3, 1, 1);
  CHECK_THROWS_AS(probe_of(f, 3, {.l2 = {}}), Error);
  CHECK_THROWS_AS(probe_of(f, 3, {.solver = Solver::sgd, .lr = {}}), Error);
  CHECK_THROWS_WITH_AS(probe_of(f, 2), doctest::Contains("is not one of the 2 classes"), Error);
  f.labels[7] = -1;
  CHECK_THROWS_WITH_AS(probe_of(f, 3), doctest::Contains("all pictures need a label"), Error);
  CHECK_THROWS_AS(probe_of({}, 3), Error);
}

}  // namespace
