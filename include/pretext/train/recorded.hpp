// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "pretext/cuda/graph.hpp"
#include "pretext/cuda/resident.hpp"
#include "pretext/cuda/step_state.hpp"
#include "pretext/nn/state.hpp"
#include "pretext/optim/optimizer.hpp"
#include "pretext/tasks/resident_program.hpp"
#include "pretext/train/parameters.hpp"

namespace pretext::train {

struct RecordedOptions {
  std::int64_t batch = 128;  ///< pictures a step; a task makes several views of each
  std::uint64_t seed = 0;
  bool record = true;  ///< false: every launch of every step is made anew, to the same bits
};

/// Training on a GPU where the pictures lie already. A step, from drawing views to updating weights, is
/// recorded once and then replayed as one launch; nothing is read back before tally(). The task must be a
/// view program.
template <class T, class Task>
class RecordedTraining {
 public:
  template <optim::UpdateRule Rule>
  RecordedTraining(nn::Sequential<Cuda, T>& backbone, Task& task, const cuda::ResidentSet& pictures,
                   const Rule& rule, const RecordedOptions& options,
                   const std::vector<optim::Group>& groups = {})
      : backbone_(backbone),
        task_(task),
        pictures_(pictures),
        options_(options),
        program_(task.program()),
        optimizer_(detail::parameters_of(backbone, task), rule, groups),
        tape_(options.seed) {
    require(options.batch >= 1 && options.batch <= pictures.size(), "training: ", pictures.size(),
            " pictures do not fill one batch of ", options.batch);
  }
  RecordedTraining(const RecordedTraining&) = delete;
  RecordedTraining& operator=(const RecordedTraining&) = delete;

  std::int64_t steps_per_epoch() const { return pictures_.size() / options_.batch; }
  std::int64_t steps() const { return steps_; }

  /// One step. It is asked for, not waited for.
  void step(double lr) {
    state_.set({.first = steps_ % steps_per_epoch() * options_.batch,
                .epoch = narrow<std::uint32_t>(steps_ / steps_per_epoch(), "training: epochs"),
                .step = narrow<std::uint32_t>(steps_, "training: steps")});
    const auto at_once = [&] { work([&] { optimizer_.step(lr); }); };
    if (!options_.record) {
      at_once();
    } else if (warm_ < warm_ups) {
      graph_.warm_up(at_once);
      ++warm_;
    } else {
      if (!graph_.recorded()) graph_.record([&] { work([&] { optimizer_.record(); }); });
      optimizer_.renew(lr);
      graph_.replay();
    }
    ++steps_;
  }

  /// What the steps since the last call came to; waits for them. Throws where a loss was not finite.
  cuda::Tally tally() {
    const cuda::Tally tally = tally_.get();
    tally_.set({});
    require(tally.bad_step < 0, "training: step ", steps_ - tally.steps + tally.bad_step + 1,
            ": the loss is not finite. Try a lower learning rate, a longer warm-up, or batch norm");
    return tally;
  }

  /// Where training stands: another with the same options goes on from it, to the same bits where
  /// convolutions are not tuned.
  Checkpoint checkpoint() {
    CheckpointInfo at;
    at.epoch = steps_ / steps_per_epoch();
    at.step = steps_ % steps_per_epoch();
    at.steps_per_epoch = steps_per_epoch();
    at.batch = options_.batch;
    at.seed = options_.seed;
    at.task = task_.name();
    return {at, nn::save_state(backbone_), nn::save_state(task_), optimizer_.save_state(), {}};
  }

  /// Goes on from there, before the first step; throws where it is of another training.
  void resume(const Checkpoint& checkpoint) {
    const CheckpointInfo& at = checkpoint.info;
    require(steps_ == 0, "training: ", steps_, " steps were made; a checkpoint is loaded before the first");
    require(at.task == task_.name() && at.seed == options_.seed && at.batch == options_.batch &&
                at.steps_per_epoch == steps_per_epoch(),
            "training: the checkpoint is of ", at.task, ", seed ", at.seed, ", ", at.steps_per_epoch,
            " batches of ", at.batch, "; expected ", task_.name(), ", seed ", options_.seed, ", ",
            steps_per_epoch(), " batches of ", options_.batch);
    nn::load_state(backbone_, checkpoint.network);
    nn::load_state(task_, checkpoint.head);
    optimizer_.load_state(checkpoint.optimizer);
    steps_ = at.epoch * at.steps_per_epoch + at.step;
  }

  /// Kernels and copies of one recorded step; 0 before it is recorded.
  std::size_t launches() const { return graph_.recorded() ? graph_.nodes() : 0; }

 private:
  using Program = std::remove_cvref_t<decltype(std::declval<Task&>().program())>;
  // After the first step all state is made, after the second all memory of a steady one.
  static constexpr std::int64_t warm_ups = 2;

  template <class Update>
  void work(Update&& update) {
    const cuda::StepOnDevice step(&state_.data()->step);
    tape_.clear(static_cast<std::uint32_t>(steps_));
    auto outcome =
        task_.loss(backbone_, tape_,
                   tasks::draw_batch<T>(program_, {pictures_, state_.data(), options_.batch, options_.seed},
                                        task_.draw_options(), true));
    tape_.backward(outcome.loss);
    update();
    cuda::launch_tally(outcome.loss.value().data(), outcome.correct.data(), tally_.data());
    tape_.clear();
  }

  nn::Sequential<Cuda, T>& backbone_;
  Task& task_;
  const cuda::ResidentSet& pictures_;
  const RecordedOptions options_;
  const cuda::DeviceProgram<Program> program_;
  optim::Optimizer<Cuda, Wide<T>> optimizer_;
  Tape<Cuda> tape_;
  cuda::DeviceValue<cuda::StepState> state_;
  cuda::DeviceValue<cuda::Tally> tally_;
  cuda::Graph graph_;  // last, so that it is the first to go
  std::int64_t steps_ = 0, warm_ = 0;
};

}  // namespace pretext::train
