// SPDX-License-Identifier: MIT
#include "pretext/eval/pca.hpp"

#include <limits>

#include "eval_data.hpp"

namespace {

using namespace pretext;
using doctest::Approx;
using eval::Pca;
using test::Matrix;
using Double = Tensor<double, Cpu>;

/// A symmetric matrix with eigenvalues `values` and drawn eigenvectors; above the diagonal lies NaN.
Double with_eigenvalues(const std::vector<double>& values, std::uint64_t seed) {
  const std::int64_t n = std::ssize(values);
  const Matrix drawn = test::normal_matrix(n, n, seed);
  std::vector<std::vector<double>> basis;
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<double> v(drawn.data() + i * n, drawn.data() + (i + 1) * n);
    for (int again = 0; again < 2; ++again)
      for (const auto& other : basis) {
        const double along = eval::detail::dot(v.data(), other.data(), n);
        for (std::int64_t c = 0; c < n; ++c) v[c] -= along * other[c];
      }
    const double length = std::sqrt(eval::detail::dot(v.data(), v.data(), n));
    for (double& x : v) x /= length;
    basis.push_back(v);
  }
  Double m({n, n});
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < n; ++k) sum += values[k] * basis[k][i] * basis[k][j];
      m.data()[i * n + j] = j > i ? std::numeric_limits<double>::quiet_NaN() : sum;
    }
  return m;
}

double entry(const Double& m, std::int64_t i, std::int64_t j) {
  return m.data()[std::max(i, j) * m.dim(0) + std::min(i, j)];
}

/// The worst of |m v - value v| and |v_i v_j - (i == j)|.
double worst_error(const Double& m, const eval::Eigenpairs& pairs) {
  const std::int64_t n = m.dim(0), k = pairs.vectors.dim(0);
  double worst = 0;
  for (std::int64_t p = 0; p < k; ++p) {
    const double* v = pairs.vectors.data() + p * n;
    for (std::int64_t i = 0; i < n; ++i) {
      double sum = -pairs.values[p] * v[i];
      for (std::int64_t j = 0; j < n; ++j) sum += entry(m, i, j) * v[j];
      worst = std::max(worst, std::abs(sum));
    }
    for (std::int64_t q = 0; q < k; ++q)
      worst = std::max(worst, std::abs(eval::detail::dot(v, pairs.vectors.data() + q * n, n) - (p == q)));
  }
  return worst;
}

void check_eigenpairs(const std::vector<double>& values, std::int64_t k) {
  const std::int64_t n = std::ssize(values);
  CAPTURE(n);
  CAPTURE(k);
  const Double m = with_eigenvalues(values, 7);
  Double work = m.clone();
  const eval::Eigenpairs pairs = eval::largest_eigenpairs(work, k);
  std::vector<double> sorted = values;
  std::sort(sorted.rbegin(), sorted.rend());
  for (std::int64_t i = 0; i < k; ++i) CHECK(std::abs(pairs.values[i] - sorted[i]) < 1e-12 * double(n + 9));
  CHECK(worst_error(m, pairs) < 1e-12 * double(n + 9));
}

}  // namespace

TEST_CASE("eigenpairs fit their matrix, which has the eigenvalues that it was made of") {
  for (const std::int64_t n : {1, 2, 3, 5, 31, 64, 100}) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < n; ++i) values.push_back(std::sin(3.0 * double(i)) * double(1 + i % 5));
    check_eigenpairs(values, n);
    check_eigenpairs(values, (n + 2) / 3);
  }
}

TEST_CASE("equal eigenvalues have vectors at right angles") {
  check_eigenpairs({2, 2, 2, 1, 1, 0, 0, 0, -1}, 9);
  check_eigenpairs({1, 1, 1, 1}, 4);
  check_eigenpairs({0, 0, 0}, 3);
  check_eigenpairs({1, 1e-3, 1e-6, 1e-9, 1e-12, 0}, 6);
  check_eigenpairs({1, 1 + 1e-13, 1 - 1e-13, 1 + 3e-12, 0.5}, 5);
  // Uncoupled blocks: a diagonal, and the identity.
  Double diagonal = Double::zeros({5, 5});
  for (int i = 0; i < 5; ++i) diagonal.data()[6 * i] = i % 2;
  const Double m = diagonal.clone();
  const eval::Eigenpairs pairs = eval::largest_eigenpairs(diagonal, 5);
  CHECK(worst_error(m, pairs) < 1e-14);
  CHECK(pairs.values == std::vector<double>{1, 1, 0, 0, 0});
}

TEST_CASE("eigenpairs of what is no symmetric matrix are refused") {
  Double wide = Double::zeros({2, 3}), small = Double::zeros({2, 2});
  CHECK_THROWS_WITH_AS(eval::largest_eigenpairs(wide, 1), doctest::Contains("is not square"), Error);
  CHECK_THROWS_AS(eval::largest_eigenpairs(small, 0), Error);
  CHECK_THROWS_AS(eval::largest_eigenpairs(small, 3), Error);
  small.data()[2] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(eval::largest_eigenpairs(small, 1), "eigenpairs: entry (1, 0) of m is not finite",
                       Error);
}

TEST_CASE("the components of points on an ellipse are its axes") {
  // Four points at the ends of the axes of lengths 10 and 5 along (0.6, 0.8) and (0.8, -0.6), about (100, 7).
  const float points[] = {106, 15, 94, -1, 104, 4, 96, 10};
  const Pca pca(Matrix::from({4, 2}, points), 2);
  CHECK(pca.mean()[0] == 100);
  CHECK(pca.mean()[1] == 7);
  CHECK(pca.variance()[0] == Approx(200.0 / 3));
  CHECK(pca.variance()[1] == Approx(50.0 / 3));
  CHECK(pca.shares()[0] == Approx(0.8));
  const double expected[] = {0.6, 0.8, 0.8, -0.6};
  for (int i = 0; i < 4; ++i) CHECK(pca.components().data()[i] == Approx(expected[i]));
  const Matrix y = pca(Matrix::from({4, 2}, points));
  const float projected[] = {10, 0, -10, 0, 0, 5, 0, -5};
  for (int i = 0; i < 8; ++i) CHECK(y.data()[i] == Approx(projected[i]));
}

TEST_CASE("covariance and inner products give the same components") {
  // 30 rows of 20 features, and the same rows with 20 features more that are constant.
  const Matrix narrow = test::normal_matrix(30, 20, 3), wide = test::matrix(30, 40, [&](auto r, auto c) {
                                                          return c < 20 ? narrow.data()[r * 20 + c] : 5.0F;
                                                        });
  const Pca a(narrow, 20), b(wide, 25);
  for (std::int64_t k = 0; k < 20; ++k) {
    CHECK(a.variance()[k] == Approx(b.variance()[k]));
    for (std::int64_t c = 0; c < 20; ++c)
      CHECK(std::abs(a.components().data()[k * 20 + c] - b.components().data()[k * 40 + c]) < 1e-9);
  }
  for (std::int64_t k = 20; k < 25; ++k) {
    CHECK(b.variance()[k] == 0);
    for (std::int64_t c = 0; c < 40; ++c) CHECK(b.components().data()[k * 40 + c] == 0);
  }
}

TEST_CASE("all components keep the distances of rows, and their variances are those of the projections") {
  const Matrix x = test::normal_matrix(200, 9, 21);
  const Pca pca(x, 9);
  const Matrix y = pca(x);
  double total = 0;
  for (const double share : pca.shares()) total += share;
  CHECK(total == Approx(1));
  const auto square = [](const Matrix& m, std::int64_t i, std::int64_t j) {
    double sum = 0;
    for (std::int64_t c = 0; c < m.dim(1); ++c) {
      const double apart = m.data()[i * m.dim(1) + c] - m.data()[j * m.dim(1) + c];
      sum += apart * apart;
    }
    return sum;
  };
  for (std::int64_t i = 1; i < 200; ++i) CHECK(square(x, 0, i) == Approx(square(y, 0, i)).epsilon(1e-5));
  for (std::int64_t k = 0; k < 9; ++k) {
    double sum = 0;
    for (std::int64_t i = 0; i < 200; ++i)
      sum += static_cast<double>(y.data()[i * 9 + k]) * y.data()[i * 9 + k];
    CHECK(sum / 199 == Approx(pca.variance()[k]).epsilon(1e-5));
  }
}

TEST_CASE("components do not depend on the number of threads") {
  const Matrix x = test::normal_matrix(150, 300, 4);
  const auto results = test::with_each_pool([&] {
    const Matrix y = Pca(x, 5)(x);
    return std::vector<float>(y.span().begin(), y.span().end());
  });
  for (const auto& result : results) CHECK(result == results[0]);
}

TEST_CASE("components of too few rows, too many, or of no numbers are refused") {
  Matrix x = test::normal_matrix(4, 3, 1);
  CHECK_THROWS_WITH_AS(Pca(x, 4), doctest::Contains("there are 1 to min(rows - 1, features), here 3"), Error);
  CHECK_THROWS_AS(Pca(x, 0), Error);
  CHECK_THROWS_AS(Pca(x.rows(0, 1), 1), Error);
  CHECK_THROWS_AS(Pca(x.rows(0, 0), 1), Error);
  CHECK_THROWS_WITH_AS(Pca(x, 1)(test::normal_matrix(2, 4, 1)), doctest::Contains("but 3 were measured"),
                       Error);
  CHECK(Pca(x, 2)(x.rows(0, 0)).shape() == Shape{0, 2});
  x.data()[5] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH_AS(Pca(x, 1), doctest::Contains("not finite"), Error);
  const Matrix same = Matrix::full({5, 3}, 2);
  CHECK(Pca(same, 3).variance()[0] == 0);
  for (const float value : Pca(same, 3)(same).span()) CHECK(value == 0);
}
