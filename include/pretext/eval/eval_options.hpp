// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/classifier.hpp"
#include "pretext/eval/features.hpp"
#include "pretext/eval/knn.hpp"
#include "pretext/eval/linear_probe.hpp"

namespace pretext::eval {

/// What to measure of a network.
struct EvalOptions {
  std::string protocol{};  ///< a name for these constants, which every number carries; see protocols()
  std::vector<std::string> taps{};  ///< none: all taps of the network
  FeatureOptions features{};
  bool linear = true, knn = true;  ///< which classifiers
  LinearProbeOptions linear_probe{};
  KnnOptions nearest{};
  std::vector<Classifier> others{};  ///< such as svm_classifier()
  std::uint64_t seed = 0;            ///< of the validation parts and the solvers

  /// All constants of the classifiers that are on, and of their features.
  std::vector<Constant> constants() const {
    std::vector<Constant> all;
    add_constants(all, features);
    if (linear) add_constants(all, linear_probe);
    if (knn) add_constants(all, nearest);
    for (const Classifier& other : others)
      all.insert(all.end(), other.constants.begin(), other.constants.end());
    return all;
  }
};

}  // namespace pretext::eval
