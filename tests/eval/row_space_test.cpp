// SPDX-License-Identifier: MIT
#include "pretext/eval/row_space.hpp"

#include <limits>

#include "eval_data.hpp"
#include "pretext/eval/linear_probe.hpp"

namespace {

using namespace pretext;
using Rows = Tensor<float, Cpu>;
using Space = eval::RowSpace<float>;

double product(const float* a, const float* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// The largest difference between the products of two rows in x and in its space, as a part of the longest.
double worst_product(const Rows& x, const Rows& l) {
  double worst = 0, longest = 0;
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    for (std::int64_t j = 0; j < x.dim(0); ++j) {
      const double in_x = product(x.data() + i * x.dim(1), x.data() + j * x.dim(1), x.dim(1));
      const double in_l = product(l.data() + i * l.dim(1), l.data() + j * l.dim(1), l.dim(1));
      worst = std::max(worst, std::abs(in_x - in_l));
      longest = std::max(longest, in_x);
    }
  return worst / longest;
}

TEST_CASE("rows keep their lengths and angles in their own space, also where some say the same") {
  for (const auto& extents : {std::pair{1, 2}, {3, 7}, {67, 1025}, {130, 2050}}) {
    const int rows = extents.first, dims = extents.second;
    CAPTURE(rows);
    Rows x = test::normal_matrix(rows, dims, 1);
    for (std::int64_t i = 0; i < dims && rows > 2; ++i) x.data()[2 * dims + i] = x.data()[i];
    const auto space = Space::of(x);
    REQUIRE(space);
    CHECK(space->rows().shape() == Shape({rows, rows}));
    CHECK(worst_product(x, space->rows()) < 1e-6);
  }
}

TEST_CASE("weights of the space and of the features that stand for them score the rows alike") {
  const std::int64_t rows = 50, dims = 1500, classes = 3;
  const Rows x =
      eval::Standardizer<float>(test::normal_matrix(rows, dims, 1))(test::normal_matrix(rows, dims, 1));
  const auto space = Space::of(x);
  REQUIRE(space);
  eval::Logistic small{.parameters = eval::Vector(static_cast<std::size_t>(classes * rows + classes)),
                       .dims = rows,
                       .classes = 3};
  Rng rng(2, Use::test);
  for (double& value : small.parameters) value = rng.normal();
  const eval::Logistic large{
      .parameters = space->weights_of_x(small.parameters, classes), .dims = dims, .classes = 3};
  REQUIRE(std::ssize(large.parameters) == classes * dims + classes);
  const Rows expected = small.logits(space->rows()), found = large.logits(x);
  double worst = 0;
  for (std::int64_t i = 0; i < found.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(found.data()[i] - expected.data()[i])));
  CHECK(worst < 1e-3);  // of scores of about 39
}

TEST_CASE("a fit in the space of the rows is the fit to the features") {
  const auto f = test::clusters(40, 300, 3, 8, 1), fresh = test::clusters(200, 300, 3, 8, 2);
  for (const double l2 : {1e-1, 1e-3, 1e-6}) {
    CAPTURE(l2);
    const auto probe = eval::fit_linear_probe(f.x, f.labels, 3, {.l2 = {l2}});
    const Rows x = probe.standardizer(f.x);
    const auto direct =
        eval::fit_lbfgs(x, f.labels, 3, l2, eval::second_moment(x), {.decrease_tolerance = 1e-12});
    CHECK(probe.model.dims == 300);
    CHECK(probe.model.loss == doctest::Approx(direct.loss).epsilon(1e-5));
    const Rows scores = probe.model.logits(probe.standardizer(fresh.x));
    const Rows expected = direct.logits(probe.standardizer(fresh.x));
    double worst = 0, largest = 0;
    for (std::int64_t i = 0; i < scores.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(scores.data()[i] - expected.data()[i])));
      largest = std::max(largest, std::abs(static_cast<double>(expected.data()[i])));
    }
    CHECK(worst < 0.01 * largest);
  }
}

TEST_CASE("rows that are many, or none, or without length or value have no space of their own") {
  CHECK(Space::of(test::normal_matrix(5, 10, 1)));
  CHECK_FALSE(Space::of(test::normal_matrix(5, 9, 1)));
  CHECK_FALSE(Space::of(Rows({0, 10})));
  CHECK_FALSE(Space::of(Rows::zeros({5, 10})));
  Rows x = test::normal_matrix(5, 10, 1);
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    x.data()[17] = value;
    CHECK_FALSE(Space::of(x));
  }
  CHECK_THROWS_AS(Space::of(Rows({4})), Error);
}

TEST_CASE("a fit in the space of the rows is the same for any number of threads") {
  const auto f = test::clusters(150, 3000, 4, 8, 1);
  const auto results =
      test::with_each_pool([&] { return eval::fit_linear_probe(f.x, f.labels, 4).model.parameters; });
  for (const auto& result : results) CHECK(result == results[0]);
}

}  // namespace
