// SPDX-License-Identifier: MIT
#include "saved_run.hpp"

#include <cstdio>
#include <pretext/train/checkpoint.hpp>

#include "tasks.hpp"

using namespace pretext;

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

void RunSettings::add_to(Settings& settings, const std::string& pictures) {
  settings.add("run", &run, "Run folder");
  settings.add("data", &data, pictures + "; empty: those of the run");
  settings.add("cache", &cache, "Folder that keeps decoded pictures; empty: that of the run, -: none");
  settings.add("limit", &limit, "At most so many pictures of a part; 0: as many as the run took");
}

TrainingSettings RunSettings::read() const {
  TrainingSettings s = read_run(run);
  if (data.empty()) require_pictures_of(run, s.source);
  apply(s.source);
  return s;
}

void RunSettings::apply(DataSettings& source) const {
  if (!data.empty()) source.data = data;
  if (!cache.empty()) source.cache = cache;
  if (limit != 0) source.limit = limit;
}

Restored load_backbone(const TrainingSettings& s, const std::filesystem::path& run) {
  const auto note = [](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };
  const auto checkpoint = train::CheckpointRing(run / "ckpt").read(note);
  require(checkpoint.has_value(), run.string(), ": has no checkpoint yet");
  Restored restored{make_network(s), checkpoint->head, checkpoint->info.epoch, checkpoint->info.step};
  nn::load_state(restored.backbone, checkpoint->network);
  restored.hash = nn::hash_state(restored.backbone);
  restored.steps = restored.epoch * checkpoint->info.steps_per_epoch + restored.step;
  if (restored.epoch < s.epochs)
    std::fprintf(stderr, "%s: stands at epoch %lld of %lld\n", run.c_str(),
                 static_cast<long long>(restored.epoch), static_cast<long long>(s.epochs));
  return restored;
}

Trained load_trained(const TrainingSettings& s, const std::filesystem::path& run,
                     const data::Dataset& train) {
  Restored restored = load_backbone(s, run);
  TaskSetup setup = tool_task(s.task).set_up(s, restored.backbone, parts_of(s, train).train, {});
  nn::load_state(setup.task, restored.head);
  return {std::move(restored.backbone), std::move(setup.task)};
}
