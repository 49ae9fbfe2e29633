// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/soft_cross_entropy.hpp"
#include "pretext/tasks/ab_bins.hpp"
#include "pretext/tasks/scaled_crop.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// Which colour is asked of a pixel of the last tap.
enum class AbSampling {
  strided,  ///< that of every stride-th pixel of the input
  averaged  ///< the mean over the pixels of the input that it covers
};

/// What colorization is made of. The defaults are the paper's, but for the crop, which suits small pictures.
struct ColorizationOptions {
  std::int64_t features = 0;  ///< channels of the backbone's last tap
  int stride = 4;             ///< pixels of the input to one of the last tap, along each axis
  AbValues prior{};           ///< ab_prior() of the pictures; where `rebalance` is on
  std::uint64_t seed = 0;

  int size = 32, short_side = 36;
  bool mirror = true;
  float lightness_mean = 50, lightness_deviation = 1;
  AbSampling sampling = AbSampling::strided;
  bool regression = false;  ///< squared error of a and b in place of classes
  float ab_scale = 50;      ///< a regression predicts a and b in this unit

  int neighbours = 5;
  float sigma = 5;
  bool rebalance = true;
  double prior_sigma = 5, uniform = 0.5;
  ops::Weighting weighting = ops::Weighting::loss;
  float grey = 0;
  double temperature = 0.38;

  /// Calls f(name, value, meaning) for every constant of the task.
  void each_constant(auto&& f) const {
    f("size", size, "side of the square input in pixels");
    f("short_side", short_side, "pixels of a picture's short side before the crop");
    f("mirror", mirror, "whether half the pictures are mirrored");
    f("stride", stride, "pixels of the input to one that is coloured, along each axis");
    f("sampling", sampling == AbSampling::strided ? "strided" : "averaged",
      "how the colours are thinned out");
    f("lightness_mean", lightness_mean, "taken from L, which goes from 0 to 100");
    f("lightness_deviation", lightness_deviation, "L is divided by it");
    f("regression", regression, "1: squared error of a and b; 0: classes");
    f("ab_scale", ab_scale, "unit in which a regression predicts a and b");
    f("bins", ab_bin_count, "classes: bins of a and b, 10 x 10 each");
    f("neighbours", neighbours, "bins that share one target");
    f("sigma", sigma, "deviation of the Gaussian that shares it, in units of a and b");
    f("rebalance", rebalance, "1: rare colours weigh more");
    f("prior_sigma", prior_sigma, "deviation of the Gaussian that smooths the prior");
    f("uniform", uniform, "share of the uniform distribution in the prior");
    f("weighting", weighting == ops::Weighting::loss ? "loss" : "gradient", "what the weights multiply");
    f("grey", grey, "pictures without an |a| or |b| above it weigh nothing");
    f("temperature", temperature, "of the annealed mean that decodes");
  }
};

/// The constants of a variant. The paper states neither size nor crop; both take those of the released code,
/// 176 of 256 pixels at any place, mirrored half the time. Five neighbours are believed to be the paper's.
/// Throws for `revisited`: nobody revisited the task.
inline ColorizationOptions colorization_options(Variant variant) {
  require(variant != Variant::revisited, "colorization: there is no revisited variant: the revisit of 2019 ",
          "did not train this task; there are paper and released");
  ColorizationOptions o{.size = 176, .short_side = 256};
  if (variant == Variant::paper) return o;
  o.neighbours = 10;
  o.weighting = ops::Weighting::gradient;
  o.grey = 5;
  return o;
}

}  // namespace pretext::tasks
