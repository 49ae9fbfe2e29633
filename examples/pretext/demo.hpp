// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/eval/protocol.hpp>
#include <pretext/image/image.hpp>
#include <pretext/train/metrics.hpp>

#include "training.hpp"

/// A picture that the trained network was asked about: which way up?
struct AskedView {
  pretext::Image image;
  int truth = 0, answer = 0;
};

/// A test picture and its nearest training pictures by the features of one network.
struct NeighbourRow {
  pretext::Image query;
  std::string label;
  std::vector<pretext::Image> images;
  std::vector<std::string> labels;
};

/// All that the demo's page shows.
struct DemoOutcome {
  std::vector<std::vector<pretext::train::Record>> rotation_epochs, supervised_epochs;  ///< one list a seed
  std::vector<pretext::eval::Result> results;
  std::vector<AskedView> asked;
  std::string neighbour_tap;
  std::vector<NeighbourRow> neighbours, random_neighbours;
  pretext::Tensor<float, pretext::Cpu> filters;  ///< [KH, KW, 3, Co] of the first layer, batch norm folded in
  std::int64_t parameters = 0, train_pictures = 0, test_pictures = 0;
  double seconds = 0;
};

/// The tap of a network whose linear probe did best on the validation parts, mean over seeds, and its mean
/// test accuracy; NaN where there is none.
std::pair<std::string, double> best_probe(const std::vector<pretext::eval::Result>& results,
                                          const std::string& network);

/// Writes the page, whole or not at all.
void write_demo_page(const std::filesystem::path& path, const DemoOutcome& outcome,
                     const TrainingSettings& settings, const std::string& command);
