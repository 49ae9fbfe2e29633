// SPDX-License-Identifier: MIT
// Rotation, and the supervised baseline: tasks whose views are each told apart on their own.
#include <pretext/tasks/rotation.hpp>
#include <pretext/tasks/supervised.hpp>

#include "pictures.hpp"
#include "tasks.hpp"

using namespace pretext;

namespace {

/// By what the inputs of supervised training are normalised.
Normalization colors_of(const TrainingSettings& s) {
  if (s.colors_of.empty()) return cifar_normalization;
  TrainingSettings other = s;
  other.colors_of = "";
  const std::size_t colon = s.colors_of.find(':');
  other.task = s.colors_of.substr(0, colon);
  other.variant = colon == std::string::npos ? "fitted" : s.colors_of.substr(colon + 1);
  const ToolTask& task = tool_task(other.task);
  require_known(other.task + " variant", other.variant, task.variants);
  require(task.channels == 3, "--colors-of ", s.colors_of, ": its inputs are not colours");
  return task.inputs(other).normalization;
}

tasks::ViewOptions<tasks::SupervisedViews> supervised_options_of(const TrainingSettings& s, int classes) {
  return {.program = {s.crop(), classes}, .normalization = colors_of(s), .seed = s.random_seed()};
}

tasks::RotationOptions rotation_of(const TrainingSettings& s, const data::Dataset&) {
  return rotation_options_of(s);
}

tasks::ViewOptions<tasks::SupervisedViews> supervised_of(const TrainingSettings& s,
                                                         const data::Dataset& train) {
  return supervised_options_of(s, static_cast<int>(train.classes().size()));
}

template <auto options_of>
TaskSetup set_up(const TrainingSettings& s, nn::Sequential<>& backbone, const data::Dataset& train,
                 const data::Dataset& test) {
  auto options = options_of(s, train);
  options.features = last_channels(backbone, s);
  Rng rng = head_rng(s);
  return {tasks::AnyTask<>(tasks::ViewClassifier<decltype(options.program)>(options, rng)), train, test};
}

tasks::PlainInputs rotation_inputs(const TrainingSettings& s) {
  const tasks::RotationOptions o = rotation_options_of(s);
  return {.crop = o.program.crop, .normalization = o.normalization};
}

tasks::PlainInputs supervised_inputs(const TrainingSettings& s) { return {s.crop(), colors_of(s)}; }

/// How many classes there are, is up to the pictures.
std::vector<Constant> supervised_constants(const TrainingSettings& s) {
  std::vector<Constant> constants = constants_of(supervised_options_of(s, 0));
  constants.front().value = "-";
  return constants;
}

/// A row a picture: its views, and under each its label and the answer where there is one.
template <auto options_of>
Image view_of(const TrainingSettings& s, const ViewRequest& request, const std::string& title,
              const std::vector<std::string>& names) {
  const auto options = options_of(s, request.dataset);
  const auto program = options.program;
  const auto draw = [&](const Normalization& n) {
    const int size = program.crop.size();
    return tasks::draw_batch<Cpu, float>(program, request.dataset, request.plan,
                                         {{size, size, n}, options.seed}, request.training);
  };
  const tasks::Batch<> batch = draw({});
  std::vector<int> answers;
  if (request.trained != nullptr) answers = answers_of(*request.trained, draw(options.normalization).inputs);
  PictureRows rows(title, program.views == 1 ? 8 : program.views);
  for (std::int64_t v = 0; v < batch.labels.size(); ++v) {
    const int label = batch.labels.data()[v];
    const auto name = [&](int k) {
      return k >= 0 && k < static_cast<int>(names.size()) ? names[static_cast<std::size_t>(k)] : "no label";
    };
    if (answers.empty()) {
      rows.add(picture_of(batch.inputs, v), name(label));
      continue;
    }
    const int answer = answers[static_cast<std::size_t>(v)];
    rows.add(picture_of(batch.inputs, v), name(label) + "\n" + name(answer), mark_of(answer == label));
  }
  return rows.paint();
}

Image rotation_view(const TrainingSettings& s, const ViewRequest& request) {
  return view_of<rotation_of>(s, request, "rotation: which way up?",
                              {"0: up", "1: left", "2: down", "3: right"});
}

Image supervised_view(const TrainingSettings& s, const ViewRequest& request) {
  return view_of<supervised_of>(s, request, "supervised: what is it?", request.dataset.classes());
}

}  // namespace

tasks::RotationOptions rotation_options_of(const TrainingSettings& s) {
  tasks::RotationOptions o;
  if (s.variant != "fitted")
    o = tasks::rotation_options(tasks::variant_of(s.variant));
  else
    o.program = {s.crop()};
  o.seed = s.random_seed();
  return o;
}

std::vector<int> answers_of(Trained& trained, const Tensor<float, Cpu>& inputs) {
  if (auto* rotation = trained.task.get<tasks::Rotation<>>())
    return largest_of_rows(rotation->logits(trained.backbone, inputs));
  auto* supervised = trained.task.get<tasks::Supervised<>>();
  require(supervised != nullptr, "answers: ", trained.task.name(), " does not answer each view on its own");
  return largest_of_rows(supervised->logits(trained.backbone, inputs));
}

Features pooled_head(const std::vector<NamedTensor>& state, const Features& features) {
  std::vector<NamedTensor> layer;
  for (const NamedTensor& tensor : state)
    if (tensor.name == "weight" || tensor.name == "bias") layer.push_back(tensor);
  require(!layer.empty() && layer[0].shape.rank() == 2, "head: its state has no weight of a linear layer");
  Rng rng(0);
  const tasks::PooledOptions options{.features = layer[0].shape[1], .classes = layer[0].shape[0]};
  tasks::PooledClassifier<> head("head", options, rng);
  nn::load_state(head, layer);
  nn::Sequential<> none;
  return head.logits(none, features);
}

ToolTask rotation_task() {
  return {.name = "rotation",
          .question = "which way up is this picture?",
          .source = "Gidaris, Singh and Komodakis, ICLR 2018",
          .variants = {"fitted", "paper", "released", "revisited"},
          .set_up = set_up<rotation_of>,
          .inputs = rotation_inputs,
          .constants = constants_by<rotation_options_of>,
          .view = rotation_view,
          .head = pooled_head};
}

ToolTask supervised_task() {
  return {.name = "supervised",
          .question = "what is in this picture?",
          .source = "the baseline that is given the labels",
          .variants = {"fitted"},
          .set_up = set_up<supervised_of>,
          .inputs = supervised_inputs,
          .constants = supervised_constants,
          .view = supervised_view,
          .head = pooled_head};
}
