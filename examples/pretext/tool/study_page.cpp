// SPDX-License-Identifier: MIT
#include "study_page.hpp"

#include <algorithm>
#include <cmath>
#include <pretext/eval/protocol.hpp>
#include <pretext/report/page.hpp>

#include "environment.hpp"
#include "settings.hpp"

using namespace pretext;
using report::Html;

namespace {

double percent_of(double part) { return 100 * part; }

std::string group_name(const Cell& c) {
  std::string name = c.task.name + ", " + c.model.name + " " + c.width;
  if (c.pictures != "0") name += ", " + c.pictures + " pictures";
  if (c.hardness.name != "usual") name += ", " + c.hardness.name;
  return name;
}

template <class Value>
eval::Spread spread_of(const std::vector<CellResult>& group, Value value) {
  std::vector<double> values;
  for (const CellResult& r : group) values.push_back(percent_of(value(r)));
  return eval::spread(values);
}

/// What the table shows of a group: the columns' names and their values.
struct Measured {
  std::string name;
  eval::Spread spread;
};

std::vector<Measured> measured(const std::vector<CellResult>& group) {
  return {{"task solved", spread_of(group, [](const CellResult& r) { return r.solved; })},
          {"linear probe", spread_of(group, [](const CellResult& r) { return r.best(); })},
          {"random weights", spread_of(group, [](const CellResult& r) { return r.random[r.chosen()]; })},
          {"gain", spread_of(group, [](const CellResult& r) { return r.gain(); })},
          {"nearest neighbours", spread_of(group, [](const CellResult& r) { return r.knn[r.chosen()]; })}};
}

report::Cell cell_of(const Measured& m) {
  const double around = m.spread.count > 1 ? m.spread.deviation : std::nan("");
  report::Cell cell(m.spread.mean, 1, around);
  if (m.name == "gain" && m.spread.mean >= 0) cell.words.insert(0, 1, '+');
  return cell;
}

Html results_table(const StudyState& state) {
  report::Table table{
      "Test accuracy in %, mean and deviation over seeds; the tap is chosen by validation", {{"cells"}}, {}};
  for (const auto& group : over_seeds(state.results)) {
    const auto values = measured(group);
    if (table.columns.size() == 1)
      for (const Measured& m : values)
        table.columns.push_back(
            {m.name, m.name == "random weights" ? report::Best::none : report::Best::highest});
    std::vector<report::Cell> row{group_name(group.front().cell)};
    for (const Measured& m : values) row.push_back(cell_of(m));
    table.rows.push_back(std::move(row));
  }
  return report::table(table);
}

constexpr const char* verdicts =
    "A statement holds, or does not, where the 95 % interval of its number lies on one side of what it "
    "claims; it is not shown where the interval reaches both sides, and not asked where the study does not "
    "vary what it is about. The intervals are not corrected for how many pairs were looked at.";

Html findings_table(const std::vector<Finding>& findings) {
  report::Table table{
      "", {{"statement"}, {"source"}, {"here"}, {"numbers: mean (95 % interval, how many)"}}, {}};
  for (const Finding& f : findings) table.rows.push_back({f.statement, f.source, f.verdict, f.numbers});
  return report::table(table);
}

std::vector<std::string> names_of(const std::vector<CellResult>& results, std::string (*name)(const Cell&)) {
  std::vector<std::string> names;
  for (const CellResult& r : results)
    if (std::ranges::find(names, name(r.cell)) == names.end()) names.push_back(name(r.cell));
  return names;
}

std::string task_name(const Cell& c) { return c.task.name; }
std::string network_name(const Cell& c) { return c.model.name + " " + c.width; }

/// A number of each task and network, a mean over all else.
report::Matrix matrix(const std::vector<CellResult>& all, const std::string& title,
                      double (*value)(const CellResult&)) {
  report::Matrix m{.title = title, .rows = names_of(all, network_name), .columns = names_of(all, task_name)};
  for (const std::string& row : m.rows) {
    m.values.emplace_back();
    for (const std::string& column : m.columns) {
      std::vector<double> values;
      for (const CellResult& r : all)
        if (network_name(r.cell) == row && task_name(r.cell) == column)
          values.push_back(percent_of(value(r)));
      m.values.back().push_back(values.empty() ? std::nan("") : eval::spread(values).mean);
    }
  }
  return m;
}

/// The probe along the taps of each network, a mean over tasks and all else.
report::LinePlot depths(const std::vector<CellResult>& all, const std::string& task) {
  report::LinePlot plot{.title = task, .x_label = "tap, of all in %", .y_label = "linear probe, %"};
  for (const std::string& network : names_of(all, network_name)) {
    std::vector<double> x;
    std::vector<std::vector<double>> y;
    for (const CellResult& r : all) {
      if (network_name(r.cell) != network || r.cell.task.name != task) continue;
      x.clear();
      y.emplace_back();
      for (std::size_t i = 0; i < r.probe.size(); ++i) {
        x.push_back(100 * static_cast<double>(i + 1) / static_cast<double>(r.probe.size()));
        y.back().push_back(percent_of(r.probe[i]));
      }
    }
    if (!y.empty()) plot.series.push_back(report::over_runs(network, x, y));
  }
  return plot;
}

std::string summary_of(const StudyState& s) {
  std::string words = counted(std::ssize(s.results), "cell") + " done";
  if (!s.failures.empty()) words += ", " + std::to_string(s.failures.size()) + " failed";
  if (s.left > 0) words += ", " + std::to_string(s.left) + " to do";
  return words + ". Each trains one network by one task and measures what its features are worth.";
}

}  // namespace

std::vector<std::vector<CellResult>> over_seeds(const std::vector<CellResult>& results) {
  std::vector<std::vector<CellResult>> groups;
  for (const CellResult& r : results) {
    const auto found = std::ranges::find_if(
        groups, [&](const auto& group) { return group_name(group.front().cell) == group_name(r.cell); });
    if (found == groups.end())
      groups.push_back({r});
    else
      found->push_back(r);
  }
  return groups;
}

void write_study_page(const std::filesystem::path& path, const StudyState& s) {
  report::Page page("A study of pretext tasks", summary_of(s));
  page.headline({{std::to_string(s.results.size()), "cells done", ""},
                 {std::to_string(s.failures.size()), "failed", ""},
                 {std::to_string(s.left), "to do", ""}});
  if (!s.results.empty()) {
    page.section("What the literature says, and what is seen here", verdicts,
                 findings_table(findings_of(s.results)));
    page.section("What pretraining gains over random weights",
                 "Percentage points of a linear probe at the tap that validation chose; a mean over seeds, "
                 "hardness and numbers of pictures.",
                 report::figure(matrix(s.results, "Gain by task and network",
                                       [](const CellResult& r) { return r.gain(); })),
                 report::figure(matrix(s.results, "Linear probe by task and network",
                                       [](const CellResult& r) { return r.best(); })));
    Html plots;
    for (const std::string& task : names_of(s.results, task_name))
      plots += report::figure(depths(s.results, task));
    page.section("Where in the network the features are best",
                 "The linear probe along the taps; the band reaches from the lowest to the highest run.",
                 plots);
    page.section("All numbers", results_table(s));
  }
  if (!s.failures.empty()) {
    report::Table table{"", {{"cell"}, {"why"}}, {}};
    for (const auto& [name, why] : s.failures) table.rows.push_back({name, why});
    page.section("What failed", report::table(table));
  }
  page.section("How to do it again", report::command(s.command),
               "Its settings, as --config takes them:", report::command(s.config),
               report::facts(environment()));
  page.write(path);
}

std::string study_markdown(const StudyState& s) {
  std::string text =
      "# A study of pretext tasks\n\n`" + s.command + "`\n\n" + summary_of(s) + "\n\n" + verdicts +
      "\n\n| statement | source | here | numbers: mean (95 % interval, how many) |\n|---|---|---|---|\n";
  for (const Finding& f : findings_of(s.results))
    text += "| " + f.statement + " | " + f.source + " | " + f.verdict + " | " + f.numbers + " |\n";
  text += "\nTest accuracy in %, mean and deviation over seeds; the tap is chosen by validation.\n\n";
  bool headed = false;
  for (const auto& group : over_seeds(s.results)) {
    const auto values = measured(group);
    std::string names = "| cells |", rule = "|---|", row = "| " + group_name(group.front().cell) + " |";
    for (const Measured& m : values) {
      names += " " + m.name + " |";
      rule += "---|";
      const report::Cell cell = cell_of(m);
      row += " " + cell.words + (cell.spread.empty() ? "" : " " + cell.spread) + " |";
    }
    if (!std::exchange(headed, true)) text += names + "\n" + rule + "\n";
    text += row + "\n";
  }
  for (const auto& [name, why] : s.failures) text += "\nFailed: " + name + ": " + why + "\n";
  return text;
}
