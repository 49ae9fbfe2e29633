// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "pretext/cpu/gemm.hpp"
#include "pretext/eval/holdout.hpp"
#include "pretext/eval/lbfgs.hpp"

namespace pretext::eval {

/// One class against the rest, and what an error costs.
struct SvmProblem {
  int label = 0;               ///< of the rows on the positive side
  double cost = 1;             ///< C
  double positive_weight = 1;  ///< times `cost` is C of the positive side
};

struct SvmSearch {
  double tolerance = 1e-6;   ///< stop where the duality gap is at most this part of the objective
  int max_iterations = 100;  ///< Newton's steps
  int max_products = 1000;   ///< products with the Hessian in a step
};

/// A linear support vector machine, and how near it is to the best one.
struct Svm {
  Vector weight;                  ///< [dims]
  double objective = 0, gap = 0;  ///< the objective is above its minimum by no more than the gap
  int iterations = 0, products = 0;
  bool converged = false;
};

namespace detail {

/// A machine on its way to its minimum.
template <class T>
struct SvmState : Svm {
  SvmProblem problem{};
  Vector gradient{}, direction{}, residual{}, conjugate{}, image{};
  std::vector<T> score{}, along{}, change{};  // of each row: by the weights, the direction, the conjugate
  double squares = 0;                         // of the residual
  double enough = 0;                          // of which the direction is good

  double side(int label) const { return label == problem.label ? 1 : -1; }
  double cost(int label) const {
    return label == problem.label ? problem.cost * problem.positive_weight : problem.cost;
  }
  /// How far a row is inside its margin.
  double slack(int label, T at) const { return std::max(0.0, 1 - side(label) * at); }
};

/// Newton's method with conjugate gradients (Keerthi and DeCoste 2005) on many problems that share their
/// rows, so that a product with the rows serves all of them.
template <class T>
class SvmNewton {
 public:
  using State = SvmState<T>;

  SvmNewton(Tensor<T, Cpu> x, Span<const int> labels, const SvmSearch& search)
      : x_(std::move(x)), labels_(labels), search_(search) {}

  /// Goes from the weights that are there to the minima.
  void run(std::vector<State>& states) {
    for (State& s : states) live_.push_back(&s);
    while (!live_.empty()) {
      differentiate();
      drop(live_, [this](State& s) {
        s.converged = s.gap <= search_.tolerance * s.objective;
        return s.converged || s.iterations == search_.max_iterations;
      });
      find_directions();
      // What a step can still win is lost in rounding before the gap is gone.
      drop(live_, [this](State& s) {
        return s.converged = -0.5 * dot(s.gradient, s.direction) <= 1e-3 * search_.tolerance * s.objective;
      });
      each_live([this](State& s) { move(s); });
    }
  }

 private:
  static constexpr std::int64_t block = 64;  // rows that are read once for both products: they stay in cache

  template <class F>
  static void drop(std::vector<State*>& states, F&& done) {
    states.erase(std::remove_if(states.begin(), states.end(), [&](State* s) { return done(*s); }),
                 states.end());
  }

  template <class F>
  void each_live(const F& f) {
    parallel_for(std::ssize(live_), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) f(*live_[static_cast<std::size_t>(i)]);
    });
  }

  /// s.*to = the sum over all rows x of f(s, row, x . s.*from) x, for each of the states s.
  template <class F>
  void product(const std::vector<State*>& states, Vector State::*from, Vector State::*to, const F& f) const {
    const std::int64_t d = x_.dim(1), count = std::ssize(states), rows = x_.dim(0);
    const std::int64_t chunks = std::clamp<std::int64_t>((std::int64_t{1} << 26) / (count * d), 4, 32);
    const std::int64_t grain = std::max(block, (rows + chunks - 1) / chunks);
    Tensor<T, Cpu> v({count, d});
    for (std::int64_t p = 0; p < count; ++p)
      for (std::int64_t i = 0; i < d; ++i)
        v.data()[p * d + i] = static_cast<T>((states[static_cast<std::size_t>(p)]->*from)[i]);
    std::vector<Tensor<T, Cpu>> parts(static_cast<std::size_t>((rows - 1) / grain + 1));
    parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      parts[static_cast<std::size_t>(begin / grain)] = sum_rows(states, begin, end, v, f);
    });
    for (std::int64_t p = 0; p < count; ++p) {
      Vector& sum = states[static_cast<std::size_t>(p)]->*to;
      sum.assign(static_cast<std::size_t>(d), 0.0);
      for (const Tensor<T, Cpu>& part : parts)
        for (std::int64_t i = 0; i < d; ++i) sum[i] += part.data()[p * d + i];
    }
  }

  template <class F>
  Tensor<T, Cpu> sum_rows(const std::vector<State*>& states, std::int64_t begin, std::int64_t end,
                          const Tensor<T, Cpu>& v, const F& f) const {
    const std::int64_t d = x_.dim(1), count = v.dim(0);
    Tensor<T, Cpu> sum = Tensor<T, Cpu>::zeros({count, d}), scores({block, count});
    for (std::int64_t first = begin; first < end; first += block) {
      const std::int64_t n = std::min(block, end - first);
      const T* rows = x_.data() + first * d;
      cpu::gemm_nt<T>({rows, n, d, d}, {v.data(), count, d, d}, {scores.data(), n, count, count});
      T* score = scores.data();
      for (std::int64_t row = first; row < first + n; ++row)
        for (State* s : states) {
          *score = static_cast<T>(f(*s, static_cast<std::size_t>(row), *score));
          ++score;
        }
      cpu::gemm_tn<T>({scores.data(), n, count, count}, {rows, n, d, d}, {sum.data(), count, d, d}, true);
    }
    return sum;
  }

  /// With 2 C times the slacks as the dual variables the duality gap is half of the squared gradient.
  void differentiate() {
    product(live_, &State::weight, &State::gradient, [this](State& s, std::size_t row, T score) {
      const int label = labels_[row];
      s.score[row] = score;
      return -2 * s.cost(label) * s.side(label) * s.slack(label, score);
    });
    each_live([this](State& s) {
      add(s.gradient, 1, s.weight);
      s.gap = 0.5 * dot(s.gradient, s.gradient);
      s.objective =
          0.5 * dot(s.weight, s.weight) + cpu::sum_of<double>(std::ssize(s.score), [&](std::int64_t row) {
            const int label = labels_[static_cast<std::size_t>(row)];
            const double slack = s.slack(label, s.score[static_cast<std::size_t>(row)]);
            return s.cost(label) * slack * slack;
          });
      require(std::isfinite(s.objective + s.gap), "svm: the objective of class ", s.problem.label, " is ",
              s.objective, " and its gap ", s.gap, "; look at the features");
    });
  }

  /// direction = - (Hessian)^-1 gradient, to a tenth, by conjugate gradients; the Hessian is that of the rows
  /// inside their margins.
  void find_directions() {
    for (State* s : live_) {
      s->direction.assign(s->weight.size(), 0.0);
      s->along.assign(s->score.size(), T(0));
      s->residual = s->gradient;
      multiply(s->residual, -1);
      s->conjugate = s->residual;
      s->squares = 2 * s->gap;
      s->enough = 1e-2 * s->squares;
      ++s->iterations;
    }
    std::vector<State*> open = live_;
    for (int i = 0; i < search_.max_products && !open.empty(); ++i) {
      product(open, &State::conjugate, &State::image, [this](State& s, std::size_t row, T score) {
        const int label = labels_[row];
        s.change[row] = score;
        return s.slack(label, s.score[row]) > 0 ? 2 * s.cost(label) * score : 0.0;
      });
      drop(open, [](State& s) { return conjugate_step(s); });
    }
  }

  /// Returns whether the direction is good enough.
  static bool conjugate_step(State& s) {
    ++s.products;
    add(s.image, 1, s.conjugate);
    const double length = s.squares / dot(s.conjugate, s.image);
    add(s.direction, length, s.conjugate);
    add(s.residual, -length, s.image);
    for (std::size_t row = 0; row < s.along.size(); ++row)
      s.along[row] += static_cast<T>(length * s.change[row]);
    const double squares = dot(s.residual, s.residual), ratio = squares / s.squares;
    s.squares = squares;
    multiply(s.conjugate, ratio);
    add(s.conjugate, 1, s.residual);
    return squares <= s.enough;
  }

  /// Goes along the direction to where the objective, a parabola in pieces, is lowest: Newton's method on its
  /// slope, which rises, inside a bracket.
  void move(State& s) const {
    double low = 0, high = std::numeric_limits<double>::infinity(), length = 1;
    const double start = dot(s.gradient, s.direction);
    for (int trial = 0; trial < 60; ++trial) {
      double slope = dot(s.weight, s.direction), curvature = dot(s.direction, s.direction);
      slope += length * curvature;
      for (std::size_t row = 0; row < s.score.size(); ++row) {
        const int label = labels_[row];
        const double along = s.along[row];
        const double slack = 1 - s.side(label) * (s.score[row] + length * along);
        if (slack <= 0) continue;
        slope -= 2 * s.cost(label) * s.side(label) * slack * along;
        curvature += 2 * s.cost(label) * along * along;
      }
      if (std::abs(slope) <= -1e-3 * start) break;
      (slope > 0 ? high : low) = length;
      length -= slope / curvature;
      if (!(low < length && length < high)) length = std::isfinite(high) ? 0.5 * (low + high) : 2 * low;
    }
    add(s.weight, length, s.direction);
  }

  Tensor<T, Cpu> x_;
  Span<const int> labels_;
  SvmSearch search_;
  std::vector<State*> live_;
};

}  // namespace detail

/// The minimum over w [dims] of |w|^2 / 2 + sum of C_i max(0, 1 - y_i w . x_i)^2 over the rows x [N, dims],
/// for each problem: L2-regularised, squared hinge, as LIBLINEAR and LinearSVC have it. A bias is the weight
/// of a feature that is always 1. Starts at `start`, where there is one.
template <class T>
std::vector<Svm> fit_svms(const Tensor<T, Cpu>& x, Span<const int> labels, Span<const SvmProblem> problems,
                          const SvmSearch& search = {}, const std::vector<Svm>& start = {}) {
  ops::require_rank("svm", "x", x, 2);
  require(x.dim(0) >= 1 && x.dim(1) >= 1, "svm: x ", x.shape(), " has no rows or no features");
  require(static_cast<std::int64_t>(labels.size()) == x.dim(0), "svm: ", x.dim(0), " rows, but ",
          labels.size(), " labels");
  require(start.empty() || start.size() == problems.size(), "svm: ", start.size(), " starts for ",
          problems.size(), " problems");
  require(search.tolerance > 0 && search.max_iterations >= 0 && search.max_products >= 1, "svm: tolerance ",
          search.tolerance, " and products ", search.max_products, " must be positive");
  std::vector<detail::SvmState<T>> states(problems.size());
  for (std::size_t p = 0; p < problems.size(); ++p) {
    const SvmProblem& problem = problems[p];
    require(problem.cost > 0 && problem.positive_weight > 0 &&
                std::isfinite(problem.cost * problem.positive_weight),
            "svm: cost ", problem.cost, " and weight ", problem.positive_weight, " must be positive");
    states[p].problem = problem;
    states[p].weight = start.empty() ? Vector(static_cast<std::size_t>(x.dim(1))) : start[p].weight;
    require(std::ssize(states[p].weight) == x.dim(1), "svm: a start of ", states[p].weight.size(),
            " weights for x ", x.shape());
    states[p].score.resize(labels.size());
    states[p].change.resize(labels.size());
  }
  detail::SvmNewton<T>(x, labels, search).run(states);
  return {states.begin(), states.end()};  // each without what the search needed
}

}  // namespace pretext::eval
