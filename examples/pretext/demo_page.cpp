// SPDX-License-Identifier: MIT
#include <cmath>
#include <pretext/report/gallery.hpp>
#include <pretext/report/page.hpp>

#include "demo.hpp"
#include "environment.hpp"
#include "page_parts.hpp"

using namespace pretext;
using report::Html;

namespace {

const std::vector<std::string> turn_names{"upright", "turned left", "upside down", "turned right"};

Html curves(const DemoOutcome& o) {
  const auto accuracy = [](const train::Record& r) { return 100 * r.accuracy; };
  const auto loss = [](const train::Record& r) { return r.loss; };
  const report::LinePlot solved{.title = "Rotation prediction",
                                .x_label = "epoch",
                                .y_label = "accuracy on training views, %",
                                .series = {epoch_curve("rotation", o.rotation_epochs, accuracy)},
                                .reference = report::Reference{25, "chance"}};
  const report::LinePlot losses{.title = "Loss",
                                .x_label = "epoch",
                                .y_label = "cross-entropy",
                                .series = {epoch_curve("rotation", o.rotation_epochs, loss)},
                                .reference = report::Reference{std::log(4.0), "chance"}};
  return report::side_by_side({report::figure(solved), report::figure(losses)});
}

Html asked(const DemoOutcome& o) {
  std::vector<report::Card> cards;
  for (const AskedView& view : o.asked)
    cards.push_back({view.image, turn_names[static_cast<std::size_t>(view.truth)],
                     turn_names[static_cast<std::size_t>(view.answer)],
                     view.truth == view.answer ? report::Mark::right : report::Mark::wrong});
  return report::gallery_of_fours(cards);
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

bool one_seed(const DemoOutcome& o) { return o.rotation_epochs.size() == 1; }

std::string all_seeds(const DemoOutcome& o) { return counted(std::ssize(o.rotation_epochs), "seed"); }

/// The network whose views, neighbours and filters the page shows.
std::string shown_network(const DemoOutcome& o) {
  return one_seed(o) ? "the network" : "the network of the first seed";
}

std::string summary(const DemoOutcome& o, double task_accuracy) {
  const auto [tap, best] = best_probe(o.results, "rotation");
  return "A network learnt from " + std::to_string(o.train_pictures) +
         " pictures without labels by telling which way up they are, and gets " + percent(task_accuracy) +
         " of new views right (chance is 25 %). A linear probe on its features at " + tap + " then names " +
         percent(best) +
         " of the test pictures correctly, where the same network with random weights reaches " +
         percent(best_probe(o.results, "random").second) +
         " at its own best tap. Validation chose both taps." +
         (one_seed(o) ? "" : " All are means over " + all_seeds(o) + ".");
}

void add_headline(report::Page& page, const DemoOutcome& o, const std::vector<eval::Summary>& all,
                  double task_accuracy) {
  const auto [tap, best] = best_probe(o.results, "rotation");
  page.headline({{percent(task_accuracy), "rotation accuracy", "chance 25 %"},
                 {percent(best), "linear probe", tap + ", by validation"},
                 {percent(best_probe(o.results, "random").second), "random weights", "at their own best tap"},
                 {percent(summary_of(all, "supervised", "head", "supervised")->accuracy.mean),
                  "supervised training", "by its own head"}});
}

void add_training(report::Page& page, const DemoOutcome& o) {
  page.section("How training went",
               one_seed(o) ? std::string("One seed, so there is no spread to show.")
                           : "Mean over " + all_seeds(o) +
                                 "; the band reaches from the lowest to the highest of them.",
               curves(o));
  page.section("What the network sees, and what it says",
               "Four quarter turns of test pictures that it never trained on. Under each: how it lies, and "
               "what " +
                   shown_network(o) + " says.",
               asked(o));
}

void add_features(report::Page& page, const DemoOutcome& o, const std::vector<eval::Summary>& all) {
  const std::string spread = one_seed(o)
                                 ? "of one seed, which draws"
                                 : "mean and standard deviation over " + all_seeds(o) + ", which draw";
  const std::string bars =
      one_seed(o) ? "" : "The line at the end of a bar is one standard deviation over seeds to either side.";
  page.section(
      "What the features are worth",
      "The network is frozen; a linear classifier is fitted to the features of each tap with the labels of "
      "the training pictures, its penalty chosen on a part of them, and tested once. Accuracy in %, " +
          spread +
          " the weights, the order and the validation part, not the pictures. Bold is the highest of a "
          "column.",
      "The supervised column probes the features of the supervised network in the same way; the number at "
      "the top of the page is what its own head reaches on the test pictures. That network has seen the "
      "labels that choose its penalty.",
      probe_table(all, "rotation", "linear probe", "Linear probe"), probe_bars(all, "rotation", bars),
      probe_table(all, "rotation", "kNN", "Nearest neighbours: cosine, the 200 nearest vote"));
}

void add_neighbours(report::Page& page, const DemoOutcome& o) {
  const auto heading = [&](const std::string& words) {
    return element("h3", {}, report::text(words + ", at " + o.neighbour_tap));
  };
  page.section("Nearest neighbours",
               "Test pictures, and the training pictures nearest to each by the features of " +
                   o.neighbour_tap + ": the tap that validation chose for " + shown_network(o) +
                   ". Random weights are shown at the same tap, not at their own best one.",
               heading("After rotation prediction"), neighbour_rows(o.neighbours),
               heading("With random weights"), neighbour_rows(o.random_neighbours));
}

void add_filters(report::Page& page, const DemoOutcome& o) {
  page.section("What the first layer looks for",
               "The filters of the first convolution of " + shown_network(o) +
                   ", each with its batch norm's scale folded in, on one scale of brightness; middle grey is "
                   "zero.",
               filter_gallery(o.filters));
}

/// The command, as the script `run` takes it: pretext itself is seldom on the path.
std::string run_command(const std::string& command) {
  const std::string tool = "pretext demo";
  return command.starts_with(tool) ? "./run demo" + command.substr(tool.size()) : command;
}

void add_command(report::Page& page, const DemoOutcome& o, const TrainingSettings& settings,
                 const std::string& command) {
  std::vector<std::pair<std::string, std::string>> facts = {
      {"network", settings.model + ", width " + std::to_string(settings.width) + ", " +
                      std::to_string(o.parameters) + " parameters"},
      {"pictures", settings.source.data + ": " + std::to_string(o.train_pictures) + " to train, " +
                       std::to_string(o.test_pictures) + " to test"},
      {"training", counted(settings.epochs, "epoch") + ", batches of " + counted(settings.batch, "picture") +
                       " in four turns each"},
      {"time", std::to_string(std::lround(o.seconds)) + " s for everything, " + all_seeds(o)}};
  for (auto& fact : environment()) facts.push_back(std::move(fact));
  page.section("How to do it again",
               "From the folder of the source. Add --force, which deletes the runs of this page, or another "
               "--out where they still lie.",
               report::command(run_command(command)), report::facts(facts));
}

}  // namespace

void write_demo_page(const std::filesystem::path& path, const DemoOutcome& o,
                     const TrainingSettings& settings, const std::string& command) {
  const auto all = eval::summarize(o.results);
  const double task_accuracy = summary_of(all, "rotation", "head", "rotation task")->accuracy.mean;
  report::Page page("What a network learns from which way is up", summary(o, task_accuracy));
  add_headline(page, o, all, task_accuracy);
  add_training(page, o);
  add_features(page, o, all);
  add_neighbours(page, o);
  add_filters(page, o);
  add_command(page, o, settings, command);
  page.write(path);
}
