// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pretext/nn/state.hpp"
#include "pretext/optim/optimizer.hpp"
#include "pretext/train/checkpoint.hpp"
#include "pretext/train/diagnosis.hpp"
#include "pretext/train/evaluate.hpp"
#include "pretext/train/fit_options.hpp"
#include "pretext/train/parameters.hpp"
#include "pretext/train/run_files.hpp"
#include "pretext/train/stop_signals.hpp"

namespace pretext::train {
namespace detail {

/// One call of fit().
template <Device D, class T, class Task>
class Training {
 public:
  template <class Rule>
  Training(nn::Sequential<D, T>& backbone, Task& task, const data::Dataset& dataset, const Rule& rule,
           const FitOptions& options)
      : backbone_(backbone),
        task_(task),
        dataset_(dataset),
        options_(options),
        params_(parameters_of(backbone, task)),
        optimizer_(params_, rule, options.groups),
        tape_(options.seed),
        loader_(dataset.size(), loader_options(options.batch),
                [&task, &dataset](const data::BatchPlan& plan) {
                  return std::as_const(task).batch(dataset, plan, true);
                }) {
    require(options.epochs >= 1 && options.record_every >= 1, "fit: epochs (", options.epochs,
            ") and record_every (", options.record_every, ") must be at least 1");
    require(options.schedule != nullptr, "fit: a schedule of learning rates is needed");
    require(!options.out.empty() || (options.mode == RunMode::fresh && !options.tensorboard),
            "fit: only a run that has a folder (out) can be resumed, replaced or shown in TensorBoard");
    if (!options.out.empty()) files_.emplace(options);
    progress_.emplace(files_ ? files_->with_log(options.progress) : options.progress);
    describe(dataset);
  }

  /// Trains to the end. Returns the records of all epochs, those before a resume too.
  std::vector<Record> run() {
    std::optional<StopSignals> signals;
    if (options_.stop_on_signals) signals.emplace();
    resume();
    if (left_over_ > 0 && at_.epoch < options_.epochs)
      progress_->note("left out of each epoch, other ones each time, as they do not fill a batch of " +
                      std::to_string(options_.batch) + " pictures: " + std::to_string(left_over_));
    progress_->begin(status());
    last_save_ = progress_->now();
    allocator<D>().reset_peak();
    while (at_.epoch < options_.epochs) {
      run_epoch();
      finish_epoch();
      if (at_.epoch == options_.epochs || save_is_due()) save();
      stop_if_asked();
    }
    return std::move(epochs_);
  }

 private:
  using Batch = tasks::Batch<D, T>;

  data::LoaderOptions loader_options(std::int64_t batch) const {
    return {.batch = batch,
            .seed = options_.seed,
            .depth = options_.loader_depth,
            .threads = options_.loader_threads};
  }

  void describe(const data::Dataset& dataset) {
    at_.steps_per_epoch = loader_.steps_per_epoch();
    at_.batch = options_.batch;
    left_over_ = dataset.size() % options_.batch;
    at_.seed = options_.seed;
    at_.task = task_.name();
    at_.model = options_.model;
    at_.config = options_.config;
    at_.config_hash = hash_of(options_.config);
    at_.facts = options_.facts;
    if (files_) at_.data_hash = dataset.hash();
  }

  std::int64_t steps_taken() const { return at_.epoch * at_.steps_per_epoch + at_.step; }

  /// The learning rate of a step, counted from 0 since training began.
  double lr(std::int64_t step) const {
    return options_.schedule(static_cast<double>(step) / static_cast<double>(at_.steps_per_epoch));
  }
  double last_lr() const { return lr(std::max<std::int64_t>(steps_taken() - 1, 0)); }

  void resume() {
    if (!files_) return;
    const auto note = [&](std::string_view text) { progress_->note(text); };
    std::optional<Checkpoint> checkpoint;
    if (options_.mode == RunMode::resume) checkpoint = files_->ring().load(note);
    if (checkpoint) check_same_training(at_, checkpoint->info);
    if (checkpoint) take_position(at_, checkpoint->info);
    files_->open_metrics(checkpoint ? checkpoint->info.metrics : MetricsSize{}, steps_taken(), note);
    if (!checkpoint) return;
    nn::load_state(backbone_, checkpoint->network);
    nn::load_state(task_, checkpoint->head);
    optimizer_.load_state(checkpoint->optimizer);
    resume_companion(options_.companion, checkpoint->companion, note);
    epochs_ = files_->epochs_so_far(at_.epoch);
    if (checkpoint->info.config_hash != at_.config_hash)
      note("the configuration is not the one that the run began with");
    if (at_.epoch >= options_.epochs)
      note("all " + std::to_string(at_.epoch) + " epochs are done already: nothing is left to train");
    else
      note("resumed after " + std::to_string(at_.epoch) + " epochs and " + std::to_string(at_.step) +
           " steps");
  }

  void run_epoch() {
    loader_.start(at_.epoch, at_.step);
    speed_ = {};
    epoch_began_ = progress_->now();
    while (true) {
      const double asked = progress_->now();
      const std::optional<Batch> batch = loader_.next();
      if (!batch) return;
      speed_.waited += progress_->now() - asked;
      take_step(*batch);
      if (options_.companion != nullptr) options_.companion->after_step(dataset_, loader_.plan(at_.step - 1));
      after_step();
    }
  }

  void take_step(const Batch& batch) {
    tape_.clear(narrow<std::uint32_t>(steps_taken(), "fit: steps"));
    auto outcome = task_.loss(backbone_, tape_, batch);
    const double loss = static_cast<double>(outcome.loss.value().item());
    if (!std::isfinite(loss)) stop_not_finite(&batch, "the loss is " + std::to_string(loss));
    tape_.backward(outcome.loss);
    const std::string bad = first_bad_gradient(params_);
    if (!bad.empty()) stop_not_finite(&batch, bad);
    optimizer_.step(lr(steps_taken()));
    ++at_.step;
    const std::int64_t correct = outcome.correct.item();
    at_.epoch_totals.add(loss, correct, outcome.count);
    at_.record_totals.add(loss, correct, outcome.count);
  }

  void after_step() {
    speed_.images += options_.batch;
    speed_.seconds = progress_->now() - epoch_began_;
    if (steps_taken() % options_.record_every == 0) write(record("step", at_.record_totals));
    progress_->step(status());
    stop_if_asked();
    // The end of an epoch is a better place, once its line of metrics is written.
    if (at_.step < at_.steps_per_epoch && save_is_due()) save();
  }

  void finish_epoch() {
    Record r = record("epoch", at_.epoch_totals);
    validate(r);
    write(r);
    progress_->epoch(status(), r);
    write_timing(r);
    epochs_.push_back(r);
    ++at_.epoch;
    at_.step = 0;
    at_.epoch_totals = {};
    if (options_.companion != nullptr) options_.companion->after_epoch(at_.epoch);
    if (options_.on_epoch) options_.on_epoch(r);
    if (files_) files_->add_events(params_, r);
  }

  /// What tensors took at most: the same in every epoch, so it is said once.
  void write_timing(const Record& r) {
    const auto peak = static_cast<std::int64_t>(allocator<D>().use().peak);
    if (files_) files_->write_timing(r, speed_, peak);
    if (std::exchange(memory_noted_, true)) return;
    progress_->note("tensors take up to " + std::to_string((peak + (1 << 20) - 1) >> 20) + " MiB");
  }

  void validate(Record& r) {
    if (options_.validation.size() == 0) return;
    const auto go_on = [this] { return signal() == 0; };
    const tasks::Score score =
        evaluate(backbone_, task_, options_.validation, loader_options(options_.batch), go_on);
    stop_if_asked();
    r.validation_loss = score.loss;
    r.validation_accuracy = score.accuracy();
  }

  Record record(const char* kind, const Totals& totals) const {
    return {.kind = kind,
            .epoch = at_.epoch + 1,
            .step = steps_taken(),
            .lr = last_lr(),
            .loss = totals.mean_loss(),
            .accuracy = totals.accuracy()};
  }

  void write(const Record& r) {
    at_.record_totals = {};
    if (files_) files_->write(r);
  }

  Status status() const {
    return {.epoch = std::min(at_.epoch + 1, options_.epochs),
            .epochs = options_.epochs,
            .step = at_.step,
            .steps = at_.steps_per_epoch,
            .lr = last_lr(),
            .loss = at_.epoch_totals.mean_loss(),
            .accuracy = at_.epoch_totals.accuracy(),
            .speed = speed_};
  }

  bool save_is_due() const {
    if (!files_) return false;
    return (options_.checkpoint_steps > 0 && steps_taken() % options_.checkpoint_steps == 0) ||
           progress_->now() - last_save_ >= options_.checkpoint_seconds;
  }

  Checkpoint checkpoint() {
    return {at_, nn::save_state(backbone_), nn::save_state(task_), optimizer_.save_state(),
            state_of(options_.companion)};
  }

  void save() {
    const std::string bad = first_bad_value(params_);
    if (!bad.empty()) stop_not_finite(nullptr, bad);
    if (!files_) return;
    at_.metrics = files_->sync();
    files_->ring().save(checkpoint());
    last_save_ = progress_->now();
  }

  // The signal that asks for a stop; 0 for none.
  int signal() const { return options_.stop_on_signals ? StopSignals::received() : 0; }

  void stop_if_asked() {
    if (signal() == 0) return;
    save();
    throw Interrupted(signal(), "training was stopped after " + std::to_string(steps_taken()) + " steps; " +
                                    (files_ ? "its state is saved, and --resume goes on from there"
                                            : "nothing is saved, for it had no run folder"));
  }

  // With a batch, whose step is not yet taken, finds out where on its way the fault lies.
  [[noreturn]] void stop_not_finite(const Batch* batch, std::string what) {
    std::string where;
    if (files_) where = "; the state is saved in " + files_->save_not_finite(checkpoint());
    if (batch != nullptr) {
      Tape<D> tape(options_.seed, static_cast<std::uint32_t>(steps_taken()));
      const std::string first = first_fault(backbone_, tape, batch->inputs, params_);
      what += first.empty() ? "; on the way to the head all is finite" : "; it begins with " + first;
    }
    const std::string when = batch != nullptr ? message("epoch ", at_.epoch + 1, ", step ", at_.step + 1)
                                              : message("after ", steps_taken(), " steps");
    fail_not_finite(when, what + where, batch != nullptr ? lr(steps_taken()) : last_lr());
  }

  nn::Sequential<D, T>& backbone_;
  Task& task_;
  const data::Dataset& dataset_;
  const FitOptions& options_;
  ParamList<Wide<T>, D> params_;
  optim::Optimizer<D, Wide<T>> optimizer_;
  Tape<D> tape_;
  data::Loader<Batch> loader_;
  std::optional<RunFiles> files_;
  std::optional<Progress> progress_;
  CheckpointInfo at_;           // where training stands
  std::int64_t left_over_ = 0;  // pictures of each epoch that its batches do not reach
  std::vector<Record> epochs_;
  Speed speed_;  // of this epoch, since it began or was resumed
  double epoch_began_ = 0, last_save_ = 0;
  bool memory_noted_ = false;
};

}  // namespace detail

/// Trains a backbone and the head of a task by a rule such as optim::Sgd. With a run folder, metrics and
/// checkpoints are kept there, and RunMode::resume goes on from the last one to the same bits. Throws
/// Interrupted where a signal asked it to stop, and an Error where a loss, a gradient or a weight is not
/// finite. Returns the records of all epochs.
template <Device D, class T, class Task, optim::UpdateRule Rule>
std::vector<Record> fit(nn::Sequential<D, T>& backbone, Task& task, const data::Dataset& dataset,
                        const Rule& rule, const FitOptions& options = {}) {
  static_assert(tasks::PretextTask<Task, D, T>, "the task lacks something that tasks/task.hpp asks of it");
  return detail::Training<D, T, Task>(backbone, task, dataset, rule, options).run();
}

}  // namespace pretext::train
