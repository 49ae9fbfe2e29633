// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>

#include "pretext/core/config.hpp"

// What batch norms do to their channels, one at a time, as functors that every device runs over all of them.
// Tensors are plain pointers; null stands for an undefined one.
namespace pretext::ops {

/// affine[3, channels] of (x - mean) * inverse_deviation * gamma + beta
template <class S>
struct ChannelAffine {
  std::int64_t channels;
  const S *gamma, *beta;
  S* affine;

  PRETEXT_HD void write(std::int64_t c, S mean, S inverse_deviation) const {
    affine[c] = mean;
    affine[channels + c] = inverse_deviation * (gamma != nullptr ? gamma[c] : S(1));
    affine[2 * channels + c] = beta != nullptr ? beta[c] : S(0);
  }
};

/// From moments[2, channels] of so many rows to the affine map of a batch norm; moves running statistics.
template <class S>
struct BatchStatistics {
  double momentum, epsilon, rows;
  const double* moments;
  S *running_mean, *running_var, *inverse_deviation;
  ChannelAffine<S> affine;

  PRETEXT_HD void operator()(std::int64_t c) const {
    const double mean = moments[c], squares = moments[affine.channels + c];
    inverse_deviation[c] = static_cast<S>(1 / std::sqrt(squares / rows + epsilon));
    affine.write(c, static_cast<S>(mean), inverse_deviation[c]);
    if (running_mean != nullptr) approach(mean, running_mean[c]);
    if (running_var != nullptr) approach(squares / (rows - 1), running_var[c]);
  }

 private:
  PRETEXT_HD void approach(double batch, S& running) const {
    running = static_cast<S>((1 - momentum) * static_cast<double>(running) + momentum * batch);
  }
};

/// From given statistics to the affine map.
template <class S>
struct GivenStatistics {
  double epsilon;
  const S *mean, *var;
  S* inverse_deviation;
  ChannelAffine<S> affine;

  PRETEXT_HD void operator()(std::int64_t c) const {
    const S inverse = static_cast<S>(1 / std::sqrt(static_cast<double>(var[c]) + epsilon));
    affine.write(c, mean[c], inverse);
    if (inverse_deviation != nullptr) inverse_deviation[c] = inverse;
  }
};

/// From sums[2, channels] of dy and of dy * (x - mean) over so many rows to the gradients of gamma and beta,
/// and to factors[2, channels], which ops::Gradient calls level and slope.
template <class S>
struct BatchGradients {
  double rows;
  std::int64_t channels;
  const double* sums;
  const S* inverse_deviation;
  S *factors, *dgamma, *dbeta;

  PRETEXT_HD void operator()(std::int64_t c) const {
    const double inverse = static_cast<double>(inverse_deviation[c]);
    const double sum = sums[c], product = sums[channels + c];
    if (factors != nullptr) {
      factors[c] = static_cast<S>(sum / rows);
      factors[channels + c] = static_cast<S>(product * inverse * inverse / rows);
    }
    if (dgamma != nullptr) dgamma[c] = static_cast<S>(product * inverse);
    if (dbeta != nullptr) dbeta[c] = static_cast<S>(sum);
  }
};

}  // namespace pretext::ops
