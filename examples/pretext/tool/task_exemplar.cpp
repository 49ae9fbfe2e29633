// SPDX-License-Identifier: MIT
// Exemplar: patches of pictures as classes of their own.
#include <pretext/cpu/render.hpp>
#include <pretext/tasks/exemplar.hpp>

#include "pictures.hpp"
#include "tasks.hpp"

using namespace pretext;

namespace {

/// The constants for so many pictures, which give at most one seed each.
tasks::ExemplarOptions options_of(const TrainingSettings& s, std::int64_t pictures) {
  tasks::ExemplarOptions o;
  if (s.variant != "fitted") {
    o = tasks::exemplar_options(tasks::variant_of(s.variant));
  } else {
    o.size = static_cast<int>(s.source.size);
    o.seeds.count = std::min<std::int64_t>(250, pictures);
  }
  o.seed = o.seeds.seed = s.random_seed();
  return o;
}

struct SeededOptions {
  tasks::ExemplarOptions options;
  tasks::Seeds seeds;
};

SeededOptions seeded(const TrainingSettings& s, const data::Dataset& dataset) {
  const tasks::ExemplarOptions options = options_of(s, dataset.size());
  return {options, tasks::exemplar_seeds(dataset, options.seeds)};
}

TaskSetup set_up(const TrainingSettings& s, nn::Sequential<>& backbone, const data::Dataset& train,
                 const data::Dataset& test) {
  require(s.validation == 0,
          "exemplar: --validation holds out pictures, but every seed is a class that must be trained; "
          "--test scores samples of the seeds that training never drew");
  auto [options, seeds] = seeded(s, train);
  options.features = last_channels(backbone, s);
  Rng rng = head_rng(s);
  return {tasks::AnyTask<>(tasks::Exemplar<>(options, seeds, rng)), seeds.pictures,
          test.size() > 0 ? seeds.pictures : test, "seed"};
}

tasks::PlainInputs inputs(const TrainingSettings& s) {
  return {.crop = tasks::SquareCrop{.size = options_of(s, 1).size}};
}

std::vector<Constant> constants(const TrainingSettings& s) {
  return constants_of(options_of(s, tasks::ExemplarOptions{}.seeds.count));
}

/// The picture, enlarged by whole factors, with a frame around a place of it.
Image with_frame(const ImageView& picture, const tasks::Place& place) {
  const int scale = std::max(1, 128 / std::max(picture.height, picture.width));
  report::Canvas canvas(scale * picture.height, scale * picture.width, {255, 255, 255});
  canvas.picture(0, 0, picture, scale);
  const auto pixel = [&](float middle) {
    return static_cast<int>(static_cast<float>(scale) * (middle + 0.5F - place.side / 2));
  };
  const int side = static_cast<int>(static_cast<float>(scale) * place.side);
  canvas.frame({pixel(place.y), pixel(place.x), side, side}, 3, {220, 100, 0});
  return std::move(canvas).image();
}

/// A row a seed: the picture with the seed framed, and samples of six epochs.
Image view(const TrainingSettings& s, const ViewRequest& request) {
  constexpr int samples = 6;
  auto [options, seeds] = seeded(s, request.dataset);
  options.features = 1;
  auto plain = options;
  plain.normalization = {};
  Rng rng(options.seed, Use::init);
  const tasks::Exemplar<> task(options, seeds, rng), drawn(plain, seeds, rng);
  PictureRows rows("exemplar: which seed is this?", 1 + samples);
  for (const std::int64_t index : request.plan.indices) {
    const std::int64_t seed = index % seeds.pictures.size();
    rows.add(with_frame(seeds.pictures.image(seed), seeds.places[static_cast<std::size_t>(seed)]),
             "seed " + std::to_string(seed));
    for (int k = 0; k < samples; ++k) {
      const data::BatchPlan plan{request.plan.epoch + k, 0, {seed}};
      const Image sample = picture_of(drawn.batch(seeds.pictures, plan, true).inputs, 0);
      if (request.trained == nullptr) {
        rows.add(sample, "sample");
        continue;
      }
      auto* trained = request.trained->task.get<tasks::Exemplar<>>();
      const auto logits =
          trained->logits(request.trained->backbone, task.batch(seeds.pictures, plan, true).inputs);
      const int answer = largest_of_rows(logits).front();
      rows.add(sample, "seed " + std::to_string(answer), mark_of(answer == seed));
    }
  }
  return rows.paint();
}

}  // namespace

ToolTask exemplar_task() {
  return {.name = "exemplar",
          .question = "which seed patch is this, moved, turned and coloured anew?",
          .source = "Dosovitskiy et al., NIPS 2014",
          .variants = {"fitted", "paper"},
          .set_up = set_up,
          .inputs = inputs,
          .constants = constants,
          .view = view,
          .head = pooled_head};
}
