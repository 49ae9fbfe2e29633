// SPDX-License-Identifier: MIT
#include <cmath>
#include <pretext/report/filters.hpp>
#include <pretext/report/gallery.hpp>
#include <pretext/report/page.hpp>
#include <pretext/report/table.hpp>

#include "demo.hpp"
#include "environment.hpp"

using namespace pretext;
using report::Html;

namespace {

const std::vector<std::string> turn_names{"upright", "turned left", "upside down", "turned right"};
const std::vector<std::string> networks{"rotation", "random", "supervised"};

std::string percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * value);
  return text;
}

/// One curve over epochs, its band reaching from the lowest to the highest seed.
report::Series curve(const std::string& name, const std::vector<std::vector<train::Record>>& seeds,
                     double (*value)(const train::Record&)) {
  std::vector<double> epochs;
  std::vector<std::vector<double>> runs;
  for (const train::Record& r : seeds.front()) epochs.push_back(static_cast<double>(r.epoch));
  for (const auto& records : seeds) {
    runs.emplace_back();
    for (const train::Record& r : records) runs.back().push_back(value(r));
  }
  return report::over_runs(name, epochs, runs);
}

Html curves(const DemoOutcome& o) {
  const auto accuracy = [](const train::Record& r) { return 100 * r.accuracy; };
  const auto loss = [](const train::Record& r) { return r.loss; };
  const report::LinePlot solved{.title = "Rotation prediction",
                                .x_label = "epoch",
                                .y_label = "accuracy on training views, %",
                                .series = {curve("rotation", o.rotation_epochs, accuracy)},
                                .reference = report::Reference{25, "chance"}};
  const report::LinePlot losses{.title = "Loss",
                                .x_label = "epoch",
                                .y_label = "cross-entropy",
                                .series = {curve("rotation", o.rotation_epochs, loss)},
                                .reference = report::Reference{std::log(4.0), "chance"}};
  return report::side_by_side({report::figure(solved), report::figure(losses)});
}

const eval::Summary* find(const std::vector<eval::Summary>& all, const std::string& network,
                          const std::string& tap, const std::string& protocol) {
  for (const auto& s : all)
    if (s.first.network == network && s.first.tap == tap && s.first.protocol.starts_with(protocol)) return &s;
  return nullptr;
}

report::Cell cell(const eval::Summary* s) {
  if (s == nullptr) return "";
  return {100 * s->accuracy.mean, 1, s->accuracy.count > 1 ? 100 * s->accuracy.deviation : std::nan("")};
}

std::vector<std::string> taps_of(const std::vector<eval::Summary>& all) {
  std::vector<std::string> taps;
  for (const auto& s : all)
    if (s.first.network == "rotation" && s.first.protocol.starts_with("linear probe"))
      taps.push_back(s.first.tap);
  return taps;
}

/// A row a tap: what each network's features reach there, and what pretraining gains over random weights.
Html probe_table(const std::vector<eval::Summary>& all, const std::string& protocol,
                 const std::string& caption) {
  using report::Best;
  report::Table table{caption,
                      {{"tap"},
                       {"rotation", Best::highest},
                       {"random weights", Best::highest},
                       {"gain", Best::highest},
                       {"supervised", Best::highest},
                       {"raw pixels"}},
                      {}};
  for (const std::string& tap : taps_of(all)) {
    const auto* rotation = find(all, "rotation", tap, protocol);
    const auto* random = find(all, "random", tap, protocol);
    table.rows.push_back(
        {tap, cell(rotation), cell(random),
         report::Cell::difference(100 * (rotation->accuracy.mean - random->accuracy.mean), 1),
         cell(find(all, "supervised", tap, protocol)), ""});
  }
  table.rows.push_back({"input", "", "", "", "", cell(find(all, "raw pixels", "pixels", protocol))});
  return report::table(table);
}

Html probe_bars(const std::vector<eval::Summary>& all) {
  report::BarChart chart{.title = "Linear probe by tap", .x_label = "test accuracy, %", .series = networks};
  for (const std::string& tap : taps_of(all)) {
    report::BarGroup group{tap, {}};
    for (const std::string& network : networks) {
      const auto* s = find(all, network, tap, "linear probe");
      group.bars.push_back(s == nullptr ? report::Bar{}
                                        : report::Bar{100 * s->accuracy.mean, 100 * s->accuracy.deviation});
    }
    chart.groups.push_back(group);
  }
  if (const auto* raw = find(all, "raw pixels", "pixels", "linear probe"))
    chart.reference = report::Reference{100 * raw->accuracy.mean, "raw pixels"};
  return report::figure(chart,
                        "The line at the end of a bar is one standard deviation over seeds to either side.");
}

Html asked(const DemoOutcome& o) {
  std::vector<report::Card> cards;
  for (const AskedView& view : o.asked)
    cards.push_back({view.image, "is " + turn_names[static_cast<std::size_t>(view.truth)],
                     "says " + turn_names[static_cast<std::size_t>(view.answer)],
                     view.truth == view.answer ? report::Mark::right : report::Mark::wrong});
  return report::gallery(cards, 112);
}

Html neighbour_rows(const std::vector<NeighbourRow>& rows) {
  std::vector<report::Neighbours> shown;
  for (const NeighbourRow& row : rows) {
    report::Neighbours n{{row.query, row.label}, {}};
    for (std::size_t i = 0; i < row.images.size(); ++i)
      n.nearest.push_back({row.images[i], row.labels[i], "",
                           row.labels[i] == row.label ? report::Mark::right : report::Mark::wrong});
    shown.push_back(std::move(n));
  }
  return report::neighbours(shown);
}

std::string summary(const DemoOutcome& o, double task_accuracy) {
  const auto [tap, best] = best_probe(o.results, "rotation");
  return "A network learnt from " + std::to_string(o.train_pictures) +
         " pictures without labels by telling which way up they are, and gets " + percent(task_accuracy) +
         " of new views right (chance is 25 %). A linear probe on its features at " + tap + " then names " +
         percent(best) +
         " of the test pictures correctly, where the same network with random weights reaches " +
         percent(best_probe(o.results, "random").second) +
         " at its own best tap. Validation chose both taps.";
}

}  // namespace

void write_demo_page(const std::filesystem::path& path, const DemoOutcome& o,
                     const TrainingSettings& settings, const std::string& command) {
  const auto all = eval::summarize(o.results);
  const double task_accuracy = find(all, "rotation", "head", "rotation task")->accuracy.mean;
  const auto seeds = std::to_string(o.rotation_epochs.size());
  report::Page page("What a network learns from which way is up", summary(o, task_accuracy));
  const auto [best_tap, best] = best_probe(o.results, "rotation");
  const double random = best_probe(o.results, "random").second;
  page.headline({{percent(task_accuracy), "rotation accuracy", "chance 25 %"},
                 {percent(best), "linear probe", best_tap + ", by validation"},
                 {percent(random), "random weights", "at their own best tap"},
                 {percent(find(all, "supervised", "head", "supervised")->accuracy.mean),
                  "supervised training", "with all labels"}});
  page.section(
      "How training went",
      "Mean over the seeds (" + seeds + "); the band reaches from the lowest to the highest of them.",
      curves(o));
  page.section("What the network sees, and what it says",
               "Four quarter turns of test pictures that it never trained on, and its answers.", asked(o));
  page.section(
      "What the features are worth",
      "The network is frozen; a linear classifier is fitted to the features of each tap with the labels of "
      "the training pictures, its penalty chosen on a part of them, and tested once. Accuracy in %, mean and "
      "standard deviation over " +
          seeds +
          " seeds, which draw the weights, the order and the validation part, not the pictures. The "
          "supervised "
          "network has seen the labels that choose its penalty.",
      probe_table(all, "linear probe", "Linear probe"), probe_bars(all),
      probe_table(all, "kNN", "Nearest neighbours: cosine, the 200 nearest vote"));
  page.section(
      "Nearest neighbours",
      "Test pictures, and the training pictures nearest to each by the features of " + o.neighbour_tap + ".",
      element("h3", {}, report::text("After rotation prediction")), neighbour_rows(o.neighbours),
      element("h3", {}, report::text("With random weights")), neighbour_rows(o.random_neighbours));
  std::vector<report::Card> filters;
  for (Image& filter : report::filter_pictures(o.filters, {.one_range = true}))
    filters.push_back({std::move(filter)});
  page.section(
      "What the first layer looks for",
      "The filters of the first convolution, each with its batch norm's scale folded in, on one scale of "
      "brightness; middle grey is zero.",
      report::gallery(filters, 44));
  std::vector<std::pair<std::string, std::string>> facts = {
      {"network", settings.model + ", width " + std::to_string(settings.width) + ", " +
                      std::to_string(o.parameters) + " parameters"},
      {"pictures", settings.source.data + ": " + std::to_string(o.train_pictures) + " to train, " +
                       std::to_string(o.test_pictures) + " to test"},
      {"training", std::to_string(settings.epochs) + " epochs, batches of " + std::to_string(settings.batch) +
                       " pictures in four turns each"},
      {"time", std::to_string(std::lround(o.seconds)) + " s for everything, all seeds"}};
  for (auto& fact : environment()) facts.push_back(std::move(fact));
  page.section("How to do it again", report::command(command), report::facts(facts));
  page.write(path);
}
