// SPDX-License-Identifier: MIT
#include "run_facts.hpp"

#include <algorithm>
#include <cmath>
#include <pretext/core/json_reader.hpp>
#include <sstream>

#include "measure.hpp"

using namespace pretext;
namespace fs = std::filesystem;

namespace {

std::vector<train::Record> epochs_of(const fs::path& run) {
  std::vector<train::Record> epochs = train::read_metrics(run / "metrics.jsonl");
  std::erase_if(epochs, [](const train::Record& r) { return r.kind != "epoch"; });
  require(!epochs.empty(), run.string(), ": no epoch has ended yet, so there is nothing to report");
  return epochs;
}

std::vector<eval::OnlineScore> online_of(const fs::path& run) {
  std::vector<eval::OnlineScore> scores;
  const fs::path path = run / online_probes_file;
  if (!fs::exists(path)) return scores;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    JsonReader in(line, path.string());
    eval::OnlineScore& score = scores.emplace_back();
    in.object([&](const std::string& key) {
      if (key == "epoch")
        score.epoch = in.integer();
      else if (key == "tap")
        score.tap = in.string();
      else if (key == "linear")
        score.linear = in.number();
      else if (key == "knn")
        score.knn = in.number();
      else
        in.skip();
    });
  }
  return scores;
}

}  // namespace

const eval::Summary* RunFacts::best(const std::string& protocol) const {
  const eval::Summary* found = nullptr;
  for (const eval::Summary& s : probes)
    if (s.first.network == training.task && s.first.protocol.starts_with(protocol) &&
        std::isfinite(s.validation) && (found == nullptr || s.validation > found->validation))
      found = &s;
  return found;
}

bool RunFacts::measured(const std::string& protocol) const {
  return std::ranges::any_of(probes, [&](const eval::Summary& s) {
    return s.first.network == training.task && s.first.protocol.starts_with(protocol);
  });
}

std::optional<double> read_test_accuracy(const fs::path& run) {
  const fs::path path = run / "test.json";
  if (!fs::exists(path)) return std::nullopt;
  const std::string text = read_text(path);
  JsonReader in(text, path.string());
  std::optional<double> accuracy;
  in.object([&](const std::string& key) {
    if (key == "accuracy")
      accuracy = in.number();
    else
      in.skip();
  });
  return accuracy;
}

RunFacts read_facts(const fs::path& run, const TrainingSettings& training) {
  RunFacts facts{.folder = run, .training = training, .epochs = epochs_of(run)};
  facts.training.resolve();
  facts.test_accuracy = read_test_accuracy(run);
  std::vector<eval::Result> results;
  for (const char* name : {"probe.json", "knn.json"})
    if (fs::exists(run / name))
      for (eval::Result& r : read_results(run / name)) results.push_back(std::move(r));
  facts.probes = eval::summarize(results);
  facts.online = online_of(run);
  return facts;
}
