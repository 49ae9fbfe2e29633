// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <cstdio>
#include <pretext/core/file.hpp>
#include <pretext/core/json_reader.hpp>
#include <pretext/eval/probe.hpp>
#include <pretext/eval/published.hpp>
#include <pretext/pretext.hpp>

#include "environment.hpp"
#include "work_bar.hpp"

using namespace pretext;

namespace {

eval::Pool pool_of(const std::string& name) {
  require_known("pooling", name, {"average", "max", "flat"});
  return name == "average" ? eval::Pool::average : name == "max" ? eval::Pool::max : eval::Pool::flat;
}

/// The object of one result, without how it was chosen.
eval::Result read_result(JsonReader& in, const std::filesystem::path& path) {
  eval::Result r;
  const std::vector<std::pair<const char*, std::string*>> words{{"network", &r.network},
                                                                {"tap", &r.tap},
                                                                {"pooling", &r.pooling},
                                                                {"protocol", &r.protocol},
                                                                {"dataset", &r.dataset}};
  const std::vector<std::pair<const char*, std::int64_t*>> numbers{
      {"dims", &r.dims}, {"train", &r.train}, {"validation", &r.validation},
      {"test", &r.test}, {"views", &r.views}, {"correct", &r.correct}};
  in.object([&](const std::string& key) {
    const auto is = [&](const auto& field) { return key == field.first; };
    if (const auto word = std::ranges::find_if(words, is); word != words.end())
      *word->second = in.string();
    else if (const auto number = std::ranges::find_if(numbers, is); number != numbers.end())
      *number->second = in.integer();
    else if (key == "validation_accuracy" && !in.null())
      r.validation_accuracy = in.number();
    else if (key != "validation_accuracy")
      in.skip();
  });
  require(!r.network.empty() && !r.protocol.empty() && r.test >= 0 && r.views >= 1 && r.correct >= 0 &&
              r.correct <= r.test * r.views,
          path.string(), ": a result has no network or protocol, or more right answers than questions");
  return r;
}

}  // namespace

void MeasureSettings::add_features_to(Settings& settings) {
  settings.add("pool", &pool, "How maps become features: average, max or flat; empty: as the protocol says");
  settings.add("budget", &budget, "Most features of a tap; 0: as the protocol says");
  settings.add("store", &store, "Folder that keeps features for other measurements; empty: none");
}

void MeasureSettings::add_to(Settings& settings) {
  if (linear)
    settings.add(
        "protocol", &protocol,
        "A published way to measure, 'pretext info' lists them; empty: L-BFGS, validation chooses l2");
  settings.add("taps", &taps, "Taps with commas between them; empty: all");
  add_features_to(settings);
  if (linear)
    settings.add("l2", &l2, "Penalties that the validation part chooses from; empty: as the protocol says");
  if (knn) settings.add("k", &k, "Neighbours that vote; 0: 200, or all pictures where there are fewer");
  if (knn) settings.add("temperature", &temperature, "A vote weighs exp(cosine / temperature); 0: 0.1");
}

eval::EvalOptions MeasureSettings::options() const {
  eval::EvalOptions o{.linear = linear, .knn = knn};
  o.linear_probe.l2 = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5};
  if (!protocol.empty()) {
    require_known("protocol", protocol, eval::protocol_names());
    o = eval::protocol(protocol).options;
  }
  require(budget >= 0, "--budget must be at least 1, not ", budget);
  require(k >= 0, "--k must be at least 1, not ", k);
  require(temperature >= 0, "--temperature must be above 0, not ", temperature);
  require(l2.empty() || o.linear, "--l2 is that of a linear probe, which ", protocol, " has not");
  if (!pool.empty()) o.features.pool = pool_of(pool);
  if (budget != 0) o.features.budget = budget;
  if (!l2.empty()) o.linear_probe.l2 = split_numbers<double>("l2", l2), o.linear_probe.l2_of_one_weight = 0;
  if (k != 0) o.nearest.k = {k};
  if (temperature != 0) o.nearest.temperature = {temperature};
  if (!protocol.empty() && (!pool.empty() || budget != 0 || !l2.empty())) o.protocol += " changed";
  o.features.store = store;
  o.seed = static_cast<std::uint64_t>(seed);
  return o;
}

void MeasureSettings::check(const std::vector<std::string>& known_taps) const {
  for (const std::string& tap : split_list(taps)) require_known("tap", tap, known_taps);
  options();
}

eval::EvalOptions options_of(const MeasureSettings& s, const nn::Sequential<>& net,
                             const tasks::PlainInputs& inputs) {
  eval::EvalOptions options = s.options();
  options.features.inputs = inputs.text();
  options.features.watch = work_bar();
  if (!net.taps().empty()) options.taps = split_list(s.taps);
  return options;
}

std::vector<eval::Result> measure(nn::Sequential<>& net, const std::string& network,
                                  const data::Dataset& train, const data::Dataset& test,
                                  const tasks::PlainInputs& inputs, const MeasureSettings& s) {
  return eval::evaluate(net, network, train, eval::seal(train, test), inputs, options_of(s, net, inputs));
}

namespace {

/// A summary as a cell of the table: in %.
std::string cell_of(const eval::Summary& s, bool interval) {
  char text[80];
  const eval::Spread& a = s.accuracy;
  if (a.count > 1 && interval)
    std::snprintf(text, sizeof text, "%.1f +- %.1f [%.1f, %.1f]", 100 * a.mean, 100 * a.deviation,
                  100 * a.interval.low, 100 * a.interval.high);
  else if (a.count > 1)
    std::snprintf(text, sizeof text, "%.1f +- %.1f", 100 * a.mean, 100 * a.deviation);
  else if (!std::isnan(s.first.precision))
    std::snprintf(text, sizeof text, "%.2f mAP %.2f", 100 * a.mean, 100 * s.first.precision);
  else
    std::snprintf(text, sizeof text, "%.2f", 100 * a.mean);
  return text;
}

/// "npid: pool average, budget 1, ..." for each protocol of the results.
void print_constants(const std::vector<eval::Result>& results) {
  std::vector<std::string> said;
  for (const eval::Result& r : results) {
    std::string line = r.protocol + ":";
    for (const eval::Constant& c : r.constants)
      line += (line.back() == ':' ? " " : ", ") + c.name + " " + c.value;
    if (r.constants.empty() || std::ranges::find(said, line) != said.end()) continue;
    std::printf("%s%s\n", said.empty() ? "\n" : "", line.c_str());
    said.push_back(line);
  }
}

}  // namespace

void print_table(const std::vector<eval::Result>& results, bool interval) {
  const auto summaries = eval::summarize(results);
  std::vector<std::string> networks, rows;
  const auto add = [](std::vector<std::string>& list, const std::string& name) {
    if (std::ranges::find(list, name) == list.end()) list.push_back(name);
  };
  const auto row_of = [](const eval::Result& r) { return r.protocol + ", " + r.tap; };
  for (const auto& s : summaries) add(networks, s.first.network), add(rows, row_of(s.first));
  std::ranges::stable_sort(rows, {}, [](const std::string& row) { return row.substr(0, row.find(',')); });
  std::size_t first = 32, width = 14;
  for (const std::string& row : rows) first = std::max(first, row.size());
  for (const auto& s : summaries) width = std::max(width, cell_of(s, interval).size());
  const int left = static_cast<int>(first + 2), right = static_cast<int>(width + 2);
  std::printf("\n%-*s", left, "test accuracy, %");
  for (const std::string& network : networks) std::printf("%*s", right, network.c_str());
  std::printf("\n");
  for (const std::string& row : rows) {
    std::printf("%-*s", left, row.c_str());
    for (const std::string& network : networks) {
      const auto found = std::ranges::find_if(
          summaries, [&](const auto& s) { return s.first.network == network && row_of(s.first) == row; });
      std::printf("%*s", right, found == summaries.end() ? "" : cell_of(*found, interval).c_str());
    }
    std::printf("\n");
  }
  print_constants(results);
}

JsonObject weights_of(const std::string& run, const TrainingSettings& training, const Restored& restored) {
  return JsonObject()
      .add("run", run)
      .add("epoch", restored.epoch)
      .add("epochs", training.epochs)
      .add("step", restored.step)
      .add("hash", hash_text(restored.hash));
}

void write_record(const std::filesystem::path& path, Span<const JsonObject> rows, const std::string& command,
                  const std::string& config, const JsonObject& weights, Span<const JsonObject> summaries) {
  JsonObject environment_json;
  for (const auto& [name, value] : environment()) environment_json.add(name, value);
  JsonObject record;
  record.add("command", command)
      .add("config", config)
      .add("weights", weights)
      .add("environment", environment_json);
  if (!summaries.empty()) record.add("summaries", summaries);
  record.add("results", rows);
  const std::string text = record.text() + "\n";
  make_folder_of(path);
  write_text(path, text);
}

void write_results(const std::filesystem::path& path, const std::vector<eval::Result>& results,
                   const std::string& command, const std::string& config, const JsonObject& weights) {
  std::vector<JsonObject> rows, summaries;
  for (const eval::Result& result : results) rows.push_back(eval::to_json(result));
  for (const eval::Summary& summary : eval::summarize(results))
    if (summary.accuracy.count > 1) summaries.push_back(eval::to_json(summary));
  write_record(path, rows, command, config, weights, summaries);
}

std::vector<eval::Result> read_results(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  std::vector<eval::Result> results;
  JsonReader in(text, path.string());
  in.object([&](const std::string& key) {
    if (key == "results")
      in.array([&] { results.push_back(read_result(in, path)); });
    else
      in.skip();
  });
  return results;
}
