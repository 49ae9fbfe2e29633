// SPDX-License-Identifier: MIT
#include "pretext/eval/standardize.hpp"

#include "eval_data.hpp"

namespace {

using namespace pretext;
using Standardizer = eval::Standardizer<float>;

TEST_CASE("features that were measured have mean 0 and deviation 1 after the move") {
  const test::Matrix x = test::matrix(301, 70, [](std::int64_t r, std::int64_t c) {
    return static_cast<double>(c * c) + 0.1 * static_cast<double>((r * (c + 3)) % 101);
  });
  const test::Matrix y = Standardizer(x)(x);
  REQUIRE(y.shape() == x.shape());
  for (std::int64_t c = 0; c < 70; ++c) {
    double sum = 0, squares = 0;
    for (std::int64_t r = 0; r < 301; ++r) {
      sum += y.data()[r * 70 + c];
      squares += static_cast<double>(y.data()[r * 70 + c]) * y.data()[r * 70 + c];
    }
    CHECK(std::abs(sum / 301) < 1e-4);
    CHECK(squares / 301 == doctest::Approx(1).epsilon(1e-4));
  }
}

TEST_CASE("other rows are moved by the statistics of the measured ones") {
  const Standardizer s(test::Matrix::from({4, 2}, std::vector<float>{1, 10, 3, 10, 5, 30, 7, 30}));
  CHECK(s.mean()[0] == 4);
  CHECK(s.mean()[1] == 20);
  CHECK(s.scale()[0] == doctest::Approx(1 / std::sqrt(5.0)));
  CHECK(s.scale()[1] == doctest::Approx(0.1));
  const test::Matrix y = s(test::Matrix::from({1, 2}, std::vector<float>{9, -10}));
  CHECK(y.data()[0] == doctest::Approx(std::sqrt(5.0)));
  CHECK(y.data()[1] == doctest::Approx(-3));
}

TEST_CASE("rows are gathered in any order, some of them twice") {
  const test::Matrix x = test::normal_matrix(6, 3, 1);
  const Standardizer s(x);
  const test::Matrix all = s(x), some = s(x, std::vector<std::int64_t>{5, 0, 5});
  for (std::int64_t c = 0; c < 3; ++c) {
    CHECK(some.data()[c] == all.data()[15 + c]);
    CHECK(some.data()[3 + c] == all.data()[c]);
    CHECK(some.data()[6 + c] == all.data()[15 + c]);
  }
  CHECK_THROWS_WITH_AS(s(x, std::vector<std::int64_t>{6}), "standardize: there is no row 6 in [6, 3]", Error);
}

TEST_CASE("a feature that is constant up to rounding becomes 0, whatever comes later") {
  test::Matrix x = test::matrix(1000, 2, [](auto, auto) { return 0.1F; });
  x.data()[0] = std::nextafter(0.1F, 1.0F);
  const test::Matrix y = Standardizer(x)(test::Matrix::from({1, 2}, std::vector<float>{5, -5}));
  CHECK(y.data()[0] == 0);
  CHECK(y.data()[1] == 0);
}

TEST_CASE("what cannot be standardised is refused") {
  test::Matrix x = test::normal_matrix(20, 3, 1);
  const Standardizer s(x);
  CHECK_THROWS_AS(s(test::normal_matrix(5, 4, 1)), Error);
  CHECK_THROWS_AS(Standardizer{test::Matrix({0, 3})}, Error);
  CHECK_THROWS_AS(Standardizer{test::Matrix()}, Error);
  CHECK_THROWS_AS(Standardizer(x.reshape({5, 4, 3})), Error);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    x.data()[31] = bad;
    CHECK_THROWS_WITH_AS(Standardizer{x}, doctest::Contains("feature 1 has a value that is not finite"),
                         Error);
  }
}

TEST_CASE("statistics have the same bits for any number of threads") {
  const test::Matrix x = test::normal_matrix(3001, 37, 4);
  const auto results = test::with_each_pool([&] {
    const Standardizer s(x);
    std::vector<float> all(s.mean().begin(), s.mean().end());
    all.insert(all.end(), s.scale().begin(), s.scale().end());
    return all;
  });
  for (const auto& result : results) CHECK(result == results[0]);
}

}  // namespace
