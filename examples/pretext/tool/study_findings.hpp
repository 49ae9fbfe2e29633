// SPDX-License-Identifier: MIT
#pragma once

#include "study_cells.hpp"

/// A statement of the literature and what a study says about it.
struct Finding {
  std::string statement, source;
  std::string verdict;  ///< "holds", "does not hold", "not shown" or "not asked"
  std::string numbers;
};

/// What the results say about what has been said of pretext tasks: each with its numbers and the 95 %
/// interval that decides. A statement whose axis the study does not vary is "not asked"; one whose interval
/// reaches both sides is "not shown".
std::vector<Finding> findings_of(const std::vector<CellResult>& results);
