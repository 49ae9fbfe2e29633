// SPDX-License-Identifier: MIT
#pragma once

#include "saved_run.hpp"
#include "settings.hpp"

/// The network that a verb looks at, and the pictures: those of a run, or weights that somebody else trained.
struct NetworkSettings {
  RunSettings of;
  WeightSettings weights;
  std::string model, colors_of;
  std::int64_t width = 0, size = 224;
  DryRun dry_run;

  /// `pictures` says what they are wanted for.
  void add_to(Settings& settings, const std::string& pictures);
  /// The settings of the run, or those by which the weights could have been trained; throws where what was
  /// given is not enough, or would be ignored.
  /// Beside weights of a file stand random ones of this seed; a run has its own first ones.
  TrainingSettings read(const Settings& given, std::int64_t seed) const;
  /// What results call it: the task of the run, or the model of the weights.
  std::string name(const TrainingSettings& training) const;
  Restored load(const TrainingSettings& training) const;
  /// The run, or the file.
  WeightSettings from() const;
  /// Where results go: `out`, or `file` in the run folder; throws where there is neither.
  std::string place(const std::string& out, const std::string& file) const;
  /// What a dry run ends with, before pictures are opened. Returns 0.
  int say_dry_run(const Settings& given, const std::string& work, const std::string& out) const;
};
