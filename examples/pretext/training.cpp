// SPDX-License-Identifier: MIT
#include "training.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <pretext/core/precision.hpp>
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
  settings.add("precision", &precision, "fast, or strict: no convolution by fewer multiplications");
  settings.add("seed", &seed, "Decides the weights, the order and all draws");
}

optim::Schedule TrainingSettings::make_schedule() const {
  require_known("schedule", schedule, {"cosine", "rotnet", "constant"});
  const auto end = static_cast<double>(epochs);
  optim::Schedule base;
  if (schedule == "cosine")
    base = optim::Cosine{.lr = lr, .end = end};
  else if (schedule == "rotnet")
    base = optim::MultiStep{lr, {0.3 * end, 0.6 * end, 0.8 * end}, 0.2};
  else
    base = optim::Constant{lr};
  return warmup > 0 ? optim::Schedule(optim::WarmUp{base, warmup}) : base;
}

tasks::SquareCrop TrainingSettings::crop() const {
  require(padding >= 0 && padding <= source.size, "--padding must be 0 to the size, not ", padding);
  return {static_cast<int>(source.size), static_cast<int>(padding), mirror};
}

std::vector<std::string> task_names() { return {"rotation", "supervised"}; }

std::vector<std::string> model_names() { return models::backbone_names(); }

void TrainingSettings::check() const {
  require_known("task", task, task_names());
  require_known("model", model, model_names());
  require_known("precision", precision, {"fast", "strict"});
  require(width == 0 || (width >= 8 && width <= 65536), "--width must be 8 to 65536, or 0, not ", width);
  require(epochs >= 1, "--epochs must be at least 1, not ", epochs);
  require(batch >= 1, "--batch must be at least 1, not ", batch);
  require(lr >= 0, "--lr must be 0 or more, not ", lr);
  require(momentum >= 0 && momentum < 1, "--momentum must be 0 or more and below 1, not ", momentum);
  require(!nesterov || momentum > 0, "--nesterov needs a --momentum above 0; or give --no-nesterov");
  require(weight_decay >= 0, "--weight-decay must be 0 or more, not ", weight_decay);
  require(warmup >= 0, "--warmup must be 0 or more, not ", warmup);
  require(validation >= 0 && validation < 1, "--validation must be 0 or more and below 1, not ", validation);
  source.check();
  crop();
  make_schedule();
}

void TrainingSettings::check(const data::Dataset& train) const {
  check();
  require(task != "supervised" || train.labelled(), "supervised: the pictures of ", train.name(),
          " have no labels");
  const std::int64_t held_out = std::llround(validation * static_cast<double>(train.size()));
  require(validation == 0 || held_out > 0, "--validation ", validation, " of ",
          counted(train.size(), "picture"), " holds none out; give a larger part, or 0");
  const std::int64_t left = train.size() - held_out;
  require(batch <= left, counted(left, "picture"), " to train on do not fill one batch of ", batch,
          "; give a smaller --batch",
          held_out == 0 ? "" : " or --validation, which holds " + std::to_string(held_out) + " out");
}

nn::Sequential<> make_backbone(const TrainingSettings& s) {
  set_precision(s.precision == "strict" ? Precision::strict : Precision::fast);  // of all that it computes
  Rng rng(static_cast<std::uint64_t>(s.seed), Use::init);
  return models::backbone(s.model, {.width = s.width, .recompute = s.recompute}, rng);
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

/// The values of a config, as they are written there, by name.
std::map<std::string, std::string> values_of(std::istream&& in) {
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(in, line);)
    if (const auto at = line.find(" = "); at != std::string::npos)
      values[line.substr(0, at)] = line.substr(at + 3);
  return values;
}

/// A run goes on with the settings that it began with; only how its pictures are read may have changed.
void require_same_settings(const std::filesystem::path& stored, const std::string& config) {
  if (!std::filesystem::exists(stored)) return;
  const auto then = values_of(std::ifstream(stored));
  std::string differing;
  for (const auto& [name, value] : values_of(std::istringstream(config))) {
    if (name == "data" || name == "cache" || name == "max-bad") continue;
    const auto before = then.find(name);
    if (before == then.end() || before->second != value)
      differing += "\n  " + name + ": then " + (before == then.end() ? "not given" : before->second) +
                   ", now " + value;
  }
  require(differing.empty(), stored.string(),
          ": --resume continues a run with the settings that it began with; others are", differing);
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
  for (const auto& [name, value] : programs()) how.facts[name] = value;
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
  require_apart(how.out, s.source);
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

void require_pictures_of(const std::filesystem::path& run, const DataSettings& source) {
  const std::filesystem::path data = source.data;
  require(source.drawn() || std::filesystem::exists(data), (run / "config.toml").string(), ": its pictures '",
          source.data, "' are not there",
          data.is_relative() ? "; the name is relative to the folder that the run was made from" : "",
          "; --data names them anew");
}

void require_apart(const std::filesystem::path& run, const DataSettings& source) {
  if (source.drawn() || run.empty()) return;
  const auto place = [](const std::filesystem::path& path) {
    return std::filesystem::weakly_canonical(std::filesystem::current_path() / path);
  };
  const auto below = place(source.data).lexically_relative(place(run));
  require(*below.begin() == "..", run.string(), ": the run folder must not be or hold the pictures, ",
          source.data, "; give another --out");
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
