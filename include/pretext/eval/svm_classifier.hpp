// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/classifier.hpp"
#include "pretext/eval/svm_probe.hpp"

namespace pretext::eval {
namespace detail {

template <class T>
Judge<T> judge_svm(const Tensor<T, Cpu>& x, Span<const int> labels, int classes, SvmOptions o, Result row) {
  o.seed = row.seed;
  const auto probe =
      timed(row.seconds, [&] { return std::make_shared<SvmProbe<T>>(fit_svm_probe(x, labels, classes, o)); });
  row.protocol = "SVM a class" + row.protocol;
  add_constants(row.constants, o);
  if (!probe->precision.empty()) {
    row.validation = x.dim(0);  // each fold in its turn
    row.validation_precision = mean_precision(probe->precision);
  }
  for (std::size_t c = 0; c < probe->cost.size(); ++c)
    row.chosen.emplace_back("C of class " + std::to_string(c), probe->cost[c]);
  return {row, [probe](Result& r, const Tensor<T, Cpu>& rows, Span<const int> truth) {
            const Tensor<T, Cpu> scores = probe->scores(rows);
            r.correct = count_equal(SvmProbe<T>::largest(scores), truth);
            r.precision = mean_precision(average_precisions(scores, truth));
          }};
}

}  // namespace detail

/// A support vector machine a class, for EvalOptions::others; its numbers carry mean average precision, too.
inline Classifier svm_classifier(const SvmOptions& options = {}) {
  Classifier classifier{
      .fit = [options](const Tensor<float, Cpu>& x, Span<const int> labels, int classes, Result row) {
        return detail::judge_svm(x, labels, classes, options, std::move(row));
      }};
  add_constants(classifier.constants, options);
  return classifier;
}

}  // namespace pretext::eval
