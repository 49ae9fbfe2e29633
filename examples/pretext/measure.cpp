// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <charconv>
#include <cstdio>
#include <pretext/core/file.hpp>
#include <pretext/core/json_reader.hpp>
#include <pretext/eval/probe.hpp>
#include <pretext/pretext.hpp>

#include "environment.hpp"

using namespace pretext;

namespace {

std::vector<double> split_numbers(const std::string& flag, const std::string& text) {
  std::vector<double> numbers;
  for (const std::string& part : split_list(text)) {
    double value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    require(error == std::errc() && end == part.data() + part.size() && value >= 0, "--", flag,
            " must be numbers with commas between them, not '", text, "'");
    numbers.push_back(value);
  }
  require(!numbers.empty(), "--", flag, " must name at least one number");
  return numbers;
}

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

void MeasureSettings::add_to(Settings& settings) {
  settings.add("taps", &taps, "Taps with commas between them; empty: all");
  settings.add("pool", &pool, "How maps become features: average, max or flat");
  settings.add("budget", &budget, "Most features of a tap");
  if (linear) settings.add("l2", &l2, "Penalties that the validation part chooses from");
  if (knn) settings.add("k", &k, "Neighbours that vote");
  if (knn) settings.add("temperature", &temperature, "A vote weighs exp(cosine / temperature)");
  settings.add("seed", &seed, "Draws the validation part");
}

void MeasureSettings::check(const std::vector<std::string>& known_taps) const {
  for (const std::string& tap : split_list(taps)) require_known("tap", tap, known_taps);
  pool_of(pool);
  split_numbers("l2", l2);
  require(budget >= 1, "--budget must be at least 1, not ", budget);
  require(k >= 1, "--k must be at least 1, not ", k);
  require(temperature > 0, "--temperature must be above 0, not ", temperature);
}

std::vector<eval::Result> measure(nn::Sequential<>& net, const std::string& network,
                                  const data::Dataset& train, const data::Dataset& test,
                                  const tasks::PlainInputs& inputs, const MeasureSettings& s) {
  eval::EvalOptions options{.linear = s.linear, .knn = s.knn, .seed = static_cast<std::uint64_t>(s.seed)};
  if (!net.taps().empty()) options.taps = split_list(s.taps);
  options.features = {.pool = pool_of(s.pool), .budget = s.budget};
  options.linear_probe.l2 = split_numbers("l2", s.l2);
  options.nearest.k = {s.k};
  options.nearest.temperature = {s.temperature};
  return eval::evaluate(net, network, train, eval::seal(train, test), inputs, options);
}

void print_table(const std::vector<eval::Result>& results) {
  const auto summaries = eval::summarize(results);
  std::vector<std::string> networks, rows;
  const auto add = [](std::vector<std::string>& list, const std::string& name) {
    if (std::ranges::find(list, name) == list.end()) list.push_back(name);
  };
  const auto row_of = [](const eval::Result& r) { return r.protocol + ", " + r.tap; };
  for (const auto& s : summaries) add(networks, s.first.network), add(rows, row_of(s.first));
  std::ranges::stable_sort(rows, {}, [](const std::string& row) { return row.substr(0, row.find(',')); });
  std::printf("\n%-34s", "test accuracy, %");
  for (const std::string& network : networks) std::printf("%16s", network.c_str());
  std::printf("\n");
  for (const std::string& row : rows) {
    std::printf("%-34s", row.c_str());
    for (const std::string& network : networks) {
      const auto found = std::ranges::find_if(
          summaries, [&](const auto& s) { return s.first.network == network && row_of(s.first) == row; });
      char cell[48] = "";
      if (found != summaries.end() && found->accuracy.count > 1)
        std::snprintf(cell, sizeof cell, "%.1f +- %.1f", 100 * found->accuracy.mean,
                      100 * found->accuracy.deviation);
      else if (found != summaries.end())
        std::snprintf(cell, sizeof cell, "%.2f", 100 * found->accuracy.mean);
      std::printf("%16s", cell);
    }
    std::printf("\n");
  }
}

JsonObject weights_of(const std::string& run, const TrainingSettings& training, const Restored& restored) {
  return JsonObject()
      .add("run", run)
      .add("epoch", restored.epoch)
      .add("epochs", training.epochs)
      .add("step", restored.step)
      .add("hash", eval::hash_text(restored.hash));
}

void write_record(const std::filesystem::path& path, Span<const JsonObject> rows, const std::string& command,
                  const std::string& config, const JsonObject& weights) {
  JsonObject environment_json;
  for (const auto& [name, value] : environment()) environment_json.add(name, value);
  const std::string text = JsonObject()
                               .add("command", command)
                               .add("config", config)
                               .add("weights", weights)
                               .add("environment", environment_json)
                               .add("results", rows)
                               .text() +
                           "\n";
  make_folder_of(path);
  write_text(path, text);
}

void write_results(const std::filesystem::path& path, const std::vector<eval::Result>& results,
                   const std::string& command, const std::string& config, const JsonObject& weights) {
  std::vector<JsonObject> rows;
  for (const eval::Result& result : results) rows.push_back(eval::to_json(result));
  write_record(path, rows, command, config, weights);
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
