// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/eval/eval_options.hpp>
#include <pretext/eval/protocol.hpp>

#include "saved_run.hpp"

/// What the features of a network are measured by: a protocol, and what is not to be as it says. Numbers that
/// are 0 and texts that are empty leave it as it is.
struct MeasureSettings {
  std::string protocol, taps, pool, l2, store;
  std::int64_t budget = 0, k = 0, seed = 0;
  double temperature = 0;
  bool linear = true, knn = true;  ///< what is measured where no protocol is named

  /// The flags of the classifiers that are on, all but the seed.
  void add_to(Settings& settings);
  /// Those of features alone.
  void add_features_to(Settings& settings);

  /// All constants; throws where there is no such protocol, or the settings do not suit it.
  pretext::eval::EvalOptions options() const;

  /// Throws what measuring a network with these taps would throw of the settings alone.
  void check(const std::vector<std::string>& known_taps) const;
};

/// options(), of this network and for what it is shown.
pretext::eval::EvalOptions options_of(const MeasureSettings& settings, const pretext::nn::Sequential<>& net,
                                      const pretext::tasks::PlainInputs& inputs);

/// One row for each tap and protocol of a network; all choices are made on a part of `train`, `test` is read
/// once. A network without stages stands for raw pixels.
std::vector<pretext::eval::Result> measure(pretext::nn::Sequential<>& net, const std::string& network,
                                           const pretext::data::Dataset& train,
                                           const pretext::data::Dataset& test,
                                           const pretext::tasks::PlainInputs& inputs,
                                           const MeasureSettings& settings);

/// The results on the terminal: a row a tap and protocol, a column a network, mean and deviation over seeds,
/// in %, and below the constants of the protocols. `interval`: the 95 % interval of the mean as well.
void print_table(const std::vector<pretext::eval::Result>& results, bool interval = false);

/// Which checkpoint was measured.
pretext::JsonObject weights_of(const std::string& run, const TrainingSettings& training,
                               const Restored& restored);

/// A JSON file of numbers, one a row, and what they depend on. `command` made it; `weights` says which
/// checkpoints were measured, where there were any.
void write_record(const std::filesystem::path& path, pretext::Span<const pretext::JsonObject> rows,
                  const std::string& command, const std::string& config,
                  const pretext::JsonObject& weights = {},
                  pretext::Span<const pretext::JsonObject> summaries = {});

/// The same of results: every number with its tap, network, seed and protocol; where there are several of a
/// kind, what they say together.
void write_results(const std::filesystem::path& path, const std::vector<pretext::eval::Result>& results,
                   const std::string& command, const std::string& config,
                   const pretext::JsonObject& weights = {});

/// The results in a file that write_results() wrote, without how they were chosen; throws where it is none.
std::vector<pretext::eval::Result> read_results(const std::filesystem::path& path);
