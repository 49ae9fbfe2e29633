// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstring>
#include <string_view>

#include "pretext/image/color_axes.hpp"
#include "pretext/tasks/classifier.hpp"
#include "pretext/tasks/exemplar_seeds.hpp"
#include "pretext/tasks/fingerprint.hpp"
#include "pretext/tasks/variant.hpp"

namespace pretext::tasks {

/// How the samples of a seed differ from it. What is a factor or a power is drawn evenly by its logarithm,
/// the rest evenly.
struct ExemplarTransform {
  float translation = 0.2F;                      ///< by the side of the patch, along each axis
  float scale_low = 0.7F, scale_high = 1.4F;     ///< of the patch
  float rotation = 20;                           ///< degrees to either side
  float contrast_low = 0.5F, contrast_high = 2;  ///< factor along each principal axis of the colours
  float power_low = 0.25F, power_high = 4;       ///< of saturation and value, each
  float factor_low = 0.7F, factor_high = 1.4F;   ///< of saturation and value, each
  float shift = 0.1F;                            ///< of saturation and value, each, to either side
  float hue = 0.1F;                              ///< in whole turns, to either side
  float blur = 0;                                ///< largest deviation in pixels; the paper blurs to match
  ColorAxes axes{};                              ///< color_axes() of pictures; the default: of the seeds'

  /// Writes how one sample of the seed at a place of a picture is drawn, size x size. It shows nothing from
  /// outside the picture, where the black of a border would tell the seed: what reaches over it is moved back
  /// inside, and first made smaller where the picture has no room for it.
  PRETEXT_HD void operator()(View& view, const Place& place, const ImageView& picture, int size,
                             Rng& rng) const {
    constexpr float degree = 0.0174532925F;
    const float dx = place.side * rng.uniform(-translation, translation),
                dy = place.side * rng.uniform(-translation, translation);
    const float wanted = place.side * rng.log_uniform(scale_low, scale_high);
    const float angle = degree * rng.uniform(-rotation, rotation);
    // The square is `spread` times as wide and as high as its side.
    const float spread = std::abs(std::cos(angle)) + std::abs(std::sin(angle));
    const auto across = static_cast<float>(picture.width), down = static_cast<float>(picture.height);
    const float side = math::min(wanted, math::min(across, down) / spread), reach = 0.5F * side * spread;
    const float x = math::clamp(place.x + dx, reach - 0.5F, across - reach - 0.5F),
                y = math::clamp(place.y + dy, reach - 0.5F, down - reach - 0.5F);
    view.map = centred(x, y, side / static_cast<float>(size), angle, size, size);
    float factors[3];
    for (float& factor : factors) factor = rng.log_uniform(contrast_low, contrast_high);
    view.color = axes.contrast(factors);
    view.clip = true;
    view.hsv.saturation = curve(rng);
    view.hsv.value = curve(rng);
    view.hsv.hue = rng.uniform(-hue, hue);
    view.blur = blur > 0 ? rng.uniform(0, blur) : 0;
  }

  bool changes_contrast() const { return contrast_low != 1 || contrast_high != 1; }

  /// Throws where a range is none; `task` says whose.
  void check(std::string_view task) const {
    const auto reaches = [&](const char* what, float value, float most) {
      require(value >= 0 && value <= most, task, ": ", what, " of up to ", value, ", not 0 to ", most);
    };
    const auto factors = [&](const char* what, float low, float high) {
      require(low > 0 && low <= high && high <= 1000, task, ": ", what, " from ", low, " to ", high,
              "; expected 0 < low <= high <= 1000");
    };
    reaches("a translation", translation, 1000);
    reaches("a rotation", rotation, 180);
    reaches("a shift", shift, 1);
    reaches("a turn of the hue", hue, 0.5F);
    reaches("a blur", blur, 16);
    factors("scales", scale_low, scale_high);
    factors("contrasts", contrast_low, contrast_high);
    factors("powers", power_low, power_high);
    factors("factors", factor_low, factor_high);
  }

  void each_constant(auto&& f) const {
    f("translation", translation, "largest shift along each axis by the side of the patch");
    f("scale_low", scale_low, "smallest factor of the patch's side");
    f("scale_high", scale_high, "largest factor of the patch's side");
    f("rotation", rotation, "largest turn to either side, degrees");
    f("contrast_low", contrast_low, "smallest factor along a principal axis of the colours");
    f("contrast_high", contrast_high, "largest factor along a principal axis of the colours");
    f("power_low", power_low, "smallest power of saturation and of value");
    f("power_high", power_high, "largest power of saturation and of value");
    f("factor_low", factor_low, "smallest factor of saturation and of value");
    f("factor_high", factor_high, "largest factor of saturation and of value");
    f("shift", shift, "largest number added to saturation and to value, or taken away");
    f("hue", hue, "largest turn of the hue to either side, whole turns");
    f("blur", blur, "largest deviation of the blur in pixels");
  }

 private:
  PRETEXT_HD Curve curve(Rng& rng) const {
    Curve c;
    c.power = rng.log_uniform(power_low, power_high);
    c.scale = rng.log_uniform(factor_low, factor_high);
    c.shift = rng.uniform(-shift, shift);
    return c;
  }
};

/// Writes one sample of the seed that a picture of the seeds' own set has, labelled by its number. Which
/// sample follows from the epoch of the plan, in training or not: Exemplar names the one that is left for
/// evaluation.
struct ExemplarViews {
  static constexpr int views = 1, labels = 1;
  ExemplarTransform transform{};
  int size = 32;
  const Place* table = nullptr;  ///< [seeds]: where each lies, one for every picture; the task owns it
  std::int64_t seeds = 0;

  std::int64_t table_size() const { return seeds; }

  /// A sample is a function of (seed of all draws, number of the sample, seed): the epoch counts samples.
  PRETEXT_HD void operator()(const Source& source, Rng rng, View* view, std::int32_t* label) const {
    view[0] = {.source = source.index};
    transform(view[0], table[source.number], source.picture, size, rng);
    label[0] = static_cast<std::int32_t>(source.number);
  }
};

/// What the exemplar task is made of. The defaults are the paper's, but that transformations never repeat.
struct ExemplarOptions {
  std::int64_t features = 0;  ///< channels of the backbone's last tap
  std::uint64_t seed = 0;
  Normalization normalization = cifar_normalization;

  SeedOptions seeds{};  ///< for exemplar_seeds()
  int size = 32;
  std::int64_t samples = 0;
  ExemplarTransform transform{};
  double dropout = 0;  ///< before the head

  /// Calls f(name, value, meaning) for every constant of the task.
  void each_constant(auto&& f) const {
    f("classes", seeds.count, "seeds, each a class of its own");
    f("smallest", seeds.smallest, "side of the smallest patch by the short side of its picture");
    f("largest", seeds.largest, "side of the largest patch by the short side of its picture");
    f("scales", seeds.scales, "sides of patches from smallest to largest");
    f("size", size, "side of the square input in pixels");
    f("samples", samples, "different transformations of a seed; 0: new ones in every epoch");
    transform.each_constant(f);
    f("dropout", dropout, "share of the features that the head is not shown in training");
  }
};

/// The constants of a variant. The paper does not say how large patches are within their pictures; those of
/// 96 x 96 pixels gave patches of 32 x 32 and larger. Its ranges of contrast, colour and hue, 150 samples of
/// 8000 seeds and the rate of dropout are believed. Throws for `released`; what was revisited is the triplet
/// variant.
inline ExemplarOptions exemplar_options(Variant variant) {
  require(variant != Variant::released,
          "exemplar: there is no released variant; there are paper, and "
          "revisited with triplets");
  require(variant != Variant::revisited,
          "exemplar: the revisited variant learns by triplets: "
          "exemplar_triplet_options()");
  return {.seeds = {.smallest = 1.0F / 3}, .samples = 150, .dropout = 0.5};
}

/// Which seed is this? Each seed is a patch of a picture and a class of its own; each epoch shows one
/// transformed sample of each (Dosovitskiy et al., NIPS 2014). It is trained on the pictures of its seeds;
/// evaluation shows a sample that training never drew.
template <Device D = Cpu, class T = float>
class Exemplar : public PooledClassifier<D, T> {
 public:
  using Options = ExemplarOptions;

  Exemplar(const Options& options, Seeds seeds, Rng& rng)
      : PooledClassifier<D, T>("exemplar",
                               {.features = options.features,
                                .classes = static_cast<std::int64_t>(seeds.places.size()),
                                .dropout = options.dropout},
                               rng),
        options_(options),
        seeds_(std::move(seeds)),
        fingerprint_("seeds", seeds_.hash()) {
    require(options.size >= 1 && options.samples >= 0, "exemplar: size must be positive, not ", options.size,
            ", and samples not negative, not ", options.samples);
    require(seeds_.pictures.size() == static_cast<std::int64_t>(seeds_.places.size()), "exemplar: there are ",
            seeds_.places.size(), " places of seeds in ", seeds_.pictures.size(),
            " pictures, not one in each");
    options.transform.check("exemplar");
    if (options.transform.axes == ColorAxes{} && options.transform.changes_contrast())
      options_.transform.axes = axes_of(seeds_.pictures);
  }

  std::string name() const { return "exemplar"; }

  /// inputs [n, size, size, 3] and the number of the seed of each.
  Batch<D, T> batch(const data::Dataset& dataset, const data::BatchPlan& plan, bool training) const {
    require(dataset.size() == seeds_.pictures.size(), "exemplar: data set ", dataset.name(), " has ",
            dataset.size(), " pictures, but there are ", seeds_.pictures.size(),
            " seeds; use the pictures that exemplar_seeds() returns");
    for (const std::int64_t index : plan.indices)
      require(same_pixels(dataset.image(index), seeds_.pictures.image(index)), "exemplar: picture ", index,
              " of data set ", dataset.name(),
              " is not that of the seed; use the pictures that exemplar_seeds() returns");
    const int size = options_.size;
    const ExemplarViews program{options_.transform, size, seeds_.places.data(), std::ssize(seeds_.places)};
    return draw_batch<D, T>(program, dataset, {sample(plan.epoch, training), plan.step, plan.indices},
                            {{size, size, options_.normalization}, options_.seed}, training);
  }

  /// A head of other seeds is refused where its state is loaded.
  void each(auto&& f) {
    PooledClassifier<D, T>::each(f);
    fingerprint_.each(f);
  }

 private:
  static ColorAxes axes_of(const data::Dataset& pictures) {
    std::vector<ImageView> views;
    for (std::int64_t i = 0; i < pictures.size(); ++i) views.push_back(pictures.image(i));
    return color_axes(views);
  }

  static bool same_pixels(const ImageView& a, const ImageView& b) {
    return a.height == b.height && a.width == b.width &&
           (a.pixels == b.pixels || std::memcmp(a.pixels, b.pixels, a.size()) == 0);
  }

  /// The number of the sample of each seed that an epoch shows.
  std::int64_t sample(std::int64_t epoch, bool training) const {
    if (!training) return UINT32_MAX;
    return options_.samples > 0 ? epoch % options_.samples : epoch;
  }

  Options options_;
  Seeds seeds_;
  Fingerprint<D, T> fingerprint_;
};

}  // namespace pretext::tasks
