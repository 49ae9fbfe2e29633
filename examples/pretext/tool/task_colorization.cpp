// SPDX-License-Identifier: MIT
// Colorization: L of CIE-Lab in, a and b out.
#include <pretext/tasks/colorization.hpp>

#include "pictures.hpp"
#include "tasks.hpp"

using namespace pretext;

namespace {

tasks::ColorizationOptions options_of(const TrainingSettings& s) {
  tasks::ColorizationOptions o;
  if (s.variant != "fitted") {
    o = tasks::colorization_options(tasks::variant_of(s.variant));
  } else {
    o.size = static_cast<int>(s.source.size);
    o.short_side = o.size * 9 / 8;
  }
  o.seed = s.random_seed();
  return o;
}

/// The options for this backbone: so many pixels of the input are one of its last tap.
tasks::ColorizationOptions options_for(const TrainingSettings& s, nn::Sequential<>& backbone) {
  tasks::ColorizationOptions o = options_of(s);
  const auto map = backbone(Tensor<float, Cpu>::zeros({1, o.size, o.size, 1}));
  o.features = map.dim(3);
  o.stride = o.size / static_cast<int>(map.dim(1));
  return o;
}

TaskSetup set_up(const TrainingSettings& s, nn::Sequential<>& backbone, const data::Dataset& train,
                 const data::Dataset& test) {
  tasks::ColorizationOptions options = options_for(s, backbone);
  options.prior = tasks::ab_prior(train);
  Rng rng = head_rng(s);
  return {tasks::AnyTask<>(tasks::Colorization<>(options, rng)), train, test};
}

/// The task by itself, without a network: to draw its batches.
tasks::Colorization<> task_alone(const TrainingSettings& s) {
  tasks::ColorizationOptions options = options_of(s);
  options.features = 1;
  options.rebalance = false;
  Rng rng(options.seed, Use::init);
  return {options, rng};
}

tasks::PlainInputs inputs(const TrainingSettings& s) { return task_alone(s).plain_inputs(); }

/// Writes a colour of CIE-Lab.
void put(Image& image, int y, int x, float l, float a, float b) {
  LabToRgb{}(l, a, b);
  const float rgb[3] = {l, a, b};
  for (int c = 0; c < 3; ++c) image.at(y, x, c) = static_cast<std::uint8_t>(255 * rgb[c] + 0.5F);
}

/// The colours [h, w, 2] asked of a picture, at one lightness.
Image colors_of(const Tensor<float, Cpu>& ab, std::int64_t picture) {
  Image image(static_cast<int>(ab.dim(1)), static_cast<int>(ab.dim(2)));
  const float* from = ab.data() + picture * ab.dim(1) * ab.dim(2) * 2;
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x, from += 2) put(image, y, x, 65, from[0], from[1]);
  return image;
}

/// The lightness [H, W, 1] that the network is shown, as a grey picture.
Image grey_of(const Tensor<float, Cpu>& lightness, std::int64_t i, const Normalization& n) {
  Image image(static_cast<int>(lightness.dim(1)), static_cast<int>(lightness.dim(2)));
  const float* from = lightness.data() + i * lightness.dim(1) * lightness.dim(2);
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) put(image, y, x, *from++ * n.deviation[0] + n.mean[0], 0, 0);
  return image;
}

/// A row a picture: itself, what the network sees, what it is asked, and its answer.
Image view(const TrainingSettings& s, const ViewRequest& request) {
  const tasks::Colorization<> task = task_alone(s);
  const Normalization lightness = task.plain_inputs().normalization;
  const tasks::Batch<> batch = task.batch(request.dataset, request.plan, request.training);
  PictureRows rows("colorization: which colours?", request.trained == nullptr ? 3 : 4);
  for (std::int64_t i = 0; i < std::ssize(request.plan.indices); ++i) {
    const ImageView picture = request.dataset.image(request.plan.indices[static_cast<std::size_t>(i)]);
    rows.add(Image::from(picture), "picture");
    rows.add(grey_of(batch.inputs, i, lightness), "shown: L");
    rows.add(colors_of(batch.targets, i), "asked: ab");
    if (request.trained == nullptr) continue;
    auto* trained = request.trained->task.get<tasks::Colorization<>>();
    rows.add(trained->colorize(request.trained->backbone, picture), "answer");
  }
  return rows.paint();
}

/// Logits of each pixel's colour.
Features head(const std::vector<NamedTensor>& state, const Features& features) {
  require(!state.empty() && state[0].shape.rank() == 4, "colorization: its head's state is no convolution's");
  Rng rng(0);
  nn::Conv2d<> conv({.in = state[0].shape[1], .out = state[0].shape[0], .kernel = state[0].shape[2]}, rng);
  nn::load_state(conv, state);
  return conv(features);
}

}  // namespace

ToolTask colorization_task() {
  return {.name = "colorization",
          .question = "which colours does this grey picture have?",
          .source = "Zhang, Isola and Efros, ECCV 2016",
          .variants = {"fitted", "paper", "released"},
          .channels = 1,
          .set_up = set_up,
          .inputs = inputs,
          .constants = constants_by<options_of>,
          .view = view,
          .head = head};
}
