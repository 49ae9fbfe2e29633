// SPDX-License-Identifier: MIT
#include "pretext/tasks/variant.hpp"

#include <cmath>

#include "pretext/cpu/soft_cross_entropy.hpp"
#include "pretext/cpu/triplet_loss.hpp"
#include "pretext/tasks/colorization.hpp"
#include "pretext/tasks/contrastive.hpp"
#include "pretext/tasks/exemplar.hpp"
#include "pretext/tasks/exemplar_triplet.hpp"
#include "pretext/tasks/jigsaw.hpp"
#include "pretext/tasks/relative_location.hpp"
#include "pretext/tasks/rotation.hpp"
#include "task_checks.hpp"

// What was published is drawn: each variant of each task, in its own sizes, from pictures smaller and larger.

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {

/// Each pixel becomes a square of them.
Image enlarged(const ImageView& picture, int times) {
  Image large(picture.height * times, picture.width * times);
  for (int y = 0; y < large.height(); ++y)
    for (int x = 0; x < large.width(); ++x)
      for (int c = 0; c < 3; ++c) large.at(y, x, c) = picture.at(y / times, x / times, c);
  return large;
}

data::Dataset pictures() {
  data::DatasetBuilder builder("small and large");
  const auto shapes = data::shapes({.count = 3, .size = 48});
  for (const int times : {1, 7, 2}) builder.add(enlarged(shapes.image(times % 3), times));
  return std::move(builder).build();
}

bool finite(const Tensor<float, Cpu>& x) {
  return std::ranges::all_of(x.span(), [](float v) { return std::isfinite(v); });
}

/// Draws two pictures for training and for evaluation: so many views of this size each, so many labels in
/// all, none of them equal.
template <class Task>
void check_drawn(const Task& task, const data::Dataset& dataset, std::int64_t views, std::int64_t size,
                 std::int64_t labels, std::int64_t channels = 3) {
  for (const bool training : {true, false}) {
    const auto batch = task.batch(dataset, plan({1, 0}), training);
    CAPTURE(task.name());
    CHECK(batch.inputs.shape() == Shape{2 * views, size, size, channels});
    CHECK(batch.labels.shape() == Shape{labels});
    CHECK(finite(batch.inputs));
    if (batch.targets.defined()) CHECK(finite(batch.targets));
    for (std::int64_t v = 0; v < 2 * views; ++v) {
      const auto values = batch.inputs.rows(v, v + 1).span();
      const auto [least, most] = std::ranges::minmax_element(values);
      CHECK(*least < *most);  // a picture, not a plane
    }
  }
}

}  // namespace

TEST_CASE("the published variants of rotation are drawn") {
  const auto dataset = pictures();
  for (const Variant variant : variants) {
    CAPTURE(to_string(variant));
    auto options = rotation_options(variant);
    options.features = 4;
    Rng rng(1);
    check_drawn(Rotation<>(options, rng), dataset, 4, variant == Variant::paper ? 32 : 224, 8);
  }
}

TEST_CASE("the published variants of jigsaw are drawn") {
  const auto dataset = pictures();
  for (const Variant variant : variants) {
    CAPTURE(to_string(variant));
    auto options = jigsaw_options(variant);
    options.features = 4;
    options.fc6.width = options.fc7.width = 8;
    Rng rng(1);
    check_drawn(Jigsaw<>(options, rng), dataset, 9, 64, 2 * options.shown);
  }
}

TEST_CASE("the published variants of relative location are drawn") {
  const auto dataset = pictures();
  for (const Variant variant : variants) {
    CAPTURE(to_string(variant));
    auto options = relative_location_options(variant);
    options.features = 4;
    options.fc6.width = options.fc7.width = 8;
    options.fc8 = {};
    Rng rng(1);
    const bool revisited = variant == Variant::revisited;
    check_drawn(RelativeLocation<>(options, rng), dataset, 9 * options.grids, revisited ? 64 : 96,
                (revisited ? 16 : 80) * options.grids);
  }
}

TEST_CASE("the published variants of colorization are drawn") {
  const auto dataset = pictures();
  for (const Variant variant : {Variant::paper, Variant::released}) {
    CAPTURE(to_string(variant));
    auto options = colorization_options(variant);
    options.features = 4;
    options.prior = ab_prior(dataset);
    Rng rng(1);
    const Colorization<> task(options, rng);
    check_drawn(task, dataset, 1, 176, 2 * 44 * 44, 1);
    CHECK(task.batch(dataset, plan({1, 0}), true).targets.shape() == Shape{2, 44, 44, 2});
  }
}

TEST_CASE("the published exemplars are drawn, as classes and as triplets") {
  const auto dataset = pictures();
  auto options = exemplar_options(Variant::paper);
  options.features = 4;
  options.seeds.count = 3;
  Rng rng(1);
  const Seeds seeds = exemplar_seeds(dataset, options.seeds);
  check_drawn(Exemplar<>(options, seeds, rng), seeds.pictures, 1, 32, 2);

  auto triplets = exemplar_triplet_options(Variant::revisited);
  triplets.features = 4;
  check_drawn(ExemplarTriplet<>(triplets, rng), dataset, 8, 224, 16);
}

TEST_CASE("the published contrastive views are drawn") {
  auto options = contrastive_options(Variant::paper);
  options.features = 4;
  Rng rng(1);
  check_drawn(Contrastive<>(options, rng), pictures(), 2, 224, 4);
}
