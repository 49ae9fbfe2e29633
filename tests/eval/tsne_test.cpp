// SPDX-License-Identifier: MIT
#include "pretext/eval/tsne.hpp"

#include <limits>

#include "eval_data.hpp"

namespace {

using namespace pretext;
using doctest::Approx;
using eval::Affinities;
using eval::Point;
using eval::Tsne;
using test::Matrix;

std::vector<Point> drawn_points(std::int64_t n, std::uint64_t seed, double scale = 1) {
  Rng rng(seed, Use::test);
  std::vector<Point> points;
  for (std::int64_t i = 0; i < n; ++i) {
    const double x = rng.normal();
    points.push_back(Point{x, rng.normal()} * scale);
  }
  return points;
}

/// The part of points whose nearest other point has their label.
double purity(const Tsne& map, const std::vector<int>& labels) {
  const Point* y = reinterpret_cast<const Point*>(map.points.data());
  std::int64_t pure = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    std::size_t nearest = i == 0 ? 1 : 0;
    for (std::size_t j = 0; j < labels.size(); ++j)
      if (j != i && (y[i] - y[j]).square() < (y[i] - y[nearest]).square()) nearest = j;
    pure += labels[i] == labels[nearest] ? 1 : 0;
  }
  return static_cast<double>(pure) / static_cast<double>(labels.size());
}

double p_of(const Affinities& a, std::int64_t i, std::int64_t j) {
  for (std::int64_t e = a.start[i]; e < a.start[i + 1]; ++e)
    if (a.index[e] == j) return a.p[e];
  return 0;
}

}  // namespace

TEST_CASE("probabilities have the perplexity that was asked for") {
  for (const double perplexity : {1.5, 5.0, 19.0})
    for (const double scale : {1e-12, 1.0, 1e12}) {
      std::vector<double> p;
      for (int i = 0; i < 20; ++i) p.push_back(scale * (3 + 0.5 * i * i));
      eval::detail::calibrate(p, perplexity);
      double sum = 0, entropy = 0;
      for (const double value : p) {
        sum += value;
        if (value > 0) entropy -= value * std::log(value);
      }
      CHECK(sum == Approx(1));
      CHECK(std::exp(entropy) == Approx(perplexity).epsilon(1e-6));
    }
  std::vector<double> same(4, 2.5);
  eval::detail::calibrate(same, 2);
  CHECK(same == std::vector<double>(4, 0.25));
}

TEST_CASE("affinities are symmetric, sum to 1, and leave out who is far") {
  const Matrix x = test::normal_matrix(50, 3, 8);
  for (const std::int64_t k : {9, 30, 49}) {
    const Affinities a = eval::affinities(x, 3, k);
    REQUIRE(a.rows() == 50);
    double sum = 0;
    for (const double p : a.p) sum += p;
    CHECK(sum == Approx(1));
    for (std::int64_t i = 0; i < 50; ++i) {
      CHECK(p_of(a, i, i) == 0);
      CHECK(a.start[i + 1] - a.start[i] >= k);
      for (std::int64_t j = 0; j < 50; ++j) CHECK(p_of(a, i, j) == Approx(p_of(a, j, i)));
    }
  }
  // Three rows on a line: with one neighbour each, the middle one has both.
  const float line[] = {0, 1, 3};
  const Affinities a = eval::affinities(Matrix::from({3, 1}, line), 1, 1);
  CHECK(p_of(a, 0, 1) == Approx(2.0 / 6));
  CHECK(p_of(a, 1, 2) == Approx(1.0 / 6));
  CHECK(p_of(a, 0, 2) == 0);
}

TEST_CASE("rows in one place have each other as neighbours, never themselves") {
  const Affinities a = eval::affinities(Matrix::full({12, 2}, 3), 2, 4);
  for (std::int64_t i = 0; i < 12; ++i) {
    CHECK(p_of(a, i, i) == 0);
    CHECK(a.start[i + 1] - a.start[i] >= 4);
  }
  CHECK_THROWS_AS(eval::affinities(Matrix::full({12, 2}, 3), 2, 12), Error);
  CHECK_THROWS_AS(eval::affinities(Matrix::full({12, 2}, 3), 5, 4), Error);
}

TEST_CASE("a tree shows every point once, alone where it is near") {
  std::vector<Point> points = drawn_points(300, 5);
  for (int i = 0; i < 5; ++i) points.push_back(points[7]);  // in one place
  const eval::QuadTree tree(points);
  for (const double theta : {1e-9, 0.3, 0.7}) {
    double groups = 0, count = 0;
    Point sum, expected;
    for (const Point& p : points) expected = expected + p;
    tree.visit(points[3], theta, [&](Point mean, double n) {
      ++groups;
      count += n;
      sum = sum + mean * n;
      if (n > 1 && theta < 1e-6) CHECK((mean - points[7]).square() < 1e-24);
    });
    CHECK(count == 305);
    CHECK(sum.x == Approx(expected.x));
    CHECK(sum.y == Approx(expected.y));
    CHECK((theta < 1e-6 ? groups == 300 : groups < 300));
  }
  int calls = 0;
  eval::QuadTree(Span<const Point>()).visit({}, 0.5, [&](Point, double) { ++calls; });
  CHECK(calls == 0);
  const Point one[] = {{2, 3}};
  eval::QuadTree(one).visit({}, 0.5, [&](Point mean, double n) { calls += mean.x == 2 && n == 1 ? 1 : 0; });
  CHECK(calls == 1);
}

TEST_CASE("the forces of Barnes and Hut are near those of all pairs") {
  const std::vector<Point> y = drawn_points(400, 6, 10);
  std::vector<eval::detail::Repulsion> exact(400), near(400), nearer(400);
  eval::detail::repel(y, 0, exact);
  eval::detail::repel(y, 0.5, near);
  eval::detail::repel(y, 1e-9, nearer);
  double sum = 0, error = 0, size = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    CHECK(near[i].sum == Approx(exact[i].sum).epsilon(0.05));
    CHECK(nearer[i].sum == Approx(exact[i].sum).epsilon(1e-9));
    sum += std::abs(nearer[i].force.x - exact[i].force.x) + std::abs(nearer[i].force.y - exact[i].force.y);
    error += (near[i].force - exact[i].force).square();
    size += exact[i].force.square();
  }
  CHECK(sum < 1e-9);
  CHECK(std::sqrt(error / size) < 0.02);
}

TEST_CASE("the descent goes down the gradient of the divergence") {
  const Matrix x = test::normal_matrix(12, 4, 9);
  const Affinities p = eval::affinities(x, 3, 11);
  const std::vector<Point> start = drawn_points(12, 10);
  const auto kl = [&](std::size_t i, double dx, double dy) {
    std::vector<Point> y = start;
    y[i] = y[i] + Point{dx, dy};
    return eval::detail::TsneDescent(p, y, 0).divergence();
  };
  eval::detail::TsneDescent descent(p, start, 0);
  const double rate = 1e-3;
  descent.step(1, 0, rate);
  for (std::size_t i = 0; i < 12; ++i) {
    // The first step has the gain 0.8 * 1: nothing moved before.
    const Point moved = (descent.points()[i] - start[i]) * (-1 / (0.8 * rate));
    const double h = 1e-5;
    CHECK(std::abs(moved.x - (kl(i, h, 0) - kl(i, -h, 0)) / (2 * h)) < 1e-8);
    CHECK(std::abs(moved.y - (kl(i, 0, h) - kl(i, 0, -h)) / (2 * h)) < 1e-8);
  }
}

TEST_CASE("clusters stay together, and the divergence falls") {
  const eval::Features f = test::clusters(240, 10, 4, 0.3, 12);
  for (const std::int64_t exact : {1000, 0})
    for (const eval::TsneStart start : {eval::TsneStart::pca, eval::TsneStart::normal}) {
      CAPTURE(exact);
      eval::TsneOptions o{.perplexity = 20, .iterations = 0, .exact = exact, .start = start};
      const double before = eval::tsne(f.x, o).kl;
      o.iterations = 300;
      o.exaggerated = 100;
      const Tsne half = eval::tsne(f.x, o);
      o.iterations = 500;
      const Tsne whole = eval::tsne(f.x, o);
      CHECK(half.kl < 0.5 * before);
      CHECK(whole.kl <= half.kl + 1e-3);
      CHECK(purity(whole, f.labels) == 1);
    }
}

TEST_CASE("exact and approximate forces end at the same divergence") {
  const eval::Features f = test::clusters(300, 8, 5, 0.8, 13);
  eval::TsneOptions o{.perplexity = 15, .iterations = 600, .exact = 300};
  const double exact = eval::tsne(f.x, o).kl;
  o.exact = 0;
  CHECK(eval::tsne(f.x, o).kl == Approx(exact).epsilon(0.03));
}

TEST_CASE("a map is a function of its seed alone, not of the number of threads") {
  const Matrix x = test::normal_matrix(200, 5, 14);
  eval::TsneOptions o{.perplexity = 10, .iterations = 40, .exact = 0, .start = eval::TsneStart::normal};
  const auto points = [&] {
    const Tsne map = eval::tsne(x, o);
    return std::vector<double>(map.points.span().begin(), map.points.span().end());
  };
  const auto results = test::with_each_pool(points);
  for (const auto& result : results) CHECK(result == results[0]);
  o.seed = 1;
  CHECK(points() != results[0]);
}

TEST_CASE("points that lie together, few points and one feature are no trouble") {
  const Tsne same = eval::tsne(Matrix::full({8, 3}, 1), {.perplexity = 2, .iterations = 20});
  CHECK(same.kl == Approx(0).epsilon(1e-9));
  const float line[] = {0, 1, 2, 3};
  CHECK(std::isfinite(eval::tsne(Matrix::from({4, 1}, line), {.perplexity = 1, .iterations = 50}).kl));
  CHECK(std::isfinite(eval::tsne(Matrix::from({4, 1}, line), {.perplexity = 3, .iterations = 50}).kl));
}

TEST_CASE("a map of what cannot be mapped is refused") {
  Matrix x = test::normal_matrix(20, 3, 15);
  CHECK_THROWS_WITH_AS(eval::tsne(x), "t-SNE: a perplexity of 30 for 20 rows; expected 1 to 19", Error);
  CHECK_THROWS_AS(eval::tsne(x.rows(0, 3), {.perplexity = 1}), Error);
  CHECK_THROWS_WITH_AS(eval::tsne(x, {.perplexity = 5, .theta = 0.9}), doctest::Contains("at most 0.7"),
                       Error);
  CHECK_THROWS_AS(eval::tsne(x, {.perplexity = 5, .iterations = -1}), Error);
  CHECK_THROWS_AS(eval::tsne(x, {.perplexity = 5, .exaggeration = 0.5}), Error);
  CHECK_THROWS_WITH_AS(eval::tsne(x, {.perplexity = 5, .learning_rate = 1e300}),
                       doctest::Contains("give a lower one"), Error);
  x.data()[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(eval::tsne(x, {.perplexity = 5}), doctest::Contains("not finite"), Error);
}
