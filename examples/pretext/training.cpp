// SPDX-License-Identifier: MIT
#include "training.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <pretext/models/registry.hpp>
#include <pretext/nn/count.hpp>
#include <pretext/optim/sgd.hpp>
#include <pretext/pretext.hpp>
#include <pretext/tasks/rotation.hpp>
#include <pretext/tasks/supervised.hpp>
#include <pretext/train/checkpoint.hpp>
#include <pretext/train/evaluate.hpp>
#include <pretext/train/fit.hpp>
#include <sstream>

#include "environment.hpp"

using namespace pretext;

void TrainingSettings::add_to(Settings& settings) {
  source.add_to(settings);
  settings.add("model", &model, "Backbone; 'pretext info' lists them");
  settings.add("width", &width, "Channels of most convolutions; 0: as published");
  settings.add("epochs", &epochs, "Times that every picture is seen");
  settings.add("batch", &batch, "Pictures in a step; rotation shows four views of each");
  settings.add("lr", &lr, "Highest learning rate");
  settings.add("momentum", &momentum, "Momentum of SGD");
  settings.add("nesterov", &nesterov, "Momentum that looks ahead");
  settings.add("weight-decay", &weight_decay, "Weight decay");
  settings.add("schedule", &schedule,
               "Learning rate: cosine, rotnet (/5 at 30, 60 and 80 % of training) or constant");
  settings.add("warmup", &warmup, "Epochs in which the learning rate rises from 0");
  settings.add("padding", &padding, "Pixels by which a crop may move in training");
  settings.add("mirror", &mirror, "Mirror half of the pictures in training");
  settings.add("validation", &validation, "Part of the training pictures held out and scored each epoch");
  settings.add("seed", &seed, "Decides the weights, the order and all draws");
}

optim::Schedule TrainingSettings::make_schedule() const {
  const auto end = static_cast<double>(epochs);
  optim::Schedule base;
  if (schedule == "cosine")
    base = optim::Cosine{.lr = lr, .end = end};
  else if (schedule == "rotnet")
    base = optim::MultiStep{lr, {0.3 * end, 0.6 * end, 0.8 * end}, 0.2};
  else if (schedule == "constant")
    base = optim::Constant{lr};
  else
    fail("there is no schedule '", schedule, "'.", suggestion(schedule, {"cosine", "rotnet", "constant"}));
  return warmup > 0 ? optim::Schedule(optim::WarmUp{base, warmup}) : base;
}

tasks::SquareCrop TrainingSettings::crop() const {
  require(padding >= 0 && padding <= source.size, "--padding must be 0 to the size, not ", padding);
  return {static_cast<int>(source.size), static_cast<int>(padding), mirror};
}

std::vector<std::string> model_names() { return models::backbone_names(); }

void TrainingSettings::check(const data::Dataset& train) const {
  require(task == "rotation" || task == "supervised", "there is no task '", task, "'.",
          suggestion(task, {"rotation", "supervised"}), " There are: rotation, supervised");
  require(task != "supervised" || train.size() == 0 || train.labelled(), "supervised: the pictures of ",
          train.name(), " have no labels");
  require(epochs >= 1 && batch >= 1, task, ": epochs ", epochs, " and batch ", batch, " must be at least 1");
  require(validation >= 0 && validation < 1, "--validation must be 0 or more and below 1, not ", validation);
  const auto pictures = train.size() - std::llround(validation * static_cast<double>(train.size()));
  require(train.size() == 0 || batch <= pictures, task, ": ", pictures,
          " pictures to train on do not fill one batch of ", batch);
  crop();
  make_schedule();
}

nn::Sequential<> make_backbone(const TrainingSettings& s) {
  Rng rng(static_cast<std::uint64_t>(s.seed), Use::init);
  return models::backbone(s.model, {.width = s.width}, rng);
}

std::int64_t last_channels(nn::Sequential<>& backbone, std::int64_t size) {
  return backbone(Tensor<float, Cpu>::zeros({1, size, size, 3})).dim(3);
}

namespace {

/// The class that the task's network gives to each view of some pictures.
template <class Task>
std::vector<int> answers_of(Task& task, nn::Sequential<>& backbone, const data::Dataset& dataset,
                            const std::vector<std::int64_t>& asked) {
  if (asked.empty()) return {};
  const auto logits = task.logits(backbone, task.batch(dataset, {0, 0, asked}, false).inputs);
  std::vector<int> answers;
  for (std::int64_t i = 0; i < logits.dim(0); ++i) {
    const float* row = logits.data() + i * logits.dim(1);
    answers.push_back(static_cast<int>(std::max_element(row, row + logits.dim(1)) - row));
  }
  return answers;
}

std::vector<std::string> lines_of(std::istream&& in) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A run goes on with the settings that it began with; only where its pictures lie may have changed.
void require_same_settings(const std::filesystem::path& stored, const std::string& config) {
  if (!std::filesystem::exists(stored)) return;
  const auto then = lines_of(std::ifstream(stored));
  std::string differing;
  for (const std::string& line : lines_of(std::istringstream(config)))
    if (!line.starts_with("data = ") && !line.starts_with("cache = ") &&
        std::ranges::find(then, line) == then.end())
      differing += "\n  " + line;
  require(differing.empty(), stored.string(), ": the run that --resume continues has other settings than",
          differing);
}

template <class Program>
Trained train_on(const TrainingSettings& s, const Program& program, const data::Dataset& train,
                 const data::Dataset& test, train::FitOptions how, const std::vector<std::int64_t>& asked) {
  const auto seed = static_cast<std::uint64_t>(s.seed);
  Trained result{make_backbone(s), {}, {}, {}, 0};
  Rng head_rng(seed, Use::init, 1);
  tasks::ViewClassifier<Program> task(
      {.features = last_channels(result.backbone, s.source.size), .program = program, .seed = seed},
      head_rng);
  result.parameters = nn::count_parameters(result.backbone) + nn::count_parameters(task);
  const data::IndexSplit split = data::take_split(train.size(), s.validation, seed);
  how.validation = train.subset(split.held_out);
  how.epochs = s.epochs;
  how.batch = s.batch;
  how.seed = seed;
  how.schedule = s.make_schedule();
  how.model = s.model + " width " + std::to_string(s.width);
  for (const auto& [name, value] : environment()) how.facts[name] = value;
  const optim::Sgd sgd{.momentum = s.momentum, .weight_decay = s.weight_decay, .nesterov = s.nesterov};
  result.epochs = train::fit(result.backbone, task, train.subset(split.train), sgd, how);
  if (test.size() > 0) result.test = train::evaluate(result.backbone, task, test, {.batch = s.batch});
  result.answers = answers_of(task, result.backbone, test, asked);
  return result;
}

}  // namespace

Trained train_network(const TrainingSettings& s, const data::Dataset& train, const data::Dataset& test,
                      train::FitOptions how, const std::vector<std::int64_t>& asked) {
  s.check(train);
  if (how.mode == train::RunMode::resume) require_same_settings(how.out / "config.toml", how.config);
  if (s.task == "rotation")
    return train_on(s, tasks::RotationViews{s.crop()}, train, test, std::move(how), asked);
  const tasks::SupervisedViews program{s.crop(), static_cast<int>(train.classes().size())};
  return train_on(s, program, train, test, std::move(how), asked);
}

TrainingSettings read_run(const std::filesystem::path& run) {
  require(std::filesystem::exists(run / "config.toml"), run.string(),
          ": is not a run folder; expected one that 'pretext pretrain' made, with a config.toml");
  TrainingSettings s;
  Settings settings;
  settings.add("task", &s.task, "");
  s.add_to(settings);
  settings.read_toml(run / "config.toml");
  return s;
}

Restored load_backbone(const TrainingSettings& s, const std::filesystem::path& run) {
  const auto note = [](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };
  const auto checkpoint = train::CheckpointRing(run / "ckpt").read(note);
  require(checkpoint.has_value(), run.string(), ": has no checkpoint yet");
  Restored restored{make_backbone(s), checkpoint->info.epoch, checkpoint->info.step, 0};
  nn::load_state(restored.backbone, checkpoint->network);
  restored.hash = nn::hash_state(restored.backbone);
  if (restored.epoch < s.epochs)
    std::fprintf(stderr, "%s: stands at epoch %lld of %lld\n", run.c_str(),
                 static_cast<long long>(restored.epoch), static_cast<long long>(s.epochs));
  return restored;
}
