// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "study_cells.hpp"
#include "study_findings.hpp"

/// Where a study stands.
struct StudyState {
  std::vector<CellResult> results;
  std::vector<std::pair<std::string, std::string>> failures;  ///< cells and why they failed
  std::size_t left = 0;                                       ///< cells that neither ended well nor failed
  std::string command, config;
};

/// The cells with all that differs but the seed, one group each, in the order of the study.
std::vector<std::vector<CellResult>> over_seeds(const std::vector<CellResult>& results);

/// One page: what is done, what it says, and the numbers behind it.
void write_study_page(const std::filesystem::path& path, const StudyState& state);

/// The same as Markdown: the findings and the table.
std::string study_markdown(const StudyState& state);
