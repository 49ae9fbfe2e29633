// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/core/config.hpp"

// The cross-entropy of one row of logits, in formulas for every device. The offsets of a row are its logits
// less the largest of them, log_sum is the logarithm of the sum of their exponentials.
namespace pretext::ops {

/// With a label, of which a share `smoothing` is spread over all classes. The loss of a row is what its label
/// gives and, where there is smoothing, what all offsets give.
struct SmoothedLabel {
  double smoothing, classes;

  PRETEXT_HD double at_label(double log_sum, double offset) const {
    return log_sum - (1 - smoothing) * offset;
  }
  PRETEXT_HD double everywhere(double offsets_sum) const { return -(smoothing * offsets_sum / classes); }

  /// The gradient of a logit whose class has probability p, before what the label takes from it.
  template <class S>
  PRETEXT_HD S gradient(S scale, S p) const {
    return scale * (p - static_cast<S>(smoothing / classes));
  }
  template <class S>
  PRETEXT_HD S label_gradient(S scale) const {
    return scale * static_cast<S>(1 - smoothing);
  }
};

/// What a class with a share of the target gives to the loss of its row.
PRETEXT_HD inline double soft_cross_entropy_term(double share, double log_sum, double offset) {
  return share * (log_sum - offset);
}

}  // namespace pretext::ops
