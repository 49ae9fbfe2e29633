// SPDX-License-Identifier: MIT
// `pretext compare` lays several runs side by side on one page: what their features are worth, how they were
// trained, and in which settings they differ.
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <pretext/report/page.hpp>
#include <sstream>

#include "environment.hpp"
#include "page_parts.hpp"
#include "run_facts.hpp"
#include "saved_run.hpp"
#include "verbs.hpp"

using namespace pretext;
using report::Html;
namespace fs = std::filesystem;

namespace {

struct CompareSettings {
  std::string runs, out = "compare.html";
  DryRun dry_run;
};

struct Run {
  std::string name;
  RunFacts facts;
};

/// The runs under the names of their folders, or under their paths where two are called alike.
std::vector<Run> read_runs(const std::string& list) {
  std::vector<Run> runs;
  for (const std::string& path : split_list(list)) {
    runs.push_back({fs::path(path).lexically_normal().filename().string(), read_facts(path, read_run(path))});
    if (runs.back().name.empty()) runs.back().name = path;
  }
  require(runs.size() >= 2, "--runs must name two run folders or more, with commas between them");
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (runs[i].name == runs[j].name)
        for (Run& r : runs) r.name = r.facts.folder.string();
  return runs;
}

report::Cell cell_of(const eval::Summary* s) {
  return s == nullptr ? report::Cell("") : report::Cell(100 * s->accuracy.mean, 1);
}

/// Nearest neighbours where validation chose among their constants, or at the tap that it chose for the
/// probe.
const eval::Summary* neighbours_of(const Run& run, const eval::Summary* probe) {
  if (const eval::Summary* chosen = run.facts.best("kNN")) return chosen;
  return probe == nullptr ? nullptr
                          : summary_of(run.facts.probes, run.facts.training.task, probe->first.tap, "kNN");
}

/// The same tap of the same network with random weights.
const eval::Summary* random_of(const Run& run, const eval::Summary& best) {
  return summary_of(run.facts.probes, "random", best.first.tap, "linear probe");
}

Html results(const std::vector<Run>& runs) {
  using report::Best;
  report::Table table{
      "Test accuracy in %: the task solved, a linear probe and nearest neighbours, each at the tap that "
      "validation chose, and the same network with random weights",
      {{"run"},
       {"task"},
       {"network"},
       {"solved"},
       {"probe", Best::highest},
       {"at"},
       {"random"},
       {"gain", Best::highest},
       {"kNN", Best::highest}},
      {}};
  for (const Run& run : runs) {
    const TrainingSettings& t = run.facts.training;
    const eval::Summary* linear = run.facts.best("linear probe");
    const eval::Summary* random = linear == nullptr ? nullptr : random_of(run, *linear);
    table.rows.push_back(
        {run.name, t.task, t.model + " " + std::to_string(t.width),
         run.facts.test_accuracy ? report::Cell(100 * *run.facts.test_accuracy, 1) : report::Cell(""),
         cell_of(linear),
         linear != nullptr                    ? linear->first.tap
         : run.facts.measured("linear probe") ? "no validation chose one"
                                              : "not measured",
         cell_of(random),
         random == nullptr
             ? report::Cell("")
             : report::Cell::difference(100 * (linear->accuracy.mean - random->accuracy.mean), 1),
         cell_of(neighbours_of(run, linear))});
  }
  return report::table(table);
}

/// The probe along the taps, which different networks have different ones of.
report::LinePlot depths(const std::vector<Run>& runs) {
  report::LinePlot plot{.title = "Linear probe along the network",
                        .x_label = "tap, of all in %",
                        .y_label = "test accuracy, %"};
  for (const Run& run : runs) {
    const auto taps = taps_of(run.facts.probes, run.facts.training.task, "linear probe");
    std::vector<double> x, y;
    for (std::size_t i = 0; i < taps.size(); ++i) {
      x.push_back(100 * static_cast<double>(i + 1) / static_cast<double>(taps.size()));
      y.push_back(
          100 *
          summary_of(run.facts.probes, run.facts.training.task, taps[i], "linear probe")->accuracy.mean);
    }
    if (!x.empty()) plot.series.push_back({.name = run.name, .x = x, .y = y});
  }
  return plot;
}

report::LinePlot curves(const std::vector<Run>& runs, const char* title,
                        double (*value)(const train::Record&)) {
  report::LinePlot plot{.title = title, .x_label = "epoch"};
  for (const Run& run : runs) plot.series.push_back(epoch_curve(run.name, {run.facts.epochs}, value));
  return plot;
}

/// The settings that are not the same in all runs.
Html differences(const std::vector<Run>& runs) {
  std::map<std::string, std::vector<std::string>> values;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::istringstream lines(read_text(runs[i].facts.folder / "config.toml"));
    for (std::string line; std::getline(lines, line);)
      if (const auto at = line.find(" = "); at != std::string::npos) {
        auto& row = values[line.substr(0, at)];
        row.resize(runs.size());
        row[i] = line.substr(at + 3);
      }
  }
  report::Table table{"", {{"setting"}}, {}};
  for (const Run& run : runs) table.columns.push_back({run.name});
  for (const auto& [name, row] : values) {
    if (std::ranges::all_of(row, [&](const std::string& v) { return v == row.front(); })) continue;
    table.rows.push_back({name});
    for (const std::string& value : row) table.rows.back().emplace_back(value);
  }
  return table.rows.empty() ? report::paragraph("None: the runs differ in nothing that was set.")
                            : report::table(table);
}

int run(const CompareSettings& s, const Settings& settings) {
  const std::vector<Run> runs = read_runs(s.runs);
  std::string names;
  for (const Run& r : runs) names += (names.empty() ? "" : ", ") + r.name;
  if (s.dry_run.asked())
    return s.dry_run.say(settings, "would compare " + names + " on " + s.out + "; nothing was written");
  report::Page page("Runs compared", "Side by side: " + names + ".");
  std::vector<report::Tile> tiles;
  for (const Run& r : runs)
    if (const eval::Summary* best = r.facts.best("linear probe"))
      tiles.push_back({percent(best->accuracy.mean), r.name, "linear probe at " + best->first.tap});
  if (!tiles.empty()) page.headline(tiles);
  const report::LinePlot plot = depths(runs);
  page.section("What the features are worth", results(runs),
               plot.series.empty()
                   ? report::paragraph("No run was measured yet: pretext probe --run RUN does it.")
                   : report::figure(plot));
  page.section("How training went",
               "Tasks differ in how many answers they have, so curves of different tasks say how fast they "
               "are learnt, and "
               "not which is harder.",
               report::side_by_side(
                   {report::figure(curves(runs, "The task solved in training, %",
                                          [](const train::Record& r) { return 100 * r.accuracy; })),
                    report::figure(curves(runs, "Loss", [](const train::Record& r) { return r.loss; }))}));
  page.section("Which settings differ", differences(runs));
  page.section("How to do it again", report::command(settings.command()), report::facts(environment()));
  make_folder_of(s.out);
  page.write(s.out);
  std::printf("%s\n", s.out.c_str());
  return 0;
}

}  // namespace

Verb compare_verb() {
  auto s = std::make_shared<CompareSettings>();
  Verb verb{"compare",
            "Lay several runs side by side on one self-contained page",
            {},
            [s](const Settings& settings) { return run(*s, settings); }};
  verb.settings.add("runs", &s->runs, "Run folders, with commas between them");
  s->dry_run.add_to(verb.settings);
  verb.settings.add("out", &s->out, "The page to write");
  return verb;
}
