// SPDX-License-Identifier: MIT
#pragma once

#include "training.hpp"

// Runs that were trained before: their settings, their pictures and their networks.

/// The settings of a finished or running training.
TrainingSettings read_run(const std::filesystem::path& run);

/// Throws where the pictures that a run was made with are not there, and says how to name them anew.
void require_pictures_of(const std::filesystem::path& run, const DataSettings& source);

/// A run that is looked at, and where its pictures lie if not where they lay; the same flags for every verb.
struct RunSettings {
  std::string run = "runs/rotation", data, cache;
  std::int64_t limit = 0;

  /// `pictures` says what they are wanted for.
  void add_to(Settings& settings, const std::string& pictures);
  /// The settings of the run with these pictures; throws where those are not there.
  TrainingSettings read() const;
  /// What is given of the place of the pictures.
  void apply(DataSettings& source) const;
};

struct Restored {
  pretext::nn::Sequential<> backbone;
  std::vector<pretext::NamedTensor> head;
  std::int64_t epoch = 0, step = 0;  ///< whole epochs, and steps of the next one
  std::uint64_t hash = 0;            ///< of all weights and statistics
  std::int64_t steps = 0;            ///< of the whole training so far
};

/// The newest whole checkpoint of a run; says on stderr where that is not the end of its training.
Restored load_backbone(const TrainingSettings& settings, const std::filesystem::path& run);

/// A run's network with the head that solves its task, which was trained on these pictures.
Trained load_trained(const TrainingSettings& settings, const std::filesystem::path& run,
                     const pretext::data::Dataset& train);
