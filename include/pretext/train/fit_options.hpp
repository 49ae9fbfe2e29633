// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pretext/data/dataset.hpp"
#include "pretext/optim/group.hpp"
#include "pretext/optim/schedule.hpp"
#include "pretext/tasks/companion.hpp"
#include "pretext/train/event_file.hpp"
#include "pretext/train/metrics.hpp"
#include "pretext/train/progress.hpp"
#include "pretext/train/run_dir.hpp"

namespace pretext::train {

/// How to train. The learnt weights are a function of the part before the first blank line, the data, the
/// task and the network as it begins; nothing after it changes a bit of them.
struct FitOptions {
  std::int64_t epochs = 1;
  std::int64_t batch = 128;  ///< pictures in a step
  std::uint64_t seed = 0;    ///< of the order of pictures and of dropout
  optim::Schedule schedule = optim::Constant{0.1};
  std::vector<optim::Group> groups{};

  data::Dataset validation{};      ///< scored after each epoch where it has pictures
  std::int64_t record_every = 10;  ///< steps between lines of metrics
  int loader_depth = 2;            ///< batches made ahead
  int loader_threads = 1;
  std::filesystem::path out{};                 ///< the run folder; empty: nothing is written
  RunMode mode = RunMode::fresh;               ///< what to do where the run folder is there already
  double checkpoint_seconds = 60;              ///< between checkpoints; the end and a stop save in any case
  std::int64_t checkpoint_steps = 0;           ///< between checkpoints as well, where it is not 0
  std::string config{}, model{};               ///< stored with the run
  std::map<std::string, std::string> facts{};  ///< stored in each checkpoint: decoder versions, the command
  bool stop_on_signals = true;                 ///< SIGINT, SIGTERM, SIGHUP save, then throw Interrupted
  Progress::Options progress{};
  std::function<void(const Record&)> on_epoch{};  ///< called at the end of each epoch
  tasks::Companion* companion = nullptr;          ///< learns beside the network; it must outlive the training
  bool tensorboard = false;  ///< metrics and histograms of weights as event files too, in the run's events/
  std::function<void(EventFile&, const Record&)> on_events{};  ///< adds to those at the end of each epoch
};

}  // namespace pretext::train
