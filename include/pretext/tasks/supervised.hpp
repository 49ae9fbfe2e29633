// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tasks/classifier.hpp"

namespace pretext::tasks {

/// Writes one crop under the picture's own label.
struct SupervisedViews {
  static constexpr const char* name = "supervised";
  static constexpr int views = 1, labels = 1;
  static constexpr bool crisp = true;  // no view looks at neighbouring pixels
  Crop crop{};
  int class_count = 10;

  int classes() const { return class_count; }

  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    view[0] = {.source = source.index,
               .map = source.training ? crop(source.picture, rng) : crop(source.picture)};
    label[0] = source.label;
  }
};

/// Learning from the labels themselves: the baseline that pretext tasks are measured against.
template <Device D = Cpu, class T = float>
using Supervised = ViewClassifier<SupervisedViews, D, T>;

}  // namespace pretext::tasks
