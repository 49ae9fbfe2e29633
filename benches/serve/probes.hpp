// SPDX-License-Identifier: MIT
#pragma once

#include <fstream>
#include <limits>
#include <sstream>

#include "answer.hpp"

namespace bench {

/// Pieces of memory, one behind the other, as a file.
inline void write_bytes(const std::string& path,
                        std::initializer_list<std::pair<const void*, std::size_t>> pieces) {
  std::ofstream file(path, std::ios::binary);
  for (const auto& [data, bytes] : pieces)
    file.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  require(file.flush().good(), "serve: ", path, " cannot be written");
}

/// Made-up features of labelled rows, much like a network's: 48 directions of falling weight that depend on
/// the class, noise, a ReLU, then each feature standardised.
struct MadeFeatures {
  Tensor<float, Cpu> x;  ///< [rows, dims]
  std::vector<int> labels;

  MadeFeatures(std::int64_t rows, std::int64_t dims, int classes) : labels(static_cast<std::size_t>(rows)) {
    constexpr std::int64_t directions = 48;
    const Tensor<float, Cpu> centres = normal({classes, directions}, 1);
    Tensor<float, Cpu> mixing = normal({dims, directions}, 2), hidden = normal({rows, directions}, 3);
    for (std::int64_t i = 0; i < mixing.size(); ++i)
      mixing.data()[i] /= std::sqrt(1 + static_cast<float>(i % directions));
    for (std::int64_t r = 0; r < rows; ++r) {
      const int label = static_cast<int>(r * 7919 % classes);
      labels[static_cast<std::size_t>(r)] = label;
      for (std::int64_t i = 0; i < directions; ++i)
        hidden.data()[r * directions + i] += 0.5F * centres.data()[label * directions + i];
    }
    const Tensor<float, Cpu> noise = normal({rows, dims}, 4);
    x = apply(ops::Linear{}, hidden, mixing, Tensor<float, Cpu>());
    cpu::map([](float signal, float other) { return std::max(0.0F, signal + other); }, x.size(), x.data(),
             x.data(), noise.data());
    x = eval::Standardizer<float>(x)(x);
  }

  /// Features and then labels, as they lie in memory.
  void write(const std::string& path) const {
    write_bytes(path, {{x.data(), static_cast<std::size_t>(x.size()) * sizeof(float)},
                       {labels.data(), labels.size() * sizeof(int)}});
  }

 private:
  /// Each row has a stream of its own.
  static Tensor<float, Cpu> normal(const Shape& shape, std::uint64_t seed) {
    Tensor<float, Cpu> y(shape);
    parallel_for(y.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        Rng rng(seed, Use::synthetic, 0, static_cast<std::uint32_t>(r));
        for (float& v : y.rows(r, r + 1).span()) v = static_cast<float>(rng.normal());
      }
    });
    return y;
  }
};

/// Fits of one linear layer to features; remembers where the last one ended.
class Probe {
 public:
  Probe(std::int64_t rows, std::int64_t dims, int classes) : made_(rows, dims, classes), classes_(classes) {}

  double answer(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    double l2 = 0;
    words >> what >> l2;
    if (what == "objective") return objective_;
    if (what == "evaluations") return evaluations_;
    if (what == "evaluation") return evaluate(l2);
    if (what == "curvature") return seconds_of([&] { curvature(l2); });
    if (what == "lbfgs") {
      double target = -std::numeric_limits<double>::infinity();
      words >> target;
      return seconds_of([&] { fit_lbfgs(l2, target); });
    }
    require(what == "sgd", "serve: there is no work '", what, "'");
    int epochs = 1;
    words >> epochs;
    return seconds_of(
        [&] { objective_ = eval::fit_sgd(made_.x, made_.labels, classes_, l2, {.epochs = epochs}).loss; });
  }

  const MadeFeatures& made() const { return made_; }

 private:
  struct Reached {};  // thrown out of the search

  eval::Curvature<float> curvature(double l2) const { return {eval::second_moment(made_.x), classes_, l2}; }

  double evaluate(double l2) const {
    const eval::SoftmaxLoss<float> loss(made_.x, made_.labels, classes_, l2);
    const eval::Vector point(static_cast<std::size_t>(loss.parameters()));
    eval::Vector gradient;
    return seconds_of([&] { loss(point, gradient); });
  }

  /// To the first point whose loss is no more than the target, or to where the search ends by itself.
  void fit_lbfgs(double l2, double target) {
    const eval::SoftmaxLoss<float> loss(made_.x, made_.labels, classes_, l2);
    eval::Vector point(static_cast<std::size_t>(loss.parameters()));
    evaluations_ = 0;
    const auto watched = [&](const eval::Vector& at, eval::Vector& gradient) {
      const double value = loss(at, gradient);
      objective_ = evaluations_++ == 0 ? value : std::min(objective_, value);
      if (value <= target) throw Reached();
      return value;
    };
    try {
      eval::lbfgs(watched, point, {}, curvature(l2));
    } catch (const Reached&) {
    }
  }

  MadeFeatures made_;
  int classes_;
  double objective_ = 0, evaluations_ = 0;
};

/// A line: "lbfgs L2", or "lbfgs L2 TARGET", the seconds to a loss of TARGET, the curvature and its factor
/// included; "sgd L2 EPOCHS"; "evaluation L2", one loss with its gradient; "curvature L2"; "objective" and
/// "evaluations" of the last fit. Writes the features to the file, if it has a name.
inline void serve_probe(std::int64_t rows, std::int64_t dims, int classes, const std::string& file) {
  Probe probe(rows, dims, classes);
  if (!file.empty()) probe.made().write(file);
  serve([&](const std::string& line) { return probe.answer(line); });
  print(identity()
            .add("rows", rows)
            .add("dims", dims)
            .add("classes", classes)
            .add("peak_rss_mib", peak_rss_mib()));
}

/// A line: "search K", the K nearest of each query by cosine, in a bank that is made anew each time; or
/// "write FILE", the indices that the last search found. Rows of features are the bank, those behind them the
/// queries.
inline void serve_knn(std::int64_t bank, std::int64_t queries, std::int64_t dims, const std::string& file) {
  const MadeFeatures made(bank + queries, dims, 10);
  if (!file.empty()) made.write(file);
  eval::Neighbours<float> found;
  serve([&](const std::string& line) {
    std::istringstream words(line);
    std::string what, argument;
    words >> what >> argument;
    if (what == "write") {
      write_bytes(argument, {{found.index.data(), found.index.size() * sizeof(std::int64_t)}});
      return 0.0;
    }
    require(what == "search", "serve: there is no work '", what, "'");
    const std::int64_t k = std::stoll(argument);
    return seconds_of(
        [&] { found = eval::Bank(made.x.rows(0, bank)).nearest(made.x.rows(bank, bank + queries), k); });
  });
  print(identity()
            .add("bank", bank)
            .add("queries", queries)
            .add("dims", dims)
            .add("peak_rss_mib", peak_rss_mib()));
}

}  // namespace bench
