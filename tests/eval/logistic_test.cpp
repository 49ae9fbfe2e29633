// SPDX-License-Identifier: MIT
#include "pretext/eval/logistic.hpp"

#include <Eigen/Cholesky>

#include "eval_data.hpp"

namespace {

using namespace pretext;
using Moment = Tensor<float, Cpu>;
using SoftmaxLoss = eval::SoftmaxLoss<float>;
using eval::Vector;
using test::Matrix;

/// Where the number of steps is looked at, rounding must not add to them.
Tensor<double, Cpu> doubles(const Matrix& x) {
  Tensor<double, Cpu> result(x.shape());
  std::ranges::copy(x.span(), result.span().begin());
  return result;
}

/// A point as Eigen sees it.
Eigen::Map<const Eigen::VectorXd> mapped(const Vector& v) {
  return {v.data(), static_cast<Eigen::Index>(v.size())};
}

Vector sized(std::int64_t size, double value = 0) { return Vector(static_cast<std::size_t>(size), value); }

/// The loss as plain loops in double, with its gradient and Hessian.
struct NaiveLoss {
  const Matrix& x;
  const std::vector<int>& labels;
  int classes;
  double l2;

  Eigen::Index index(int c, std::int64_t i) const {  // i == dims is the bias
    return i == x.dim(1) ? classes * x.dim(1) + c : c * x.dim(1) + i;
  }
  double feature(std::int64_t r, std::int64_t i) const {
    return i == x.dim(1) ? 1 : static_cast<double>(x.data()[r * x.dim(1) + i]);
  }

  double operator()(const Eigen::VectorXd& w, Eigen::VectorXd& gradient, Eigen::MatrixXd& hessian) const {
    const std::int64_t n = x.dim(0), d = x.dim(1);
    double loss = 0;
    gradient = Eigen::VectorXd::Zero(w.size());
    hessian = Eigen::MatrixXd::Zero(w.size(), w.size());
    for (std::int64_t r = 0; r < n; ++r) {
      std::vector<double> p(static_cast<std::size_t>(classes));
      double total = 0;
      for (int c = 0; c < classes; ++c) {
        double score = 0;
        for (std::int64_t i = 0; i <= d; ++i) score += w[index(c, i)] * feature(r, i);
        total += p[static_cast<std::size_t>(c)] = std::exp(score);
      }
      for (double& value : p) value /= total;
      loss -= std::log(p[static_cast<std::size_t>(labels[static_cast<std::size_t>(r)])]) / double(n);
      for (int a = 0; a < classes; ++a)
        for (std::int64_t i = 0; i <= d; ++i) {
          const double pa = p[static_cast<std::size_t>(a)];
          gradient[index(a, i)] +=
              (pa - (labels[static_cast<std::size_t>(r)] == a)) * feature(r, i) / double(n);
          for (int b = 0; b < classes; ++b)
            for (std::int64_t j = 0; j <= d; ++j)
              hessian(index(a, i), index(b, j)) += pa * ((a == b) - p[static_cast<std::size_t>(b)]) *
                                                   feature(r, i) * feature(r, j) / double(n);
        }
    }
    for (Eigen::Index i = 0; i < classes * d; ++i) {
      loss += 0.5 * l2 * w[i] * w[i];
      gradient[i] += l2 * w[i];
      hessian(i, i) += l2;
    }
    return loss;
  }

  double value(const Eigen::VectorXd& w) const {
    Eigen::VectorXd g;
    Eigen::MatrixXd h;
    return (*this)(w, g, h);
  }

  /// The minimum, by damped Newton steps.
  double minimum() const {
    Eigen::VectorXd w = Eigen::VectorXd::Zero(classes * (x.dim(1) + 1)), g, g2;
    Eigen::MatrixXd h, h2;
    double best = (*this)(w, g, h);
    for (int i = 0; i < 100 && g.norm() > 1e-12; ++i) {
      h.diagonal().array() += 1e-9;  // a constant added to all biases changes nothing
      const Eigen::VectorXd step = h.ldlt().solve(g);
      double t = 1;
      while (t > 1e-10 && !((*this)(w - t * step, g2, h2) <= best)) t /= 2;
      w -= t * step;
      best = (*this)(w, g, h);
    }
    return best;
  }
};

/// The largest difference between the gradient and five-point differences, relative to the largest slope.
template <class T>
double gradient_error(std::int64_t rows, double step) {
  // Whole features and coordinates that are multiples of the step make every score exact, in float too.
  const Matrix whole = test::whole_matrix(rows, 5, 2, 3);
  Tensor<T, Cpu> x(whole.shape());
  std::ranges::copy(whole.span(), x.span().begin());
  const std::vector<int> labels = test::drawn_labels(rows, 3, 5);
  const eval::SoftmaxLoss<T> loss(x, labels, 3, 0.25);
  Vector point = sized(loss.parameters()), gradient, ignored;
  Rng rng(9, Use::test);
  for (double& value : point) value = (static_cast<double>(rng.below(65)) - 32) / 64;
  loss(point, gradient);
  double worst = 0;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const auto at = [&](double offset) {
      Vector moved = point;
      moved[i] += offset;
      return loss(moved, ignored);
    };
    const double numeric = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    worst = std::max(worst, std::abs(gradient[i] - numeric));
  }
  return worst / mapped(gradient).cwiseAbs().maxCoeff();
}

TEST_CASE("the gradient agrees with finite differences in every coordinate") {
  for (const std::int64_t rows : {1, 63, 64, 130, 700}) {
    CHECK(gradient_error<double>(rows, 1.0 / 1024) < 1e-8);
    CHECK(gradient_error<float>(rows, 1.0 / 64) < 1e-5);
  }
}

TEST_CASE("the loss is what plain loops in double compute") {
  const Matrix x = test::normal_matrix(333, 17, 1);
  const std::vector<int> labels = test::drawn_labels(333, 4, 2);
  const NaiveLoss naive{x, labels, 4, 0.1};
  const SoftmaxLoss loss(x, labels, 4, 0.1);
  Vector point = sized(loss.parameters()), gradient;
  Rng rng(3, Use::test);
  for (double& value : point) value = rng.normal();
  Eigen::VectorXd expected;
  Eigen::MatrixXd hessian;
  CHECK(loss(point, gradient) == doctest::Approx(naive(mapped(point), expected, hessian)).epsilon(1e-6));
  CHECK((mapped(gradient) - expected).norm() < 1e-6 * expected.norm());
}

TEST_CASE("scores of a thousand overflow nothing") {
  const Matrix x = Matrix::from({2, 1}, std::vector<float>{1, -1});
  const std::vector<int> labels{0, 1};
  const SoftmaxLoss loss(x, labels, 2, 0);
  Vector point{-1000, 1000, 0, 0}, gradient;
  CHECK(loss(point, gradient) == 2000);
  CHECK(mapped(gradient).allFinite());
  point = {1000, -1000, 0, 0};
  CHECK(loss(point, gradient) == 0);
}

TEST_CASE("L-BFGS finds the minimum that Newton's method finds in double") {
  struct Problem {
    std::int64_t rows, dims;
    int classes;
    double l2;
  };
  for (const Problem& p : {Problem{80, 6, 3, 1e-2}, Problem{200, 4, 2, 1e-4}, Problem{30, 50, 3, 1e-3},
                           Problem{65, 1, 5, 1e-1}, Problem{150, 8, 4, 1e-6}}) {
    CAPTURE(p.rows);
    auto f = test::clusters(p.rows, p.dims, static_cast<std::uint32_t>(p.classes), 2.5, 7);
    const double least = NaiveLoss{f.x, f.labels, p.classes, p.l2}.minimum();
    const auto gap = [&]<class T>(const Tensor<T, Cpu>& x, const Tensor<T, Cpu>& moment) {
      const eval::LbfgsOptions options{.max_iterations = 3000, .decrease_tolerance = 1e-12};
      const eval::Logistic fit = eval::fit_lbfgs(x, f.labels, p.classes, p.l2, moment, options);
      CHECK(fit.converged);
      CHECK(fit.loss == doctest::Approx(least).epsilon(1e-5));
      return NaiveLoss{f.x, f.labels, p.classes, p.l2}.value(mapped(fit.parameters)) - least;
    };
    const auto x = doubles(f.x);
    CHECK(gap(x, {}) <= 1e-8 * least);
    CHECK(gap(x, eval::second_moment(x)) <= 1e-8 * least);
    // Where hardly a row is wrong, the rounding of float is not small against the loss.
    CHECK(gap(f.x, {}) <= 1e-6 * std::max(0.01, least));
    CHECK(gap(f.x, eval::second_moment(f.x)) <= 1e-6 * std::max(0.01, least));
  }
}

TEST_CASE("the curvature is the Hessian over the weights of one class at weight 0") {
  const Matrix x = test::normal_matrix(25, 7, 1);  // few enough that all are measured
  const eval::Curvature<float> curvature(eval::second_moment(x), 3, 0.01);
  Vector gradient(24);
  for (std::size_t i = 0; i < 24; ++i) gradient[i] = 0.1 * static_cast<double>(i) - 1;
  const Vector step = curvature(gradient);
  // Multiplied back by (x^T x / N / 3 + 0.01), row by row.
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 7; ++i) {
      double product = 0.01 * step[c * 7 + i];
      for (std::size_t j = 0; j < 7; ++j)
        for (std::size_t r = 0; r < 25; ++r)
          product += static_cast<double>(x.data()[r * 7 + i] * x.data()[r * 7 + j]) * step[c * 7 + j] / 75;
      CHECK(product == doctest::Approx(gradient[c * 7 + i]).epsilon(1e-5));
    }
    CHECK(step[21 + c] == doctest::Approx(3 * gradient[21 + c]));
  }
  CHECK(eval::Curvature<float>({}, 3, 0.01)(gradient) == gradient);
}

TEST_CASE("features that say the same have a curvature all the same") {
  const Matrix x = test::matrix(50, 40, [](std::int64_t r, auto) { return r % 5 - 2; });
  const Vector step = eval::Curvature<float>(eval::second_moment(x), 2, 0)(sized(82, 1));
  CHECK(mapped(step).allFinite());
  CHECK(mapped(step).head(80).sum() > 0);
  const Matrix broken = Matrix::full({50, 3}, std::numeric_limits<float>::quiet_NaN());
  CHECK(eval::Curvature<float>(eval::second_moment(broken), 2, 0)(sized(8, 1)) == sized(8, 1));
}

TEST_CASE("correlated features take far fewer steps with their moment known") {
  const Matrix base = test::normal_matrix(400, 30, 1), own = test::normal_matrix(400, 30, 2);
  const auto x = doubles(test::matrix(400, 30, [&](std::int64_t r, std::int64_t c) {
    return base.data()[r * 30] + 0.03 * own.data()[r * 30 + c];
  }));
  const std::vector<int> labels = test::drawn_labels(400, 3, 3);
  const auto plain = eval::fit_lbfgs(x, labels, 3, 1e-4, {}, {.max_iterations = 2000});
  const auto fast = eval::fit_lbfgs(x, labels, 3, 1e-4, eval::second_moment(x), {.max_iterations = 2000});
  CHECK(fast.loss == doctest::Approx(plain.loss).epsilon(1e-5));
  CHECK(5 * fast.iterations < plain.iterations);
}

TEST_CASE("the second moment is x^T x / N in every entry of its lower triangle") {
  for (const std::int64_t dims : {1, 3, 300}) {
    const Matrix x = test::whole_matrix(2 * dims + 1, dims, 3, 1);
    const Moment moment = eval::second_moment(x);
    double worst = 0;
    for (std::int64_t j = 0; j < dims; ++j)
      for (std::int64_t i = j; i < dims; ++i) {
        double sum = 0;
        for (std::int64_t r = 0; r < x.dim(0); ++r)
          sum += static_cast<double>(x.data()[r * dims + i] * x.data()[r * dims + j]);
        worst = std::max(worst, std::abs(moment.data()[i * dims + j] - sum / static_cast<double>(x.dim(0))));
      }
    CHECK(worst < 1e-5);
  }
}

TEST_CASE("a problem without a minimum ends, and its rows are told apart") {
  const auto f = test::clusters(60, 20, 3, 0.01, 1);
  const auto fit = eval::fit_lbfgs(f.x, f.labels, 3, 0, eval::second_moment(f.x));
  CHECK(fit.loss < 1e-3);
  CHECK(fit.predict(f.x) == f.labels);
}

TEST_CASE("a class that no row has is never predicted") {
  const auto f = test::clusters(90, 5, 3, 0.5, 1);
  const auto fit = eval::fit_lbfgs(f.x, f.labels, 5, 1e-3, eval::second_moment(f.x));
  CHECK(std::isfinite(fit.loss));
  for (const int label : fit.predict(test::normal_matrix(500, 5, 2))) CHECK(label < 3);
}

TEST_CASE("features that are all zero leave the frequencies of the classes") {
  const std::vector<int> labels{0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0};
  const auto fit =
      eval::fit_lbfgs(Matrix::zeros({12, 3}), labels, 2, 1e-3, eval::second_moment(Matrix::zeros({12, 3})));
  CHECK(fit.loss == doctest::Approx(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)).epsilon(1e-6));
  CHECK(mapped(fit.parameters).head(6).norm() == 0);
}

TEST_CASE("rows given twice give the same fit as rows given once") {
  const auto f = test::clusters(70, 4, 3, 2, 1);
  const Matrix twice =
      test::matrix(140, 4, [&](std::int64_t r, std::int64_t c) { return f.x.data()[r % 70 * 4 + c]; });
  std::vector<int> labels = f.labels;
  labels.insert(labels.end(), f.labels.begin(), f.labels.end());
  const eval::LbfgsOptions exact{.gradient_tolerance = 1e-9, .decrease_tolerance = 1e-13};
  const auto once = eval::fit_lbfgs(f.x, f.labels, 3, 1e-2, eval::second_moment(f.x), exact);
  const auto both = eval::fit_lbfgs(twice, labels, 3, 1e-2, eval::second_moment(f.x), exact);
  CHECK((mapped(once.parameters).head(12) - mapped(both.parameters).head(12)).norm() < 1e-3);
  CHECK(once.loss == doctest::Approx(both.loss).epsilon(1e-6));
}

TEST_CASE("one class, and one row, are fitted without a complaint") {
  const std::vector<int> zeros(5, 0), one{1};
  CHECK(eval::fit_lbfgs(test::normal_matrix(5, 2, 1), zeros, 1, 1e-3, {}).loss == 0);
  const auto fit = eval::fit_lbfgs(test::normal_matrix(1, 2, 1), one, 2, 1e-3, {});
  CHECK(fit.predict(test::normal_matrix(1, 2, 1)) == one);
}

TEST_CASE("a start at the minimum is kept") {
  const auto f = test::clusters(100, 5, 3, 2, 1);
  const auto x = doubles(f.x);
  const auto moment = eval::second_moment(x);
  const auto cold = eval::fit_lbfgs(x, f.labels, 3, 1e-2, moment);
  const auto warm = eval::fit_lbfgs(x, f.labels, 3, 1e-2, moment, {}, cold.parameters);
  CHECK(warm.iterations <= 5);
  CHECK(cold.iterations > 5);
  CHECK(warm.loss == doctest::Approx(cold.loss).epsilon(1e-7));
}

TEST_CASE("SGD comes near the minimum of the same loss") {
  const auto f = test::clusters(600, 10, 3, 2, 1);
  const double least = NaiveLoss{f.x, f.labels, 3, 1e-2}.minimum();
  const auto fit = eval::fit_sgd(f.x, f.labels, 3, 1e-2, {.lr = 0.02, .batch = 64, .epochs = 60});
  CHECK(fit.loss - least < 1e-3 * least);
  CHECK(fit.loss > least);
  CHECK(fit.iterations == 60 * 9);
}

TEST_CASE("SGD draws its order from the seed and takes a batch larger than the data") {
  const auto f = test::clusters(100, 3, 3, 2, 1);
  const auto fit = [&](std::uint64_t seed, std::int64_t batch) {
    return eval::fit_sgd(f.x, f.labels, 3, 1e-2, {.batch = batch, .epochs = 2, .seed = seed}).parameters;
  };
  CHECK(fit(1, 32) == fit(1, 32));
  CHECK(fit(1, 32) != fit(2, 32));
  CHECK(fit(1, 1000) == fit(1, 100));
}

TEST_CASE("fits have the same bits for any number of threads") {
  const auto f = test::clusters(3000, 33, 5, 3, 1);
  for (const bool with_moment : {false, true}) {
    const auto results = test::with_each_pool([&] {
      const Moment moment = with_moment ? eval::second_moment(f.x) : Moment();
      return eval::fit_lbfgs(f.x, f.labels, 5, 1e-3, moment, {.max_iterations = 20}).parameters;
    });
    for (const Vector& result : results) CHECK(result == results[0]);
  }
  const auto results = test::with_each_pool(
      [&] { return eval::fit_sgd(f.x, f.labels, 5, 1e-3, {.batch = 500, .epochs = 2}).parameters; });
  for (const Vector& result : results) CHECK(result == results[0]);
}

TEST_CASE("labels and features that do not go together are refused") {
  const Matrix x = test::normal_matrix(4, 2, 1);
  const auto fit = [&](const Matrix& features, std::vector<int> labels, int classes, double l2 = 0.1) {
    return eval::fit_lbfgs(features, labels, classes, l2, {});
  };
  CHECK_THROWS_WITH_AS(fit(x, {0, 1, 2, 0}, 2), doctest::Contains("label 2 is not one of the 2 classes"),
                       Error);
  CHECK_THROWS_WITH_AS(fit(x, {0, -1, 1, 0}, 2), doctest::Contains("label -1"), Error);
  CHECK_THROWS_WITH_AS(fit(x, {0, 1}, 2), doctest::Contains("4 rows, but 2 labels"), Error);
  CHECK_THROWS_WITH_AS(fit(Matrix({0, 2}), {}, 2), doctest::Contains("no rows"), Error);
  CHECK_THROWS_WITH_AS(fit(Matrix({4, 0}), {0, 1, 1, 0}, 2), doctest::Contains("has no features"), Error);
  CHECK_THROWS_AS(fit(x, {0, 0, 0, 0}, 0), Error);
  CHECK_THROWS_AS(fit(x, {0, 1, 1, 0}, 2, -1), Error);
  CHECK_THROWS_AS(fit(Matrix(), {}, 2), Error);
  CHECK_THROWS_AS(eval::fit_lbfgs(x, std::vector{0, 1, 1, 0}, 2, 0.1, Moment::zeros({3, 3})), Error);
  CHECK_THROWS_AS(eval::fit_sgd(x, std::vector{0, 1, 1, 0}, 2, 0.1, {.lr = 0}), Error);
  test::Matrix broken = x.clone();
  broken.data()[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(fit(broken, {0, 1, 1, 0}, 2), doctest::Contains("the value at the start is"), Error);
}

}  // namespace
