// SPDX-License-Identifier: MIT
#include "pretext/eval/nearest.hpp"

#include <bit>
#include <numeric>

#include "eval_data.hpp"

namespace {

using namespace pretext;
using Bank = eval::Bank<float>;
using eval::Metric;
using Neighbours = eval::Neighbours<float>;
using test::Matrix;

double naive_score(const float* a, const float* b, std::int64_t dims, Metric metric) {
  double product = 0, aa = 0, bb = 0, distance = 0;
  for (std::int64_t i = 0; i < dims; ++i) {
    product += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
    distance += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  }
  if (metric == Metric::euclidean) return -distance;
  return aa == 0 || bb == 0 ? 0 : product / std::sqrt(aa) / std::sqrt(bb);
}

/// The indices of the k best rows of the bank for one query, by sorting all of them.
std::vector<std::int64_t> naive_nearest(const float* query, const Matrix& bank, Metric metric,
                                        std::int64_t k) {
  std::vector<double> scores;
  for (std::int64_t r = 0; r < bank.dim(0); ++r)
    scores.push_back(naive_score(query, bank.data() + r * bank.dim(1), bank.dim(1), metric));
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::ranges::stable_sort(order, std::greater{},
                           [&](std::int64_t i) { return scores[static_cast<std::size_t>(i)]; });
  order.resize(static_cast<std::size_t>(k));
  return order;
}

void check_against_loops(const Matrix& bank, const Matrix& queries, Metric metric, std::int64_t k) {
  const Neighbours found = Bank(bank, metric).nearest(queries, k);
  REQUIRE(found.k == std::min(k, bank.dim(0)));
  const auto at = static_cast<std::size_t>(found.k);
  REQUIRE(found.index.size() == at * static_cast<std::size_t>(queries.dim(0)));
  bool same = true;
  for (std::size_t q = 0; q < static_cast<std::size_t>(queries.dim(0)); ++q) {
    const float* query = queries.data() + static_cast<std::int64_t>(q) * queries.dim(1);
    const auto expected = naive_nearest(query, bank, metric, found.k);
    same = same && std::equal(expected.begin(), expected.end(),
                              found.index.begin() + std::ssize(expected) * static_cast<std::int64_t>(q));
    for (std::size_t i = 0; i < at; ++i)
      same = same &&
             std::abs(found.score[q * at + i] - naive_score(query, bank.data() + expected[i] * bank.dim(1),
                                                            bank.dim(1), metric)) < 1e-5;
  }
  CHECK(same);
}

TEST_CASE("the nearest rows are those that loops find, ties included") {
  // Whole numbers and rows of length 4 keep both metrics exact, and give many ties.
  for (const std::int64_t rows : {1, 2, 5, 959, 960, 961, 2500})
    for (const std::int64_t queries : {1, 3, 130}) {
      CAPTURE(rows);
      const Matrix bank = test::whole_matrix(rows, 5, 2, 1), asked = test::whole_matrix(queries, 5, 2, 2);
      check_against_loops(bank, asked, Metric::euclidean, 7);
      Rng rng(3, Use::test);
      const auto sign = [&](auto, auto) { return rng.chance(0.5F) ? 1 : -1; };
      check_against_loops(test::matrix(rows, 16, sign), test::matrix(queries, 16, sign), Metric::cosine, 7);
    }
}

TEST_CASE("any k is served, up to all rows of the bank") {
  const Matrix bank = test::whole_matrix(300, 4, 3, 1), asked = test::whole_matrix(9, 4, 3, 2);
  for (const std::int64_t k : {1, 2, 150, 299, 300, 1000})
    check_against_loops(bank, asked, Metric::euclidean, k);
}

TEST_CASE("equal rows score the same bits wherever they lie, and the first is the nearer") {
  for (const std::int64_t dims : {1, 37, 512}) {
    const Matrix different = test::normal_matrix(7, dims, 1);
    const Matrix bank = test::matrix(
        2003, dims, [&](std::int64_t r, std::int64_t c) { return different.data()[r % 7 * dims + c]; });
    for (const Metric metric : {Metric::cosine, Metric::euclidean}) {
      const Neighbours found = Bank(bank, metric).nearest(test::normal_matrix(5, dims, 2), 280);
      for (std::size_t i = 1; i < found.index.size(); ++i) {
        if (i % 280 == 0) continue;
        CHECK(found.score[i] <= found.score[i - 1]);
        if (found.score[i] == found.score[i - 1]) CHECK(found.index[i] > found.index[i - 1]);
        if (dims > 1 && found.index[i] % 7 == found.index[i - 1] % 7)
          CHECK(std::bit_cast<int>(found.score[i]) == std::bit_cast<int>(found.score[i - 1]));
      }
    }
  }
}

TEST_CASE("cosine sees directions only, and a row of zeros is at a right angle to all") {
  const Matrix bank = Matrix::from({4, 2}, std::vector<float>{0, 0, 0, 5, 100, 0, -1, 0});
  const Neighbours found = Bank(bank).nearest(Matrix::from({2, 2}, std::vector<float>{0.01F, 0, 0, 0}), 4);
  CHECK(found.index == std::vector<std::int64_t>{2, 0, 1, 3, 0, 1, 2, 3});
  CHECK(found.score == std::vector<float>{1, 0, 0, -1, 0, 0, 0, 0});
}

TEST_CASE("neighbours are the same for any number of threads") {
  const Matrix bank = test::normal_matrix(3000, 50, 1), asked = test::normal_matrix(700, 50, 2);
  const auto results = test::with_each_pool([&] { return Bank(bank).nearest(asked, 20); });
  for (const auto& result : results) {
    CHECK(result.index == results[0].index);
    CHECK(result.score == results[0].score);
  }
}

TEST_CASE("what cannot be searched is refused") {
  Matrix bank = test::normal_matrix(10, 3, 1);
  CHECK_THROWS_AS(Bank(bank).nearest(bank, 0), Error);
  CHECK_THROWS_AS(Bank(bank).nearest(test::normal_matrix(2, 4, 1), 1), Error);
  CHECK_THROWS_WITH_AS(Bank(Matrix({0, 3})).nearest(bank, 1), "kNN: the bank is empty", Error);
  CHECK(Bank(bank).nearest(Matrix({0, 3}), 1).index.empty());
  Matrix bad = bank.clone();
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F}) {
    bad.data()[14] = value;
    CHECK_THROWS_WITH_AS(Bank(bad, Metric::euclidean), doctest::Contains("kNN: row 4 has values"), Error);
    CHECK_THROWS_WITH_AS(Bank(bank).nearest(bad, 1), doctest::Contains("kNN: row 4 has values"), Error);
  }
}

}  // namespace
