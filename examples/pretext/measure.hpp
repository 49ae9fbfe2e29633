// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/eval/protocol.hpp>

#include "training.hpp"

/// What the features of a network are measured by.
struct MeasureSettings {
  std::string taps, pool = "average", l2 = "0.1,0.01,0.001,0.0001,0.00001";
  std::int64_t budget = 4096, k = 200, seed = 0;
  double temperature = 0.1;
  bool linear = true, knn = true;

  /// The flags of the protocols that are on.
  void add_to(Settings& settings);

  /// Throws what measuring a network with these taps would throw of the settings alone.
  void check(const std::vector<std::string>& known_taps) const;
};

/// One row for each tap and protocol of a network; all choices are made on a part of `train`, `test` is read
/// once. A network without stages stands for raw pixels.
std::vector<pretext::eval::Result> measure(pretext::nn::Sequential<>& net, const std::string& network,
                                           const pretext::data::Dataset& train,
                                           const pretext::data::Dataset& test,
                                           const pretext::tasks::PlainInputs& inputs,
                                           const MeasureSettings& settings);

/// The results on the terminal: a row a tap and protocol, a column a network, mean and deviation over seeds,
/// in %.
void print_table(const std::vector<pretext::eval::Result>& results);

/// Which checkpoint was measured.
pretext::JsonObject weights_of(const std::string& run, const TrainingSettings& training,
                               const Restored& restored);

/// A JSON file of numbers, one a row, and what they depend on. `command` made it; `weights` says which
/// checkpoints were measured, where there were any.
void write_record(const std::filesystem::path& path, pretext::Span<const pretext::JsonObject> rows,
                  const std::string& command, const std::string& config,
                  const pretext::JsonObject& weights = {});

/// The same of results: every number with its tap, network, seed and protocol.
void write_results(const std::filesystem::path& path, const std::vector<pretext::eval::Result>& results,
                   const std::string& command, const std::string& config,
                   const pretext::JsonObject& weights = {});

/// The results in a file that write_results() wrote, without how they were chosen; throws where it is none.
std::vector<pretext::eval::Result> read_results(const std::filesystem::path& path);
