// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs.hpp"

/// One value of an axis of a study: "jigsaw --size 96" is named jigsaw and adds two words to the command.
struct Choice {
  std::string name;
  std::vector<std::string> flags;
};

/// The values of an axis, with commas between them; throws where there is none, or two of one name.
std::vector<Choice> choices_of(const std::string& axis, const std::string& list);

/// Throws where flags that are handed on hold one that the study sets by itself.
void require_free(const std::string& where, const std::vector<std::string>& flags,
                  const std::vector<std::string>& taken);

/// One training of a study.
struct Cell {
  Choice task, model, hardness;
  std::string width, pictures, seed;

  /// "rotation-nin3-w16-n0-usual-s0": of its run folder too.
  std::string name() const;
};

/// What is the same for all cells.
struct CellCommands {
  std::string program;             ///< this tool
  std::filesystem::path out;       ///< of the study
  std::vector<std::string> train;  ///< more flags of pretrain
  std::vector<std::string> probe;  ///< and of probe
  std::vector<std::string> knn;

  std::filesystem::path run(const Cell& cell) const { return out / "runs" / cell.name(); }
  std::filesystem::path log(const Cell& cell) const { return out / "logs" / (cell.name() + ".log"); }
  /// What makes the cell from nothing; a cell is the same cell where this is the same.
  std::vector<std::vector<std::string>> all(const Cell& cell) const;
  /// What is left to do: training goes on from its last checkpoint.
  Job job(const Cell& cell) const;
};

/// What came out of a cell.
struct CellResult {
  Cell cell;
  double solved = 0;               ///< accuracy of the task on test pictures
  std::vector<std::string> taps;   ///< in the order of the network
  std::vector<double> probe;       ///< test accuracy of a linear probe at each tap
  std::vector<double> validation;  ///< and on what it chose by
  std::vector<double> random;      ///< of the same network with random weights
  std::vector<double> knn;         ///< of nearest neighbours

  /// The tap whose validation accuracy is highest: the test part chooses nothing.
  std::size_t chosen() const {
    return static_cast<std::size_t>(std::ranges::max_element(validation) - validation.begin());
  }
  double best() const { return probe[chosen()]; }
  /// What pretraining gains at that tap.
  double gain() const { return best() - random[chosen()]; }
};

/// The result of a cell that is whole; nothing where one is missing. Throws where they do not go together.
std::optional<CellResult> result_of(const CellCommands& commands, const Cell& cell);
