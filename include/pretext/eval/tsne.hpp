// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "pretext/eval/affinities.hpp"
#include "pretext/eval/pca.hpp"
#include "pretext/eval/quad_tree.hpp"

namespace pretext::eval {

/// Where the points of t-SNE lie at first, with a deviation of 1e-4: drawn from a normal distribution, or
/// along the first two principal components.
enum class TsneStart { normal, pca };

struct TsneOptions {
  double perplexity = 30;  ///< about how many neighbours a point has; below N / 3 or so
  std::int64_t iterations = 1000;
  double exaggeration = 12;        ///< of what attracts, at first, so that clusters form
  std::int64_t exaggerated = 250;  ///< iterations with it
  double learning_rate = 0;        ///< 0: N / exaggeration / 4, at least 50 (Belkina et al., 2019)
  double early_momentum = 0.5, momentum = 0.8;  ///< with exaggeration, and after it
  double theta = 0.5;        ///< of Barnes and Hut, to 0.7; beyond, a point would be seen in its own cell
  std::int64_t exact = 500;  ///< up to so many points everything is computed of all pairs
  TsneStart start = TsneStart::pca;
  std::uint64_t seed = 0;  ///< of a normal start
};

struct Tsne {
  Tensor<double, Cpu> points{};  ///< [N, 2]
  double kl = 0;                 ///< what was made small: the divergence of the points from the affinities
};

namespace detail {

/// What repels a point: the sum over the others of q^2 times the way from there, and that of q, where
/// q = 1 / (1 + distance^2). The point itself is among them and adds 1 to the second.
struct Repulsion {
  Point force{};
  double sum = -1;

  void add(Point apart, double count) {
    const double q = 1 / (1 + apart.square());
    sum += count * q;
    force = force + apart * (count * q * q);
  }
};

/// What repels each of the points, of all pairs.
inline void repel_by_pairs(Span<const Point> y, std::vector<Repulsion>& repulsions) {
  const std::int64_t n = std::ssize(y);
  std::vector<double> across, along;  // in arrays of their own, so that loops become vectors
  for (const Point& p : y) across.push_back(p.x), along.push_back(p.y);
  parallel_for(n, 64, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> q(y.size()), x(y.size()), up(y.size());
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        const double dx = across[i] - across[j], dy = along[i] - along[j];
        q[j] = 1 / (1 + dx * dx + dy * dy);
        x[j] = dx;
        up[j] = dy;
      }
      const auto sum = [&](auto&& f) { return cpu::sum_of<double>(n, f); };
      repulsions[i].sum = sum([&](std::int64_t j) { return q[j]; }) - 1;
      repulsions[i].force = {sum([&](std::int64_t j) { return q[j] * q[j] * x[j]; }),
                             sum([&](std::int64_t j) { return q[j] * q[j] * up[j]; })};
    }
  });
}

/// The same, where theta is not 0 of groups that are seen under less than it.
inline void repel(Span<const Point> y, double theta, std::vector<Repulsion>& repulsions) {
  if (theta == 0) return repel_by_pairs(y, repulsions);
  const QuadTree tree(y);
  parallel_for(std::ssize(y), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      Repulsion r;
      tree.visit(y[i], theta, [&](Point mean, double count) { r.add(y[i] - mean, count); });
      repulsions[i] = r;
    }
  });
}

/// The gradient descent of t-SNE.
class TsneDescent {
 public:
  TsneDescent(const Affinities& p, std::vector<Point> start, double theta)
      : p_(p),
        y_(std::move(start)),
        theta_(theta),
        repulsions_(y_.size()),
        velocity_(y_.size()),
        gain_(y_.size(), Point{1, 1}) {}

  /// One step down the gradient, with a rate for each coordinate that grows while it keeps its direction
  /// (Jacobs 1988).
  void step(double exaggeration, double momentum, double rate) {
    const double all = repel_all();
    parallel_for(p_.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Point attracted;
        for (std::int64_t e = p_.start[i]; e < p_.start[i + 1]; ++e) {
          const Point apart = y_[i] - y_[p_.index[e]];
          attracted = attracted + apart * (p_.p[e] / (1 + apart.square()));
        }
        const Point gradient = (attracted * exaggeration - repulsions_[i].force * (1 / all)) * 4;
        move(gradient.x, momentum, rate, gain_[i].x, velocity_[i].x);
        move(gradient.y, momentum, rate, gain_[i].y, velocity_[i].y);
      }
    });
    for (std::size_t i = 0; i < y_.size(); ++i) y_[i] = y_[i] + velocity_[i];
  }

  /// sum p log(p / q), q normalised over all pairs.
  double divergence() {
    const double all = repel_all();
    double kl = 0;
    for (std::int64_t i = 0; i < p_.rows(); ++i)
      for (std::int64_t e = p_.start[i]; e < p_.start[i + 1]; ++e)
        if (p_.p[e] > 0) kl += p_.p[e] * std::log(p_.p[e] * all * (1 + (y_[i] - y_[p_.index[e]]).square()));
    return kl;
  }

  const std::vector<Point>& points() const { return y_; }

 private:
  /// The sum of q over all pairs.
  double repel_all() {
    repel(y_, theta_, repulsions_);
    double all = 0;
    for (const Repulsion& r : repulsions_) all += r.sum;
    return all;
  }

  static void move(double gradient, double momentum, double rate, double& gain, double& velocity) {
    gain = velocity * gradient < 0 ? gain + 0.2 : std::max(0.01, 0.8 * gain);
    velocity = momentum * velocity - rate * gain * gradient;
  }

  const Affinities& p_;
  std::vector<Point> y_;
  double theta_;
  std::vector<Repulsion> repulsions_;
  std::vector<Point> velocity_, gain_;
};

template <class T>
std::vector<Point> tsne_start(const Tensor<T, Cpu>& x, const TsneOptions& o) {
  const std::int64_t n = x.dim(0);
  std::vector<Point> start;
  if (o.start == TsneStart::normal) {
    Rng rng(o.seed, Use::probe);
    for (std::int64_t i = 0; i < n; ++i) {
      const double across = rng.normal();
      start.push_back(Point{across, rng.normal()} * 1e-4);
    }
    return start;
  }
  const Pca pca(x, std::min<std::int64_t>(2, x.dim(1)));
  const Tensor<T, Cpu> y = pca(x);
  const double deviation = std::sqrt(pca.variance()[0] * static_cast<double>(n - 1) / static_cast<double>(n));
  const double scale = deviation > 0 ? 1e-4 / deviation : 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const T* row = y.data() + i * y.dim(1);
    start.push_back(Point{row[0], y.dim(1) > 1 ? row[1] : T(0)} * scale);
  }
  return start;
}

inline void check(const TsneOptions& o, std::int64_t n) {
  require(n >= 4, "t-SNE: ", n, " rows; at least 4");
  require(o.perplexity >= 1 && o.perplexity <= static_cast<double>(n - 1), "t-SNE: a perplexity of ",
          o.perplexity, " for ", n, " rows; expected 1 to ", n - 1);
  require(o.iterations >= 0 && o.exaggerated >= 0, "t-SNE: ", o.iterations, " iterations, ", o.exaggerated,
          " of them exaggerated");
  require(o.exaggeration >= 1 && o.learning_rate >= 0, "t-SNE: an exaggeration of ", o.exaggeration,
          " and a learning rate of ", o.learning_rate, "; expected at least 1, and 0 or more");
  require(o.theta > 0 && o.theta <= 0.7, "t-SNE: theta must be above 0 and at most 0.7, not ", o.theta,
          "; for all pairs set `exact` to the number of rows");
}

}  // namespace detail

/// x [N, dims] in the plane, neighbours beside each other: t-SNE (van der Maaten and Hinton, JMLR 2008) with
/// the forces of Barnes and Hut above `exact` rows (van der Maaten, JMLR 2014), which has 3 * perplexity
/// neighbours a row. The same result for any number of threads.
template <class T>
Tsne tsne(const Tensor<T, Cpu>& x, const TsneOptions& o = {}) {
  ops::require_rank("t-SNE", "x", x, 2);
  const std::int64_t n = x.dim(0);
  detail::check(o, n);
  const bool exact = n <= o.exact;
  const auto near = static_cast<std::int64_t>(3 * o.perplexity) + 1;
  const Affinities p = affinities(x, o.perplexity, exact ? n - 1 : std::min(near, n - 1));
  const double rate =
      o.learning_rate > 0 ? o.learning_rate : std::max(static_cast<double>(n) / o.exaggeration / 4, 50.0);
  // Two descents, as the speeds and gains that suit exaggerated forces mislead the others.
  const double theta = exact ? 0 : o.theta;
  const std::int64_t early = std::min(o.exaggerated, o.iterations);
  detail::TsneDescent first(p, detail::tsne_start(x, o), theta);
  for (std::int64_t i = 0; i < early; ++i) first.step(o.exaggeration, o.early_momentum, rate);
  detail::TsneDescent descent(p, first.points(), theta);
  for (std::int64_t i = early; i < o.iterations; ++i) descent.step(1, o.momentum, rate);
  Tsne result{Tensor<double, Cpu>({n, 2}), descent.divergence()};
  require(std::isfinite(result.kl), "t-SNE: the points fly apart at a learning rate of ", rate,
          "; give a lower one");
  for (std::int64_t i = 0; i < n; ++i) {
    result.points.data()[2 * i] = descent.points()[i].x;
    result.points.data()[2 * i + 1] = descent.points()[i].y;
  }
  return result;
}

}  // namespace pretext::eval
