// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tasks/classifier.hpp"

namespace pretext::tasks {

/// Writes one crop in its four quarter turns; label k means k quarters counter-clockwise.
struct RotationViews {
  static constexpr const char* name = "rotation";
  static constexpr int views = 4, labels = 4;
  static constexpr bool crisp = true;  // no view looks at neighbouring pixels
  SquareCrop crop{};

  int classes() const { return views; }

  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    const Affine square = source.training ? crop(source.picture, rng) : crop(source.picture);
    for (int k = 0; k < views; ++k) {
      view[k] = {.source = source.index, .map = square, .turns = static_cast<std::uint8_t>(k)};
      label[k] = k;
    }
  }
};

/// Which way up is this picture? All four quarter turns of a picture go into the same batch and the network
/// tells them apart (Gidaris, Singh and Komodakis, ICLR 2018). A turn moves whole pixels, so that no trace of
/// resampling can give it away.
template <Device D = Cpu, class T = float>
using Rotation = ViewClassifier<RotationViews, D, T>;

}  // namespace pretext::tasks
