// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tasks/classifier.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// Writes one crop in its four quarter turns; label k means k quarters counter-clockwise.
struct RotationViews {
  static constexpr const char* name = "rotation";
  static constexpr int views = 4, labels = 4;
  static constexpr bool crisp = true;  // no view looks at neighbouring pixels
  Crop crop{};

  int classes() const { return views; }

  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    const Affine square = source.training ? crop(source.picture, rng) : crop(source.picture);
    for (int k = 0; k < views; ++k) {
      view[k] = {.source = source.index, .map = square, .turns = static_cast<std::uint8_t>(k)};
      label[k] = k;
    }
  }
};

using RotationOptions = ViewOptions<RotationViews>;

/// The constants of a variant; `features` and `seed` are left to the caller. The paper's are those of its
/// main experiment, CIFAR-10; the released code and the revisit are taken for ImageNet, where both cut boxes
/// of random area and aspect out of pictures. The revisit's bounds of area are taken to be the usual ones.
inline RotationOptions rotation_options(Variant variant) {
  if (variant == Variant::paper) return {};
  return {.program = {ResizedCrop{.size = 224}},
          .normalization = variant == Variant::released ? imagenet_normalization : inception_normalization};
}

/// Which way up is this picture? All four quarter turns of a picture go into the same batch and the network
/// tells them apart (Gidaris, Singh and Komodakis, ICLR 2018). A turn moves whole pixels, so that no trace of
/// resampling can give it away.
template <Device D = Cpu, class T = float>
using Rotation = ViewClassifier<RotationViews, D, T>;

}  // namespace pretext::tasks
