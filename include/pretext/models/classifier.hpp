// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/nn/linear.hpp"
#include "pretext/nn/pool.hpp"
#include "pretext/nn/sequential.hpp"

namespace pretext::models::detail {

/// Ends a backbone whose last map has so many channels with a classifier, the mean of the map and a fully
/// connected layer to [N, classes]; 0 classes: with nothing.
template <Device D, class T>
void add_classifier(nn::Sequential<D, T>& net, std::int64_t channels, std::int64_t classes, Rng& rng) {
  require(classes >= 0, "classifier: the number of classes must not be negative, but is ", classes);
  if (classes == 0) return;
  net.add("avgpool", nn::GlobalAvgPool());
  net.add("fc", nn::Linear<D, T>({.in = channels, .out = classes}, rng));
}

}  // namespace pretext::models::detail
