// SPDX-License-Identifier: MIT
#include "pretext/eval/lbfgs.hpp"

#include "support.hpp"

namespace {

using namespace pretext;
using eval::lbfgs;
using eval::Stop;
using eval::Vector;

/// sum of scale[i] (x[i] - i)^2 / 2 with scales from 1 to `condition`.
struct Bowl {
  std::size_t size;
  double condition;

  double operator()(const Vector& x, Vector& gradient) const {
    double value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const double scale = std::pow(condition, static_cast<double>(i) / static_cast<double>(size - 1));
      const double offset = x[i] - static_cast<double>(i);
      gradient[i] = scale * offset;
      value += 0.5 * scale * offset * offset;
    }
    return value;
  }
};

TEST_CASE("an ill-conditioned quadratic is minimised to its exact minimum") {
  Vector x = Vector(30);
  const auto report =
      lbfgs(Bowl{30, 1e4}, x, {.max_iterations = 2000, .gradient_tolerance = 1e-9, .decrease_tolerance = 0});
  CHECK(report.stop == Stop::gradient);
  CHECK(report.converged());
  CHECK(report.gradient <= 1e-9);
  for (std::size_t i = 0; i < 30; ++i) CHECK(x[i] == doctest::Approx(static_cast<double>(i)));
}

TEST_CASE("with the inverse Hessian as preconditioner the first step is Newton's") {
  Vector x = Vector(30);
  const auto divide = [](const Vector& gradient) {
    Vector step = gradient;
    for (std::size_t i = 0; i < 30; ++i) step[i] /= std::pow(1e4, static_cast<double>(i) / 29);
    return step;
  };
  const auto report = lbfgs(Bowl{30, 1e4}, x, {}, divide);
  CHECK(report.stop == Stop::gradient);
  CHECK(report.iterations == 1);
  CHECK(report.evaluations == 2);
}

TEST_CASE("a smooth convex function that is not quadratic is minimised") {
  // log(e^x + e^-x) + (y - x)^2 + e^z - z, minimum log 2 + 1 at 0
  const auto f = [](const Vector& p, Vector& g) {
    g[0] = std::tanh(p[0]) - 2 * (p[1] - p[0]);
    g[1] = 2 * (p[1] - p[0]);
    g[2] = std::exp(p[2]) - 1;
    return std::log(2 * std::cosh(p[0])) + (p[1] - p[0]) * (p[1] - p[0]) + std::exp(p[2]) - p[2];
  };
  Vector x{4, -5, 6};
  const auto report = lbfgs(f, x, {.gradient_tolerance = 1e-8, .decrease_tolerance = 0});
  CHECK(report.stop == Stop::gradient);
  CHECK(report.value == doctest::Approx(1 + std::log(2.0)));
  for (const double value : x) CHECK(std::abs(value) < 1e-7);
}

TEST_CASE("steps into a region without a value are taken back") {
  // x - log x is defined for x > 0 only; the first step from 0.01 jumps far.
  const auto f = [](const Vector& p, Vector& g) {
    g[0] = 1 - 1 / p[0];
    return p[0] - std::log(p[0]);
  };
  Vector x = {40};
  CHECK(lbfgs(f, x).converged());
  CHECK(x[0] == doctest::Approx(1).epsilon(1e-3));
  x[0] = 1e-3;
  CHECK(lbfgs(f, x).converged());
  CHECK(x[0] == doctest::Approx(1).epsilon(1e-3));
}

TEST_CASE("a function whose value is rounded to float still converges, and says why it stopped") {
  const Bowl bowl{10, 100};
  const auto rounded = [&](const Vector& x, Vector& g) {
    return static_cast<double>(static_cast<float>(bowl(x, g) + 1000));
  };
  Vector x = Vector(10);
  const auto report = lbfgs(rounded, x, {.gradient_tolerance = 0, .decrease_tolerance = 0});
  CHECK(report.converged());
  CHECK(report.gradient < 1e-2);
}

TEST_CASE("the number of iterations is kept, and 0 leaves the start where it is") {
  Vector x = Vector(30);
  const auto few = lbfgs(Bowl{30, 1e4}, x, {.max_iterations = 3});
  CHECK(few.stop == Stop::iterations);
  CHECK_FALSE(few.converged());
  CHECK(few.iterations == 3);
  Vector y(30, 1.0), g(30);
  const auto none = lbfgs(Bowl{30, 1e4}, y, {.max_iterations = 0});
  CHECK(none.iterations == 0);
  CHECK(none.value == Bowl{30, 1e4}(y, g));
  CHECK(y == Vector(30, 1.0));
}

TEST_CASE("a start at the minimum or without coordinates ends at once") {
  Vector x(30);
  for (std::size_t i = 0; i < 30; ++i) x[i] = static_cast<double>(i);
  CHECK(lbfgs(Bowl{30, 10}, x).evaluations == 1);
  Vector nothing(0);
  CHECK(lbfgs([](const Vector&, Vector&) { return 7.0; }, nothing).value == 7);
}

TEST_CASE("a start without a value is refused") {
  Vector x = Vector(1);
  const auto f = [](const Vector&, Vector& g) { return g[0] = std::nan(""); };
  CHECK_THROWS_WITH_AS(lbfgs(f, x), "lbfgs: the value at the start is nan", Error);
  CHECK_THROWS_AS(lbfgs(Bowl{30, 10}, x, {.history = 0}), Error);
}

TEST_CASE("a gradient that is not a number is no minimum") {
  Vector x{3, 1};
  const auto nowhere = [](const Vector&, Vector& g) {
    g[0] = 0;
    g[1] = std::nan("");
    return 1.0;
  };
  CHECK_THROWS_WITH_AS(lbfgs(nowhere, x), "lbfgs: the gradient at the start has a component of nan", Error);
  // Fine at the start alone.
  const auto alone = [](const Vector& p, Vector& g) {
    g[0] = p[0] == 3 ? 2 * p[0] : std::nan("");
    g[1] = 0;
    return p[0] * p[0];
  };
  CHECK_THROWS_WITH_AS(lbfgs(alone, x),
                       doctest::Contains("lbfgs: beside a point of value 9 the value is 9 and the slope nan"),
                       Error);
  CHECK(x == Vector{3, 1});
  // Without a slope beyond 1: such a step is taken back, and the minimum found.
  const auto half = [](const Vector& p, Vector& g) {
    g[0] = p[0] > 1 ? std::nan("") : 2 * (p[0] - 0.5);
    return (p[0] - 0.5) * (p[0] - 0.5);
  };
  Vector y{-0.3};
  CHECK(lbfgs(half, y, {}, [](const Vector& g) { return Vector{3 * g[0]}; }).converged());
  CHECK(y[0] == doctest::Approx(0.5));
}

TEST_CASE("a preconditioner that leads uphill is refused, and one that does so at times is forgotten") {
  Vector x(30);
  const auto uphill = [](const Vector& gradient) {
    Vector turned = gradient;
    for (double& value : turned) value = -value;
    return turned;
  };
  CHECK_THROWS_WITH_AS(lbfgs(Bowl{30, 10}, x, {}, uphill),
                       doctest::Contains("the preconditioner is not positive definite"), Error);
  // It changes from step to step, so that what is remembered of it leads uphill at times.
  int calls = 0;
  const auto moody = [&](const Vector& gradient) {
    Vector step = gradient;
    for (std::size_t i = 0; i < step.size(); i += 3) step[i] *= calls % 2 == 0 ? 1 : 100;
    ++calls;
    return step;
  };
  const auto report = lbfgs(Bowl{30, 10}, x, {.decrease_tolerance = 0}, moody);
  CHECK(report.stop == Stop::gradient);
  for (std::size_t i = 0; i < 30; ++i) CHECK(x[i] == doctest::Approx(static_cast<double>(i)));
}

}  // namespace
