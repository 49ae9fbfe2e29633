// SPDX-License-Identifier: MIT
// Contrastive and exemplar by triplets: tasks that compare the views of a batch with each other.
#include <pretext/tasks/contrastive.hpp>
#include <pretext/tasks/exemplar_triplet.hpp>

#include "pictures.hpp"
#include "tasks.hpp"

using namespace pretext;

namespace {

tasks::ContrastiveOptions contrastive_of(const TrainingSettings& s) {
  tasks::ContrastiveOptions o;
  if (s.variant != "fitted") {
    o = tasks::contrastive_options(tasks::variant_of(s.variant));
  } else {  // what the paper changes for small pictures
    o.crop.size = static_cast<int>(s.source.size);
    o.blurred = 0;
    o.temperature = 0.5;
    o.jitter = {.brightness = 0.4F, .contrast = 0.4F, .saturation = 0.4F, .hue = 0.1F};
  }
  o.seed = s.random_seed();
  return o;
}

tasks::ExemplarTripletOptions triplet_of(const TrainingSettings& s) {
  tasks::ExemplarTripletOptions o;
  if (s.variant != "fitted") {
    o = tasks::exemplar_triplet_options(tasks::variant_of(s.variant));
  } else {
    o.crop.size = static_cast<int>(s.source.size);
    o.crop.area_low = 0.2F;
    o.normalization = cifar_normalization;
    o.embedding = 128;
  }
  o.seed = s.random_seed();
  return o;
}

template <class Task, auto options_of>
TaskSetup set_up(const TrainingSettings& s, nn::Sequential<>& backbone, const data::Dataset& train,
                 const data::Dataset& test) {
  auto options = options_of(s);
  options.features = last_channels(backbone, s);
  Rng rng = head_rng(s);
  return {tasks::AnyTask<>(Task(options, rng)), train, test};
}

template <auto options_of>
tasks::PlainInputs inputs(const TrainingSettings& s) {
  const auto options = options_of(s);
  return {.crop = tasks::SquareCrop{.size = options.crop.size}, .normalization = options.normalization};
}

/// A row a picture: itself and its views.
template <class Task, auto options_of>
Image view(const TrainingSettings& s, const ViewRequest& request, const std::string& title) {
  auto options = options_of(s);
  options.features = 1;
  options.normalization = {};
  Rng rng(options.seed, Use::init);
  const Task task(options, rng);
  const tasks::Batch<> batch = task.batch(request.dataset, request.plan, request.training);
  const auto pictures = std::ssize(request.plan.indices);
  const int views = static_cast<int>(batch.inputs.dim(0) / std::max<std::int64_t>(1, pictures));
  PictureRows rows(title, 1 + views);
  for (std::int64_t i = 0; i < pictures; ++i) {
    rows.add(Image::from(request.dataset.image(request.plan.indices[static_cast<std::size_t>(i)])),
             "picture " + std::to_string(i));
    for (int k = 0; k < views; ++k)
      rows.add(picture_of(batch.inputs, views * i + k), "view of " + std::to_string(i));
  }
  return rows.paint();
}

Image contrastive_view(const TrainingSettings& s, const ViewRequest& request) {
  return view<tasks::Contrastive<>, contrastive_of>(s, request, "contrastive: which two match?");
}

Image triplet_view(const TrainingSettings& s, const ViewRequest& request) {
  return view<tasks::ExemplarTriplet<>, triplet_of>(s, request,
                                                    "exemplar_triplet: which crops are of one picture?");
}

}  // namespace

ToolTask contrastive_task() {
  return {.name = "contrastive",
          .question = "which view shows the same picture as this one?",
          .source = "Chen et al., ICML 2020",
          .variants = {"fitted", "paper"},
          .set_up = set_up<tasks::Contrastive<>, contrastive_of>,
          .inputs = inputs<contrastive_of>,
          .constants = constants_by<contrastive_of>,
          .view = contrastive_view};
}

ToolTask exemplar_triplet_task() {
  return {.name = "exemplar_triplet",
          .question = "which crops are of the same picture?",
          .source = "Kolesnikov, Zhai and Beyer, CVPR 2019",
          .variants = {"fitted", "revisited"},
          .set_up = set_up<tasks::ExemplarTriplet<>, triplet_of>,
          .inputs = inputs<triplet_of>,
          .constants = constants_by<triplet_of>,
          .view = triplet_view};
}
