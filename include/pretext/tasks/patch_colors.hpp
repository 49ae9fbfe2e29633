// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "pretext/core/error.hpp"
#include "pretext/core/random.hpp"
#include "pretext/image/view.hpp"

namespace pretext::tasks {

/// What is done to all patches of one picture.
enum class ColorTreatment : std::uint8_t { none, grey, projected, dropped };

/// How colours are kept from telling where a patch lies: lenses bend them apart towards the border of a
/// picture (chromatic aberration). At most one treatment, each tried in its order, for all patches of a
/// picture; each patch keeps a channel of its own.
struct PatchColors {
  float grey = 0;        ///< probability of no colours at all
  float projection = 0;  ///< probability of colours without the axis from green to magenta
  float dropping = 0;    ///< probability of one channel alone, and noise in place of the others
  float noise = 0.01F;   ///< deviation of that noise
  NoiseUnit noise_unit = NoiseUnit::deviation;  ///< what it is measured in; the channel kept varies most

  PRETEXT_HD ColorTreatment draw(Rng& rng) const {
    if (rng.chance(grey)) return ColorTreatment::grey;
    if (rng.chance(projection)) return ColorTreatment::projected;
    return rng.chance(dropping) ? ColorTreatment::dropped : ColorTreatment::none;
  }

  PRETEXT_HD void apply(ColorTreatment treatment, View& view, Rng& rng) const {
    if (treatment == ColorTreatment::grey) view.color = ColorMatrix::grey();
    if (treatment == ColorTreatment::projected) view.color = ColorMatrix::without_green_magenta();
    if (treatment != ColorTreatment::dropped) return;
    const int kept = static_cast<int>(rng.below(3));
    view.color = ColorMatrix::only(kept);
    for (int c = 0; c < 3; ++c) view.noise[c] = c == kept ? 0 : noise;
    view.noise_unit = noise_unit;
    view.noise_key = rng.bits();
    view.noise_key = view.noise_key << 32 | rng.bits();
  }

  /// Whether patches are drawn pixel by pixel (see view_program.hpp).
  bool crisp() const { return dropping == 0 || noise == 0 || noise_unit != NoiseUnit::deviation; }

  /// Throws where a probability is none; `task` says whose.
  void check(std::string_view task) const {
    for (const float p : {grey, projection, dropping})
      require(p >= 0 && p <= 1, task, ": a probability of ", p, " of a treatment of colours");
    require(noise >= 0, task, ": the noise of dropped channels must not be negative, but is ", noise);
  }

  /// f(name, value, meaning) for each constant.
  void each_constant(auto&& f) const {
    f("grey", grey, "probability of a picture without colours");
    f("projection", projection, "probability of colours without the axis from green to magenta");
    f("dropping", dropping, "probability of patches of one channel, with noise in the others");
    f("noise", noise, "deviation of that noise");
    f("noise_unit", to_string(noise_unit), "what it is measured in");
  }
};

}  // namespace pretext::tasks
