// SPDX-License-Identifier: MIT
#include "training.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <pretext/models/weights.hpp>
#include <pretext/nn/count.hpp>
#include <pretext/optim/sgd.hpp>
#include <pretext/report/filters.hpp>
#include <pretext/train/checkpoint.hpp>
#include <pretext/train/evaluate.hpp>
#include <pretext/train/fit.hpp>
#include <pretext/train/load_network.hpp>
#include <sstream>

#include "environment.hpp"
#include "page_parts.hpp"
#include "saved_run.hpp"
#include "tasks.hpp"

using namespace pretext;

void WeightSettings::add_to(Settings& settings, const std::string& purpose) {
  settings.add("weights", &file, purpose + ": a .safetensors or .pth file");
  settings.add("weights-dict", &dict,
               "Keys to its state dict in a .pth file, with / between them; empty: the only one");
  settings.add("weights-prefix", &prefix, "Take only its names that begin so, such as encoder_q.");
}

void WeightSettings::load(nn::Sequential<>& backbone) const {
  try {
    const auto over = models::load_weights(backbone, train::load_network(file, {.dict = dict}), prefix);
    const std::string bad = train::first_bad_value(nn::parameters(backbone));
    require(bad.empty(), bad);
    std::fprintf(stderr, "weights of %s%s\n", file.c_str(),
                 over.empty() ? "" : (", without " + eval::list_text(over)).c_str());
  } catch (const Error& error) {
    const std::string why = error.what();
    fail("weights of ", why.starts_with(file) ? why : file + ": " + why);
  }
}

void TrainingSettings::add_to(Settings& settings) {
  source.add_to(settings);
  settings.add("variant", &variant,
               "Constants of the task: fitted to the size, or those of a publication; 'pretext info TASK'");
  settings.add("pictures", &pictures,
               "Learn from at most so many of the pictures, drawn by chance; probes still have all; 0: all");
  settings.add("permutations", &permutations,
               "Jigsaw: orders of tiles to tell apart, the more the harder; 0: as the variant says");
  settings.add("part", &part, "Pictures to learn from: train, or the unlabeled ones where there are such");
  settings.add("model", &model, "Backbone; 'pretext info' lists them");
  settings.add("width", &width, "Channels of most convolutions; 0: as published");
  settings.add("epochs", &epochs, "Times that every picture is seen");
  settings.add("batch", &batch, "Pictures in a step; most tasks show several views of each");
  settings.add("lr", &lr, "Highest learning rate");
  settings.add("momentum", &momentum, "Momentum of SGD");
  settings.add("nesterov", &nesterov, "Momentum that looks ahead");
  settings.add("weight-decay", &weight_decay, "Weight decay");
  settings.add(
      "schedule", &schedule,
      "Learning rate: cosine, constant, or /5 as in RotNet: rotnet (at 30, 60 and 80 % of training), "
      "rotnet_conv (35, 70, 85 %) or rotnet_mlp (40, 80, 90 %)");
  settings.add("warmup", &warmup, "Epochs in which the learning rate rises from 0");
  settings.add("padding", &padding, "Pixels by which the crops of rotation and supervised may move");
  settings.add("mirror", &mirror, "Mirror half of the pictures in training");
  settings.add("validation", &validation, "Part of the training pictures held out and scored each epoch");
  settings.add("precision", &precision, "fast, or strict: no convolution by fewer multiplications");
  settings.add("init", &init,
               "Run folder, .safetensors or .pth that training begins with; empty: random weights");
  settings.add("init-dict", &init_dict,
               "Of a .pth: keys to the state dict, with / between; empty: the only one");
  settings.add("init-prefix", &init_prefix, "Of a file: take names that begin so alone, such as encoder_q.");
  settings.add("labels", &labels, "Supervised: labelled pictures of each class, repeated; 0: all");
  settings.add("label-order", &label_order, "Which those are: random, or file: the first ones");
  settings.add("colors-of", &colors_of,
               "Supervised: the TASK, or TASK:VARIANT, whose colours inputs have; empty: those of rotation");
  settings.add("frozen-at", &frozen_at,
               "Supervised: the tap up to which the backbone stays as it is, and which is its last");
  settings.add("head", &head, "What learns on that tap: none but the classifier, mlp or conv as RotNet's");
  settings.add("head-lr", &head_lr, "Learning rate of the head over that of the rest");
  settings.add(
      "online-probes", &online_probes,
      "Probe every tap while it is trained, by labels that change no bit of it: online_probes.jsonl");
  settings.add("seed", &seed, "Decides the weights, the order and all draws");
}

optim::Schedule TrainingSettings::make_schedule() const {
  require_known("schedule", schedule, {"cosine", "rotnet", "rotnet_conv", "rotnet_mlp", "constant"});
  const auto end = static_cast<double>(epochs);
  optim::Schedule base;
  if (schedule == "cosine")
    base = optim::Cosine{.lr = lr, .end = end, .begin = warmup};
  else if (schedule == "rotnet")
    base = optim::MultiStep{lr, {0.3 * end, 0.6 * end, 0.8 * end}, 0.2};
  else if (schedule == "rotnet_conv")
    base = optim::MultiStep{lr, {0.35 * end, 0.7 * end, 0.85 * end}, 0.2};
  else if (schedule == "rotnet_mlp")
    base = optim::MultiStep{lr, {0.4 * end, 0.8 * end, 0.9 * end}, 0.2};
  else
    base = optim::Constant{lr};
  return warmup > 0 ? optim::Schedule(optim::WarmUp{base, warmup}) : base;
}

tasks::SquareCrop TrainingSettings::crop() const {
  require(padding >= 0 && padding <= source.size, "--padding must be 0 to the size, not ", padding);
  return {static_cast<int>(source.size), static_cast<int>(padding), mirror};
}

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const ToolTask& task : tool_tasks()) names.push_back(task.name);
  return names;
}

const ToolTask& tool_task(const std::string& name) {
  require_known("task", name, task_names());
  return *std::ranges::find(tool_tasks(), name, &ToolTask::name);
}

data::Dataset TrainingSettings::open_training() const {
  data::Dataset all = source.open(part == "train" ? data::Split::train : data::Split::unlabeled);
  require(pictures <= all.size(), "--pictures must be at most ", all.size(), ", as there are no more, not ",
          pictures);
  return pictures > 0 ? all.subset(some_indices(all.size(), pictures)) : all;
}

tasks::PlainInputs TrainingSettings::inputs() const { return tool_task(task).inputs(*this); }

void TrainingSettings::resolve() {
  const ToolTask& asked = tool_task(task);
  require_known(task + " variant", variant, asked.variants);
  require_known("part", part, {"train", "unlabeled"});
  if (source.size == 0) source.size = asked.size;
  require_known("model", model, model_names());
  require_known("precision", precision, {"fast", "strict"});
  require(width == 0 || (width >= 8 && width <= 65536), "--width must be 8 to 65536, or 0, not ", width);
  require(epochs >= 1, "--epochs must be at least 1, not ", epochs);
  require(batch >= 1, "--batch must be at least 1, not ", batch);
  require(lr >= 0 && std::isfinite(lr), "--lr must be 0 or more and finite, not ", lr);
  require(momentum >= 0 && momentum < 1, "--momentum must be 0 or more and below 1, not ", momentum);
  require(!nesterov || momentum > 0, "--nesterov needs a --momentum above 0; or give --no-nesterov");
  require(weight_decay >= 0, "--weight-decay must be 0 or more, not ", weight_decay);
  require(warmup >= 0 && warmup < static_cast<double>(epochs), "--warmup must be 0 or more and below the ",
          counted(epochs, "epoch"), " of training, not ", warmup);
  require(pictures >= 0, "--pictures must be at least 1, or 0 for all, not ", pictures);
  require(permutations == 0 || (permutations >= 2 && permutations <= tasks::most_permutations),
          "--permutations must be 2 to ", tasks::most_permutations, ", or 0 for those of the variant, not ",
          permutations);
  require(permutations == 0 || task == "jigsaw", "--permutations are those of jigsaw; ", task, " has none");
  require(labels >= 0, "--labels must be at least 1, or 0 for all, not ", labels);
  require(labels == 0 || task == "supervised", "--labels are for supervised training; ", task, " needs none");
  require(colors_of.empty() || task == "supervised", "--colors-of is for supervised training; ", task,
          " has its own");
  require(frozen_at.empty() || task == "supervised", "--frozen-at is for supervised training, not for ",
          task);
  require_known("head", head, head_names);
  require(head == "none" || !frozen_at.empty(), "--head ", head,
          " needs --frozen-at, the tap that it learns on");
  label_order_of(label_order);
  require(head_lr > 0 && std::isfinite(head_lr), "--head-lr must be above 0 and finite, not ", head_lr);
  require(validation >= 0 && validation < 1, "--validation must be 0 or more and below 1, not ", validation);
  source.check();
  crop();
  const std::int64_t published = inputs().crop.size();
  if (variant != "fitted") source.size = published;
  make_schedule();
}

void TrainingSettings::check(const data::Dataset& train) const {
  require(task != "supervised" || train.labelled(), "supervised: the pictures of ", train.name(),
          " have no labels");
  const std::int64_t known = labelled_of(*this, train).size();
  const std::int64_t held_out = std::llround(validation * static_cast<double>(known));
  require(validation == 0 || held_out > 0, "--validation ", validation, " of ", counted(known, "picture"),
          " holds none out; give a larger part, or 0");
  const std::int64_t left = labels > 0 ? train.size() : known - held_out;
  require(batch <= left, counted(left, "picture"), " to train on do not fill one batch of ", batch,
          "; give a smaller --batch",
          held_out == 0 ? "" : " or --validation, which holds " + std::to_string(held_out) + " out");
}

namespace {

/// The values of a config, as they are written there, by name.
std::map<std::string, std::string> values_of(std::istream&& in) {
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(in, line);)
    if (const auto at = line.find(" = "); at != std::string::npos)
      values[line.substr(0, at)] = line.substr(at + 3);
  return values;
}

/// What a setting was in a run that was made before there was one: as it is unless given.
std::string default_of(const std::string& name) {
  TrainingSettings unset;
  Settings settings;
  unset.add_to(settings);
  const auto values = values_of(std::istringstream(settings.toml()));
  const auto found = values.find(name);
  return found == values.end() ? "not given" : found->second;
}

/// A run goes on with the settings that it began with; only how its pictures are read may have changed.
void require_same_settings(const std::filesystem::path& stored, const std::string& config) {
  if (!std::filesystem::exists(stored)) return;
  const auto then = values_of(std::ifstream(stored));
  std::string differing;
  const auto now = values_of(std::istringstream(config));
  for (const auto& [name, value] : now) {
    if (name == "size" && now.at("variant") != "\"fitted\"") continue;  // it follows from the variant
    if (name == "data" || name == "cache" || name == "max-bad") continue;
    const auto stored_value = then.find(name);
    const std::string before = stored_value == then.end() ? default_of(name) : stored_value->second;
    if (before != value) differing += "\n  " + name + ": then " + before + ", now " + value;
  }
  require(differing.empty(), stored.string(),
          ": --resume continues a run with the settings that it began with; others are", differing);
}

/// What does not depend on the pictures of how a network is trained.
train::FitOptions fit_options(const TrainingSettings& s, train::FitOptions how) {
  how.epochs = s.epochs;
  how.batch = s.batch;
  how.seed = s.random_seed();
  how.schedule = s.make_schedule();
  if (s.head_lr != 1) how.groups.push_back({optim::named("head"), s.head_lr, std::nullopt});
  how.model = s.model + " width " + std::to_string(s.width);
  for (const auto& [name, value] : programs()) how.facts[name] = value;
  return how;
}

/// A file is often of a network as published, which this one may not be.
void load_init_file(const TrainingSettings& s, nn::Sequential<>& backbone) {
  try {
    WeightSettings{s.init, s.init_dict, s.init_prefix}.load(backbone);
  } catch (const Error& error) {
    if (s.width == 0) throw;
    fail(error.what(), "\nThe network here has --width ", s.width, "; 0 is the width of the publication.");
  }
}

/// Takes over the weights of the run or file that this one begins with.
void load_init(const TrainingSettings& s, nn::Sequential<>& backbone) {
  if (!std::filesystem::is_directory(s.init)) return load_init_file(s, backbone);
  const TrainingSettings from = read_run(s.init);
  const auto named = [](const TrainingSettings& t) {
    return message(t.model, " of width ", t.width, " for ", tool_task(t.task).channels, " channels");
  };
  require(named(from) == named(s), s.init, ": has a network ", named(from), "; expected ", named(s));
  Restored restored = load_backbone(from, s.init);
  nn::load_state(backbone, nn::save_state(restored.backbone));
}

}  // namespace

eval::LabelOrder label_order_of(const std::string& name) {
  require_known("label-order", name, {"random", "file"});
  return name == "file" ? eval::LabelOrder::file : eval::LabelOrder::random;
}

data::Dataset labelled_of(const TrainingSettings& s, const data::Dataset& train) {
  if (s.labels == 0) return train;
  return train.subset(eval::labelled_part(train, s.labels, label_order_of(s.label_order), s.random_seed()));
}

TrainingParts parts_of(const TrainingSettings& s, const data::Dataset& train) {
  const data::Dataset labelled = labelled_of(s, train);
  data::IndexSplit split = data::take_split(labelled.size(), s.validation, s.random_seed());
  const auto once = split.train.size();
  while (s.labels > 0 && std::ssize(split.train) < train.size())
    split.train.push_back(split.train[split.train.size() - once]);
  return {labelled.subset(split.train), labelled.subset(split.held_out)};
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

Trained train_network(const TrainingSettings& s, const data::Dataset& train, const data::Dataset& test,
                      train::FitOptions how, const MakeCompanion& companion) {
  s.check(train);
  require_apart(how.out, s.source);
  if (how.mode == train::RunMode::resume) require_same_settings(how.out / "config.toml", how.config);
  how = fit_options(s, std::move(how));
  const TrainingParts parts = parts_of(s, train);
  how.validation = parts.held_out;
  nn::Sequential<> backbone = make_backbone(s);
  const train::CheckpointRing saved(how.out / "ckpt");
  const bool goes_on =
      how.mode == train::RunMode::resume && (exists(saved.last()) || exists(saved.previous()));
  if (!s.init.empty() && !goes_on) load_init(s, backbone);
  add_head(s, backbone);
  TaskSetup setup = tool_task(s.task).set_up(s, backbone, parts.train, test);
  Trained result{std::move(backbone), std::move(setup.task)};
  result.parameters = nn::count_parameters(result.backbone) + nn::count_parameters(result.task);
  if (how.tensorboard)
    how.on_events = [&](train::EventFile& events, const train::Record& r) {
      if (const auto filters = first_filters(result.backbone))
        events.image("filters", r.step, report::filter_grid(*filters).view());
      if (r.epoch != 1) return;
      const ViewRequest request{setup.train, {0, 0, some_indices(setup.train.size(), 8)}};
      events.image("inputs", r.step, tool_task(s.task).view(s, request).view());
    };
  const optim::Sgd sgd{.momentum = s.momentum, .weight_decay = s.weight_decay, .nesterov = s.nesterov};
  auto beside = companion ? companion(result.backbone, setup.train) : nullptr;
  how.companion = beside.get();
  result.epochs = train::fit(result.backbone, result.task, setup.train, sgd, how);
  beside = nullptr;  // before the backbone moves on
  result.tested = counted(setup.test.size(), setup.tested);
  if (setup.test.size() > 0)
    result.test = train::evaluate(result.backbone, result.task, setup.test, {.batch = s.batch});
  return result;
}
