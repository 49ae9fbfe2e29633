// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/train/checkpoint.hpp"
#include "pretext/train/event_file.hpp"
#include "pretext/train/fit_options.hpp"

namespace pretext::train::detail {

/// Refuses to go on with a checkpoint of another training; lists all that differs.
inline void check_same_training(const CheckpointInfo& now, const CheckpointInfo& stored) {
  std::string faults;
  const auto same = [&](const char* what, const auto& a, const auto& b) {
    if (a != b) faults += message("\n  ", what, ": then ", b, ", now ", a);
  };
  same("task", now.task, stored.task);
  same("model", now.model, stored.model);
  same("seed", now.seed, stored.seed);
  same("batch", now.batch, stored.batch);
  same("steps in an epoch", now.steps_per_epoch, stored.steps_per_epoch);
  if (now.data_hash != stored.data_hash)
    faults += "\n  pictures: other ones than the run began with; give those (--data)";
  require(faults.empty(),
          "resume: the run folder holds a training that differs; --force starts it anew:", faults);
}

/// Goes to where a checkpoint stands.
inline void take_position(CheckpointInfo& now, const CheckpointInfo& stored) {
  now.epoch = stored.epoch;
  now.step = stored.step;
  now.epoch_totals = stored.epoch_totals;
  now.record_totals = stored.record_totals;
}

/// What checkpoints keep of a companion, where there is one.
inline std::vector<NamedTensor> state_of(tasks::Companion* companion) {
  return companion != nullptr ? companion->save_state() : std::vector<NamedTensor>();
}

/// Hands a companion its state; says so where it begins late, or where a state has no companion any more.
inline void resume_companion(tasks::Companion* companion, const std::vector<NamedTensor>& state,
                             const std::function<void(std::string_view)>& note) {
  if (companion != nullptr && !state.empty()) return companion->load_state(state);
  if (companion != nullptr) note("what learns beside the network begins here: it was not there before");
  if (!state.empty()) note("what learnt beside the network is given up: it is not there any more");
}

/// "2026-01-31 12:34:56"
inline std::string local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

/// What a training writes into its run folder.
class RunFiles {
 public:
  explicit RunFiles(const FitOptions& options)
      : options_(options),
        dir_(options.out, options.mode, options.config),
        ring_(dir_.checkpoints()),
        log_(dir_.path() / "log"),
        timing_(dir_.path() / "timing.jsonl") {}

  const CheckpointRing& ring() const { return ring_; }

  /// Opens the metrics, behind what a checkpoint remembers of them, where training goes on after `steps`.
  void open_metrics(const MetricsSize& keep, std::int64_t steps,
                    const std::function<void(std::string_view)>& note) {
    metrics_.emplace(dir_.path(), keep);
    if (options_.tensorboard) events_.emplace(dir_.events(), steps);
    if (metrics_->size().jsonl < keep.jsonl || metrics_->size().csv < keep.csv)
      note("metrics: lines are missing that were there when the checkpoint was written");
  }

  /// The records of the whole epochs of a checkpoint, which the metrics must hold: nothing else does.
  std::vector<Record> epochs_so_far(std::int64_t expected) const {
    const std::filesystem::path path = dir_.path() / "metrics.jsonl";
    std::vector<Record> records = read_metrics(path);
    std::erase_if(records, [](const Record& r) { return r.kind != "epoch"; });
    std::int64_t found = 0;
    for (const Record& r : records) found += r.epoch == found + 1 ? 1 : 0;
    require(found == expected && std::ssize(records) == expected, path.native(),
            ": the checkpoint stands after ", expected,
            " epochs; expected a record of each, in order, found ", found, " such among ", records.size(),
            "; bring the file back, or start the run anew (--force)");
    return records;
  }

  /// What TensorBoard shows of an epoch beside its metrics, where that is asked.
  template <class T, Device D>
  void add_events(const ParamList<T, D>& params, const Record& r) {
    if (!events_) return;
    for (const NamedParam<T, D>& p : params) {
      const Tensor<T, Cpu> values = p.param->value.template to<Cpu>();
      events_->histogram(p.name, r.step, std::vector<float>(values.span().begin(), values.span().end()));
    }
    if (options_.on_events) options_.on_events(*events_, r);
  }

  void write(const Record& r) {
    metrics_->write(r);
    if (!events_) return;
    events_->scalar(r.kind + "/loss", r.step, r.loss);
    events_->scalar(r.kind + "/accuracy", r.step, r.accuracy);
    events_->scalar(r.kind + "/lr", r.step, r.lr);
    if (r.validation_loss) events_->scalar("validation/loss", r.step, *r.validation_loss);
    if (r.validation_accuracy) events_->scalar("validation/accuracy", r.step, *r.validation_accuracy);
  }

  MetricsSize sync() {
    if (events_) events_->sync();
    return metrics_->sync();
  }

  /// `peak` bytes were in tensors at once.
  void write_timing(const Record& r, const Speed& speed, std::int64_t peak) {
    JsonObject line;
    line.add("epoch", r.epoch).add("step", r.step).add("time", local_time()).add("seconds", speed.seconds);
    line.add("images_per_second", speed.images_per_second()).add("wait_share", speed.wait_share());
    line.add("tensor_peak_bytes", peak);
    timing_.line(line.text());
  }

  /// The progress options, with every plain line going to the log as well.
  Progress::Options with_log(Progress::Options options) {
    options.log = [this, before = options.log](std::string_view line) {
      log_.line(local_time() + " " + std::string(line));
      if (before) before(line);
    };
    return options;
  }

  /// Sets a broken state aside; returns the file's name.
  std::string save_not_finite(const Checkpoint& checkpoint) const {
    const std::filesystem::path path = dir_.checkpoints() / "not-finite.safetensors";
    save_checkpoint(path, checkpoint);
    return path.native();
  }

 private:
  const FitOptions& options_;
  RunDir dir_;
  CheckpointRing ring_;
  AppendFile log_, timing_;
  std::optional<MetricsLog> metrics_;
  std::optional<EventFile> events_;
};

}  // namespace pretext::train::detail

namespace pretext::train {

/// Adds a line to the log of a run that no process works on: what was found out after training.
inline void add_to_log(const std::filesystem::path& run, std::string_view line) {
  AppendFile(run / "log").line(detail::local_time() + " " + std::string(line));
}

}  // namespace pretext::train
