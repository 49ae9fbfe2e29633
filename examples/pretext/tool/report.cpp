// SPDX-License-Identifier: MIT
// `pretext report` explains one run on a page of its own: how training went, what the task shows to the
// network and what it answers, and what the features are worth where they were measured.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <pretext/report/page.hpp>

#include "environment.hpp"
#include "page_parts.hpp"
#include "run_facts.hpp"
#include "saved_run.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;
using report::Html;
namespace fs = std::filesystem;

namespace {

struct ReportSettings {
  RunSettings of;
  std::string out;
  std::int64_t pictures = 8;
  DryRun dry_run;
};

double loss_of(const train::Record& r) { return r.loss; }
double accuracy_of(const train::Record& r) { return 100 * r.accuracy; }
double held_out_loss(const train::Record& r) { return r.validation_loss.value_or(std::nan("")); }
double held_out_accuracy(const train::Record& r) {
  return 100 * r.validation_accuracy.value_or(std::nan(""));
}

Html curves(const RunFacts& facts) {
  const auto plot = [&](const char* title, const char* label, double (*trained)(const train::Record&),
                        double (*held_out)(const train::Record&)) {
    report::LinePlot plot{.title = title, .x_label = "epoch", .y_label = label};
    plot.series.push_back(epoch_curve("training", {facts.epochs}, trained));
    if (facts.epochs.back().validation_loss)
      plot.series.push_back(epoch_curve("held out", {facts.epochs}, held_out));
    return report::figure(plot);
  };
  return report::side_by_side({plot("Loss", "loss", loss_of, held_out_loss),
                               plot("The task solved", "accuracy, %", accuracy_of, held_out_accuracy)});
}

/// A curve a tap, of one kind of online probe.
Html online_plot(const RunFacts& facts, const char* title, double eval::OnlineScore::*accuracy) {
  report::LinePlot plot{.title = title, .x_label = "epoch", .y_label = "accuracy, %"};
  for (const eval::OnlineScore& s : facts.online) {
    auto series = std::ranges::find(plot.series, s.tap, &report::Series::name);
    if (series == plot.series.end()) series = plot.series.insert(plot.series.end(), {.name = s.tap});
    series->x.push_back(static_cast<double>(s.epoch));
    series->y.push_back(100 * s.*accuracy);
  }
  return report::figure(plot);
}

void add_online(report::Page& page, const RunFacts& facts) {
  if (facts.online.empty()) return;
  page.section(
      "What the features were worth on the way",
      "Probes that learnt at every tap while the network was trained, from seven pictures in eight; accuracy "
      "is that on the eighth, which they never learn from. No gradient of theirs reached the network. "
      "Training pictures, as the task shows them: not to be compared with the numbers below.",
      report::side_by_side({online_plot(facts, "Linear", &eval::OnlineScore::linear),
                            online_plot(facts, "Nearest neighbours", &eval::OnlineScore::knn)}));
}

void add_headline(report::Page& page, const RunFacts& facts) {
  const train::Record& last = facts.epochs.back();
  std::vector<report::Tile> tiles{{percent(last.accuracy), "training views right", "mean of the last epoch"}};
  if (facts.test_accuracy) tiles.push_back({percent(*facts.test_accuracy), "test views right", "read once"});
  if (const eval::Summary* best = facts.best("linear probe"))
    tiles.push_back({percent(best->accuracy.mean), "linear probe", best->first.tap + ", by validation"});
  page.headline(tiles);
}

void add_views(report::Page& page, const RunFacts& facts, std::int64_t pictures) {
  const TrainingSettings& training = facts.training;
  const data::Dataset dataset = training.open_training();
  Trained trained = load_trained(training, facts.folder, dataset);
  const ViewRequest request{
      .dataset = dataset, .plan = {0, 0, some_indices(dataset.size(), pictures)}, .trained = &trained};
  const ToolTask& task = tool_task(training.task);
  page.section(
      "What the network sees",
      "Pictures as training draws them; where the network was asked, its answer stands beside.",
      report::figure(task.view(training, request), "views of the task " + task.name, task.question, ""));
  if (const auto filters = first_filters(trained.backbone))
    page.section("What the first layer looks for",
                 "Each filter with its batch norm's scale folded in, on one scale of brightness; middle grey "
                 "is zero.",
                 filter_gallery(*filters));
}

void add_probes(report::Page& page, const RunFacts& facts) {
  const std::string& network = facts.training.task;
  const bool linear = !taps_of(facts.probes, network, "linear probe").empty(),
             nearest = !taps_of(facts.probes, network, "kNN").empty();
  if (!linear && !nearest) {
    page.section("What the features are worth",
                 "Not measured yet. These commands do it; then make the page again:",
                 report::command("pretext probe --run " + facts.folder.string() + "\npretext knn --run " +
                                 facts.folder.string()));
    return;
  }
  Html tables;
  if (linear) tables += probe_table(facts.probes, network, "linear probe", "Linear probe");
  if (linear) tables += probe_bars(facts.probes, network, "");
  if (nearest) tables += probe_table(facts.probes, network, "kNN", "Nearest neighbours");
  page.section(
      "What the features are worth",
      "The network is frozen, and its features at each tap are classified with the labels of the training "
      "pictures. Test accuracy in %; every choice was made on a part of the training pictures.",
      tables);
}

void add_constants(report::Page& page, const RunFacts& facts) {
  report::Table constants{"", {{"constant"}, {"value"}, {"what it is"}}, {}};
  for (const Constant& c : tool_task(facts.training.task).constants(facts.training))
    constants.rows.push_back({c.name, c.value, c.meaning});
  page.section("The constants of the task", report::table(constants));
  page.section("How to do it again", "The settings of the run, as --config takes them:",
               report::command(read_text(facts.folder / "config.toml")), report::facts(environment()));
}

std::string summary(const RunFacts& facts) {
  const ToolTask& task = tool_task(facts.training.task);
  return "A network (" + facts.training.model + ") learnt from " + facts.training.source.data + " for " +
         counted(std::ssize(facts.epochs), "epoch") + " by the question: " + task.question +
         " The task is that of " + task.source + ".";
}

int run(const ReportSettings& s, const Settings& settings) {
  require(s.pictures >= 1 && s.pictures <= 100, "--pictures must be 1 to 100, not ", s.pictures);
  const RunFacts facts = read_facts(s.of.run, s.of.read());
  const fs::path out = s.out.empty() ? facts.folder / "report.html" : fs::path(s.out);
  if (s.dry_run.asked())
    return s.dry_run.say(settings, "would explain " + s.of.run + " on " + out.string() +
                                       "; no picture was opened, nothing was written");
  report::Page page(facts.training.task + ": " + facts.folder.string(), summary(facts));
  add_headline(page, facts);
  page.section("How training went", curves(facts));
  add_online(page, facts);
  add_views(page, facts, s.pictures);
  add_probes(page, facts);
  add_constants(page, facts);
  make_folder_of(out);
  page.write(out);
  std::printf("%s\n", out.string().c_str());
  return 0;
}

}  // namespace

Verb report_verb() {
  auto s = std::make_shared<ReportSettings>();
  Verb verb{"report", "Explain a run on one self-contained page", {}, [s](const Settings& settings) {
              return run(*s, settings);
            }};
  s->of.add_to(verb.settings, "Pictures to show");
  verb.settings.add("pictures", &s->pictures, "How many pictures' views are shown");
  s->dry_run.add_to(verb.settings);
  verb.settings.add("out", &s->out, "The page to write (default: report.html in the run folder)");
  return verb;
}
