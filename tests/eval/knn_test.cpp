// SPDX-License-Identifier: MIT
#include "pretext/eval/knn.hpp"

#include "eval_data.hpp"

namespace {

using namespace pretext;
using eval::KnnOptions;
using eval::Metric;
using Knn = eval::Knn<float>;
using Neighbours = eval::Neighbours<float>;

Knn knn_of(const eval::Features& f, int classes, const KnnOptions& o = {}) {
  return eval::fit_knn(f.x, f.labels, classes, o);
}

TEST_CASE("votes weigh exp(cosine / temperature), and the first class of equals wins") {
  const std::vector<int> labels{2, 1, 1, 0};
  const auto winner = [&](std::vector<float> scores, std::int64_t k, double temperature) {
    const Neighbours found{.k = 4, .index = {0, 1, 2, 3}, .score = std::move(scores)};
    return eval::vote(found, labels, 3, Metric::cosine, k, temperature).at(0);
  };
  // e^(0.9/T) against 2 e^(0.8/T): the single nearer row wins where e^(0.1/T) > 2, T < 0.144.
  CHECK(winner({0.9F, 0.8F, 0.8F, 0}, 4, 0.14) == 2);
  CHECK(winner({0.9F, 0.8F, 0.8F, 0}, 4, 0.15) == 1);
  CHECK(winner({0.9F, 0.8F, 0.8F, 0}, 2, 0.15) == 2);
  CHECK(winner({0.5F, 0.5F, 0, 0}, 2, 0.1) == 1);
  CHECK(winner({1, 0.99F, 0.99F, 0.99F}, 4, 1e-4) == 2);  // no overflow
}

TEST_CASE("by distance, votes weigh one over it, and an equal row decides alone") {
  const std::vector<int> labels{0, 1, 1};
  const auto winner = [&](std::vector<float> scores) {
    const Neighbours found{.k = 3, .index = {0, 1, 2}, .score = std::move(scores)};
    return eval::vote(found, labels, 2, Metric::euclidean, 3, 1).at(0);
  };
  CHECK(winner({-1, -3.9F, -3.9F}) == 1);
  CHECK(winner({-1, -4.1F, -4.1F}) == 0);
  CHECK(winner({0, -1e-6F, -1e-6F}) == 0);
}

TEST_CASE("predictions are those of loops over all rows") {
  const auto train = test::clusters(500, 6, 4, 1.5, 1), asked = test::clusters(90, 6, 4, 1.5, 2);
  const Knn knn = knn_of(train, 4, {.k = {30}, .temperature = {0.2}});
  const std::vector<int> predicted = knn.predict(asked.x);
  for (std::int64_t q = 0; q < 90; ++q) {
    std::vector<std::pair<double, int>> scored;
    for (std::int64_t r = 0; r < 500; ++r) {
      double product = 0, aa = 0, bb = 0;
      for (std::int64_t i = 0; i < 6; ++i) {
        const double a = asked.x.data()[q * 6 + i], b = train.x.data()[r * 6 + i];
        product += a * b;
        aa += a * a;
        bb += b * b;
      }
      scored.emplace_back(product / std::sqrt(aa * bb), train.labels[static_cast<std::size_t>(r)]);
    }
    std::ranges::sort(scored, std::greater{});
    double votes[4] = {};
    for (std::size_t i = 0; i < 30; ++i) votes[scored[i].second] += std::exp(scored[i].first / 0.2);
    CHECK(predicted[static_cast<std::size_t>(q)] == std::max_element(votes, votes + 4) - votes);
  }
}

TEST_CASE("one k and temperature are taken as they are, k up to the size of the bank") {
  const auto f = test::clusters(50, 4, 2, 0.5, 1);
  const Knn knn = knn_of(f, 2);
  CHECK(knn.chosen.k == 50);
  CHECK(knn.chosen.temperature == 0.1);
  CHECK(knn.validation == 0);
  CHECK(knn.tried.empty());
  CHECK(eval::accuracy(knn.predict(f.x), f.labels) > 0.8);
}

TEST_CASE("several k and temperatures are chosen from by rows held out of the bank") {
  // 40 rows in the middle of a ring of 360: with many neighbours the ring outvotes them.
  Rng rng(1, Use::test);
  eval::Features f{.tap = "test"};
  for (std::int64_t r = 0; r < 400; ++r) f.labels.push_back(r % 10 == 0 ? 0 : 1);
  f.x = test::matrix(400, 2, [&](std::int64_t r, std::int64_t c) {
    const double turn = 0.37 * static_cast<double>(r);
    return r % 10 == 0 ? 0.3 * rng.normal() : 1.5 * (c == 0 ? std::cos(turn) : std::sin(turn));
  });
  const KnnOptions options{.k = {300, 5}, .metric = Metric::euclidean, .seed = 2};
  const Knn knn = knn_of(f, 2, options);
  CHECK(knn.chosen.k == 5);
  CHECK(knn.chosen.accuracy > 0.95);
  CHECK(knn.validation == 40);
  REQUIRE(knn.tried.size() == 2);
  CHECK(knn.tried[0].accuracy < knn.chosen.accuracy);
  CHECK(knn.bank.size() == 400);

  const eval::Holdout rows(400, 0.1, 2);
  const test::Matrix x = test::matrix(400, 2, [&](std::int64_t r, std::int64_t c) {
    return f.x.data()[rows.order[static_cast<std::size_t>(r)] * 2 + c];
  });
  const std::vector<int> labels = rows.arrange(f.labels);
  const auto found = eval::Bank(x.rows(0, 360), Metric::euclidean).nearest(x.rows(360, 400), 300);
  CHECK(knn.tried[0].accuracy ==
        eval::accuracy(eval::vote(found, labels, 2, Metric::euclidean, 300, 0.1), Span(labels).subspan(360)));
}

TEST_CASE("choices that cannot be made are refused") {
  const auto f = test::clusters(50, 4, 2, 0.5, 1);
  CHECK_THROWS_AS(knn_of(f, 2, {.k = {}}), Error);
  CHECK_THROWS_AS(knn_of(f, 1), Error);
  CHECK_THROWS_AS(knn_of(f, 2, {.k = {0}}).predict(f.x), Error);
  CHECK_THROWS_AS(knn_of(f, 2, {.temperature = {0}}).predict(f.x), Error);
  CHECK_THROWS_AS(knn_of({}, 2), Error);
}

}  // namespace
