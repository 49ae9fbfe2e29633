// SPDX-License-Identifier: MIT
#include "study_cells.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <sstream>

#include "measure.hpp"
#include "run_facts.hpp"
#include "settings.hpp"

using namespace pretext;
namespace fs = std::filesystem;

std::vector<Choice> choices_of(const std::string& axis, const std::string& list) {
  std::vector<Choice> choices;
  for (const std::string& part : split_list(list)) {
    std::istringstream words(part);
    Choice choice;
    words >> choice.name;
    choice.flags.assign(std::istream_iterator<std::string>(words), {});
    require(!choice.name.empty(), "--", axis, " has an empty place: '", list, "'");
    require(std::ranges::find(choices, choice.name, &Choice::name) == choices.end(), "--", axis, " names '",
            choice.name, "' twice");
    choices.push_back(std::move(choice));
  }
  require(!choices.empty(), "--", axis, " must name at least one");
  return choices;
}

void require_free(const std::string& where, const std::vector<std::string>& flags,
                  const std::vector<std::string>& taken) {
  for (const std::string& flag : flags)
    for (const std::string& name : taken)
      require(flag != "--" + name && flag != "--no-" + name && !flag.starts_with("--" + name + "="), where,
              " must not hold ", flag, ": the study sets it");
}

std::string Cell::name() const {
  return task.name + "-" + model.name + "-w" + width + "-n" + pictures + "-" + hardness.name + "-s" + seed;
}

std::vector<std::vector<std::string>> CellCommands::all(const Cell& cell) const {
  const std::string folder = run(cell).string();
  std::vector<std::string> training{program,   "pretrain", cell.task.name, "--model",     cell.model.name,
                                    "--width", cell.width, "--pictures",   cell.pictures, "--seed",
                                    cell.seed, "--test",   "--out",        folder};
  for (const auto* flags : {&train, &cell.task.flags, &cell.model.flags, &cell.hardness.flags})
    training.insert(training.end(), flags->begin(), flags->end());
  std::vector<std::string> linear{program, "probe", "--run", folder, "--seed", cell.seed},
      nearest{program, "knn", "--run", folder, "--no-baselines"};
  linear.insert(linear.end(), probe.begin(), probe.end());
  nearest.insert(nearest.end(), knn.begin(), knn.end());
  return {training, linear, nearest};
}

Job CellCommands::job(const Cell& cell) const {
  Job job{cell.name(), all(cell), log(cell)};
  if (fs::exists(run(cell) / "config.toml")) job.commands[0].push_back("--resume");
  return job;
}

std::optional<CellResult> result_of(const CellCommands& commands, const Cell& cell) {
  const fs::path run = commands.run(cell);
  for (const char* name : {"test.json", "probe.json", "knn.json"})
    if (!fs::exists(run / name)) return std::nullopt;
  CellResult result{.cell = cell,
                    .solved = read_test_accuracy(run).value(),
                    .taps = {},
                    .probe = {},
                    .validation = {},
                    .random = {},
                    .knn = {}};
  for (const eval::Result& r : read_results(run / "probe.json")) {
    if (r.network == cell.task.name) {
      result.taps.push_back(r.tap);
      result.probe.push_back(r.accuracy());
      result.validation.push_back(r.validation_accuracy);
    } else if (r.network == "random") {
      result.random.push_back(r.accuracy());
    }
  }
  for (const eval::Result& r : read_results(run / "knn.json"))
    if (r.network == cell.task.name) result.knn.push_back(r.accuracy());
  require(!result.probe.empty() && result.random.size() == result.probe.size() &&
              result.knn.size() == result.probe.size(),
          run.string(), ": its results do not have one row a tap; delete probe.json and knn.json there");
  for (const double v : result.validation)
    require(
        std::isfinite(v), run.string(),
        ": its probe chose nothing by validation, so that no tap can be chosen; give --probe two penalties");
  return result;
}
