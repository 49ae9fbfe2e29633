// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <pretext/eval/online_probes.hpp>
#include <pretext/eval/protocol.hpp>
#include <pretext/train/metrics.hpp>
#include <string>
#include <vector>

#include "training.hpp"

/// The file of a run folder that 'pretrain --online-probes' writes.
inline constexpr const char* online_probes_file = "online_probes.jsonl";

/// What a run folder says of a training and of what its features are worth.
struct RunFacts {
  std::filesystem::path folder;
  TrainingSettings training;
  std::vector<pretext::train::Record> epochs;
  std::optional<double> test_accuracy{};
  std::vector<pretext::eval::Summary> probes{};
  std::vector<pretext::eval::OnlineScore> online{};  ///< empty: no probe learnt during the training

  /// The tap whose validation accuracy is highest by a protocol; null where none has one, as with a protocol
  /// that has nothing to choose.
  const pretext::eval::Summary* best(const std::string& protocol) const;
  bool measured(const std::string& protocol) const;
};

/// Throws where no epoch has ended yet.
RunFacts read_facts(const std::filesystem::path& run, const TrainingSettings& training);

/// How well the task was solved on test pictures; nothing where that was not asked.
std::optional<double> read_test_accuracy(const std::filesystem::path& run);
