// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/features.hpp"
#include "pretext/eval/knn.hpp"
#include "pretext/eval/linear_probe.hpp"
#include "pretext/eval/svm_probe.hpp"

namespace pretext::eval {

/// What to measure of a network.
struct EvalOptions {
  std::string protocol{};  ///< a name for these constants, which every number carries; see protocols()
  std::vector<std::string> taps{};  ///< none: all taps of the network
  FeatureOptions features{};
  bool linear = true, knn = true, svm = false;  ///< which classifiers
  LinearProbeOptions linear_probe{};
  KnnOptions nearest{};
  SvmOptions svm_probe{};
  std::uint64_t seed = 0;  ///< of the validation parts and the solvers

  /// All constants of the classifiers that are on, and of their features.
  std::vector<Constant> constants() const {
    std::vector<Constant> all;
    add_constants(all, features);
    if (linear) add_constants(all, linear_probe);
    if (knn) add_constants(all, nearest);
    if (svm) add_constants(all, svm_probe);
    return all;
  }
};

}  // namespace pretext::eval
