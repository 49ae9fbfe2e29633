// SPDX-License-Identifier: MIT
#include "pretext/eval/cholesky.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "eval/eval_data.hpp"

using namespace pretext;

namespace {

/// b b^T + I / 10 for a drawn b [n, n], with NaN above the diagonal, which nobody may read.
Tensor<double, Cpu> positive(std::int64_t n, bool poison) {
  const auto b = test::normal_matrix(n, n, 3);
  Tensor<double, Cpu> m({n, n});
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = i == j ? 0.1 : 0;
      for (std::int64_t p = 0; p < n; ++p)
        sum += static_cast<double>(b.data()[i * n + p]) * static_cast<double>(b.data()[j * n + p]);
      m.data()[i * n + j] = poison && j > i ? std::numeric_limits<double>::quiet_NaN() : sum;
    }
  return m;
}

}  // namespace

TEST_CASE("the factor times its transpose is the matrix, for sizes around the blocks") {
  for (const std::int64_t n : {1, 2, 63, 64, 65, 129, 200}) {
    CAPTURE(n);
    const auto m = positive(n, false);
    auto l = positive(n, true);
    REQUIRE(eval::cholesky(l));
    double worst = 0;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (std::int64_t p = 0; p <= j; ++p) sum += l.data()[i * n + p] * l.data()[j * n + p];
        worst = std::max(worst, std::abs(sum - m.data()[i * n + j]));
      }
    CHECK(worst < 1e-12 * static_cast<double>(n));
  }
}

TEST_CASE("a solution times the matrix is the right side") {
  for (const std::int64_t n : {1, 5, 64, 130}) {
    const auto m = positive(n, false);
    auto l = positive(n, true);
    REQUIRE(eval::cholesky(l));
    for (const std::int64_t k : {1, 10}) {
      CAPTURE(n);
      CAPTURE(k);
      Tensor<double, Cpu> x({n, k});
      for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(static_cast<double>(i));
      const auto right = x.clone();
      eval::cholesky_solve(l, x);
      double worst = 0;
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t c = 0; c < k; ++c) {
          double sum = 0;
          for (std::int64_t j = 0; j < n; ++j) sum += m.data()[i * n + j] * x.data()[j * k + c];
          worst = std::max(worst, std::abs(sum - right.data()[i * k + c]));
        }
      CHECK(worst < 1e-9);
    }
  }
}

TEST_CASE("a matrix that is not positive definite has no factor") {
  auto indefinite = positive(70, false);
  indefinite.data()[69 * 70 + 69] = -1;
  CHECK_FALSE(eval::cholesky(indefinite));
  auto none = Tensor<double, Cpu>::zeros({2, 2});
  CHECK_FALSE(eval::cholesky(none));
  none.data()[0] = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(eval::cholesky(none));
  auto wide = Tensor<double, Cpu>::zeros({2, 3});
  CHECK_THROWS_WITH_AS(eval::cholesky(wide), doctest::Contains("is not square"), Error);
}
