// SPDX-License-Identifier: MIT
// Rotation, and the supervised baseline: tasks whose views are each told apart on their own.
#include <pretext/tasks/rotation.hpp>
#include <pretext/tasks/supervised.hpp>

#include "pictures.hpp"
#include "tasks.hpp"

using namespace pretext;

namespace {

tasks::RotationViews rotation_of(const TrainingSettings& s, const data::Dataset&) { return {s.crop()}; }

tasks::SupervisedViews supervised_of(const TrainingSettings& s, const data::Dataset& train) {
  return {s.crop(), static_cast<int>(train.classes().size())};
}

template <auto program_of>
TaskSetup set_up(const TrainingSettings& s, nn::Sequential<>& backbone, const data::Dataset& train,
                 const data::Dataset& test) {
  const auto program = program_of(s, train);
  using Task = tasks::ViewClassifier<std::remove_const_t<decltype(program)>>;
  Rng rng = head_rng(s);
  Task task({.features = last_channels(backbone, s), .program = program, .seed = s.random_seed()}, rng);
  return {tasks::AnyTask<>(std::move(task)), train, test};
}

tasks::PlainInputs inputs(const TrainingSettings& s) { return {s.crop()}; }

std::vector<Constant> constants_of_crop(const TrainingSettings& s) {
  const tasks::SquareCrop crop = s.crop();
  const Normalization& n = cifar_normalization;
  return {{"size", message(crop.size), "side of the square input in pixels; the short side is scaled to it"},
          {"padding", message(crop.padding), "pixels that a crop moves on each axis, black from outside"},
          {"mirror", message(crop.mirror), "1: crops are mirrored half the time"},
          {"mean", message(n.mean[0], " ", n.mean[1], " ", n.mean[2]), "of the colours, taken away"},
          {"deviation", message(n.deviation[0], " ", n.deviation[1], " ", n.deviation[2]),
           "of the colours, by which they are divided"}};
}

std::vector<Constant> rotation_constants(const TrainingSettings& s) {
  std::vector<Constant> constants = constants_of_crop(s);
  constants.insert(constants.begin(),
                   {"views", "4", "all four quarter turns of a picture, in the same batch; so many classes"});
  return constants;
}

/// A row a picture: its views, and under each its label and the answer where there is one.
template <auto program_of>
Image view_of(const TrainingSettings& s, const ViewRequest& request, const std::string& title,
              const std::vector<std::string>& names) {
  const auto program = program_of(s, request.dataset);
  const auto draw = [&](const Normalization& n) {
    const int size = program.crop.size;
    return tasks::draw_batch<Cpu, float>(program, request.dataset, request.plan,
                                         {{size, size, n}, s.random_seed()}, request.training);
  };
  const tasks::Batch<> batch = draw({});
  std::vector<int> answers;
  if (request.trained != nullptr) answers = answers_of(*request.trained, draw(cifar_normalization).inputs);
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
          .variants = {"fitted"},
          .set_up = set_up<rotation_of>,
          .inputs = inputs,
          .constants = rotation_constants,
          .view = rotation_view,
          .head = pooled_head};
}

ToolTask supervised_task() {
  return {.name = "supervised",
          .question = "what is in this picture?",
          .source = "the baseline that is given the labels",
          .variants = {"fitted"},
          .set_up = set_up<supervised_of>,
          .inputs = inputs,
          .constants = constants_of_crop,
          .view = supervised_view,
          .head = pooled_head};
}
