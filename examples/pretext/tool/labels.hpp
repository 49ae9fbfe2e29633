// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/eval/low_shot.hpp>

#include "measure.hpp"

/// How many pictures of a class have labels, and which; the same flags for every verb.
struct LabelSettings {
  std::string labels = "20,100,400", order = "random";
  std::int64_t draws = 5, seed = 0;

  void add_to(Settings& settings);
  /// Throws what is wrong with the settings alone.
  void check() const;
  /// The numbers of labels; 0: all.
  std::vector<std::int64_t> counts() const;
};

/// How networks are trained on labels.
struct LabelTraining {
  std::int64_t epochs = 20, batch = 64;
  double lr = 0.1, head_lr = 1;
  std::string schedule{};                  ///< empty: that of the run
  std::string frozen_at{}, head = "none";  ///< of TrainingSettings

  /// The settings of one training: from the weights of a run or file, or random ones where there are none.
  TrainingSettings of(const TrainingSettings& run, const WeightSettings& init, const LabelSettings& labels,
                      std::int64_t count, std::int64_t draw) const;
};

/// Trains once for each number of labels and each draw, and scores the test pictures when nothing is left to
/// choose. `out`: where run folders are kept; empty: nowhere.
std::vector<pretext::eval::Result> train_on_labels(const LabelTraining& how, const TrainingSettings& run,
                                                   const WeightSettings& init, const LabelSettings& labels,
                                                   const pretext::data::Dataset& train,
                                                   const pretext::data::Dataset& test,
                                                   const std::filesystem::path& out = {});
