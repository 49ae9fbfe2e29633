// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/core/span.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/image/render.hpp"
#include "pretext/tasks/crop.hpp"

namespace pretext::tasks {

/// Pictures as a frozen network is shown them: upright, centred, never mirrored.
struct PlainInputs {
  Crop crop{};
  Normalization normalization = cifar_normalization;
  Space space = Space::rgb;

  /// All that decides the inputs of a picture: for keeping what was computed of them.
  std::string text() const {
    std::string all =
        message(crop.size(), " pixels", crop.kept() < 1 ? message(" of ", crop.kept()) : "", ", space ",
                static_cast<int>(space), ", ", static_cast<int>(normalization.statistics),
                " statistics, gain ", normalization.gain);
    for (int c = 0; c < 3; ++c)
      all += message(", ", normalization.mean[c], " / ", normalization.deviation[c]);
    return all;
  }

  /// inputs [n, size, size, channels of the space] of the pictures at the indices
  template <Device D = Cpu, class T = float>
  Tensor<T, D> operator()(const data::Dataset& dataset, Span<const std::int64_t> indices) const {
    std::vector<ImageView> pictures;
    std::vector<View> views;
    for (const std::int64_t index : indices) {
      pictures.push_back(dataset.image(index));
      views.push_back({.source = static_cast<std::int32_t>(views.size()), .map = crop(pictures.back())});
    }
    return render<D, T>(pictures, views, {crop.size(), crop.size(), normalization, space});
  }
};

}  // namespace pretext::tasks
