// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "pretext/cpu/render.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/tasks/crop.hpp"
#include "pretext/tasks/program.hpp"

// Faults that hand a task a shortcut: what an audit must find.
namespace pretext::eval {

enum class Plant : std::uint8_t { none, no_gap, no_jitter, no_normalization, aberration, free_angle };

inline constexpr Plant plants[] = {Plant::none,       Plant::no_gap,
                                   Plant::no_jitter,  Plant::no_normalization,
                                   Plant::aberration, Plant::free_angle};

inline const char* to_string(Plant plant) {
  constexpr const char* names[] = {"none",       "no-gap",    "no-jitter", "no-normalization",
                                   "aberration", "free-angle"};
  return names[static_cast<int>(plant)];
}

/// The options of a task of patches with a fault; those that do not lie in its options leave them alone.
template <class Options>
Options with_plant(Options o, Plant plant) {
  if (plant == Plant::no_gap) o.gap = 0;
  if (plant == Plant::no_gap || plant == Plant::no_jitter) {
    o.jitter = 0;
    if constexpr (requires { o.channel_shift; }) o.channel_shift = 0;
  }
  if (plant == Plant::no_normalization) o.normalization = {};
  return o;
}

/// The pictures as a lens with lateral chromatic aberration shows them: red and blue are enlarged about the
/// middle, by this part.
inline data::Dataset with_aberration(const data::Dataset& dataset, float part = 0.02F) {
  data::DatasetBuilder builder(dataset.name(), dataset.classes());
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const ImageView picture = dataset.image(i);
    const auto across = static_cast<float>(picture.width), down = static_cast<float>(picture.height);
    const float seen = 1 / (1 + part), left = 0.5F * (1 - seen);
    const View sharp{}, enlarged{.map = boxed(left * across, left * down, seen * across, seen * down,
                                              picture.height, picture.width)};
    const Tensor<float, Cpu> drawn =
        render<Cpu>(Span<const ImageView>(&picture, 1), std::vector<View>{sharp, enlarged},
                    {picture.height, picture.width});
    std::uint8_t* to = builder.add(picture.height, picture.width, dataset.label(i));
    const std::int64_t values = drawn.size() / 2;
    for (std::int64_t k = 0; k < values; ++k) {
      const float value = drawn.data()[k % 3 == 1 ? k : values + k];
      to[k] = static_cast<std::uint8_t>(255 * math::clamp(value, 0, 1) + 0.5F);
    }
  }
  return std::move(builder).build();
}

/// Rotation by eighths of a turn instead of quarters, as interpolating from the picture does it: turns by
/// whole quarters stay sharp and the others do not. What is shown is the square within the circle that all
/// turns have in common, so that no corner tells.
struct FreeAngleViews {
  static constexpr const char* name = "rotation by free angles";
  static constexpr int views = 8, labels = 8;
  tasks::SquareCrop crop{};  ///< what is shown
  int margin = 0;            ///< pixels on each side of it that only turns need

  /// The views of a crop, of which the inner part is shown.
  static FreeAngleViews within(tasks::SquareCrop whole) {
    const int margin = static_cast<int>(std::ceil(0.1465F * static_cast<float>(whole.size)));
    whole.padding = 0;
    whole.size -= 2 * margin;
    return {whole, margin};
  }

  int classes() const { return views; }

  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    const tasks::SquareCrop whole{crop.size + 2 * margin, crop.padding, crop.mirror};
    const Affine square = source.training ? whole(source.picture, rng) : whole(source.picture);
    const float middle = 0.5F * static_cast<float>(whole.size - 1);
    for (int k = 0; k < views; ++k) {
      const float angle = 0.785398163F * static_cast<float>(k);
      view[k] = {.source = source.index,
                 .map = square.after(centred(middle, middle, 1, angle, crop.size, crop.size))};
      label[k] = k;
    }
  }
};

}  // namespace pretext::eval
