// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "pretext/eval/holdout.hpp"
#include "pretext/eval/protocol.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::eval {

/// A classifier of one tap, everything chosen, and the row that its answers to the test set will complete.
template <class T>
struct Judge {
  Result result;
  std::function<void(Result&, const Tensor<T, Cpu>&, Span<const int> labels)> answer;
};

/// A way to tell classes apart by features that EvalOptions may be given beside its own.
struct Classifier {
  std::vector<Constant> constants{};  ///< all that defines it

  /// Learns from features x[N, dims] of one tap and chooses; the row says the rest, with the seed, and comes
  /// back in the judge, the classifier's name before its protocol.
  std::function<Judge<float>(const Tensor<float, Cpu>& x, Span<const int> labels, int classes, Result row)>
      fit{};
};

namespace detail {

/// Counts the right predictions of a probe whose validation part, where it has one, chose by accuracy.
template <class T, class Probe>
Judge<T> judge_by(Result row, const std::shared_ptr<Probe>& probe) {
  row.validation = probe->validation;
  if (probe->validation > 0) row.validation_accuracy = probe->chosen.accuracy;
  return {row, [probe](Result& r, const Tensor<T, Cpu>& x, Span<const int> labels) {
            r.correct = count_equal(probe->predict(x), labels);
          }};
}

/// Calls f and adds the seconds that it took.
template <class F>
auto timed(double& seconds, F&& f) {
  struct Clock {
    double& seconds;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    ~Clock() { seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
  } const clock{seconds};
  return f();
}

}  // namespace detail
}  // namespace pretext::eval
