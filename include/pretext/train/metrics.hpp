// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/json.hpp"
#include "pretext/core/json_reader.hpp"
#include "pretext/train/append_file.hpp"

namespace pretext::train {

/// Sums over steps; a function of the steps alone.
struct Totals {
  double loss = 0;
  std::int64_t steps = 0, correct = 0, count = 0;

  void add(double step_loss, std::int64_t step_correct, std::int64_t step_count) {
    loss += step_loss;
    correct += step_correct;
    count += step_count;
    ++steps;
  }
  double mean_loss() const { return steps == 0 ? 0 : loss / static_cast<double>(steps); }
  double accuracy() const {
    return count == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(count);
  }
};

/// One line of metrics. Nothing in it depends on the clock, so that the files of a run which was stopped and
/// resumed are those of a run which was not.
struct Record {
  std::string kind;        ///< "step": means since the record before; "epoch": means over the epoch
  std::int64_t epoch = 0;  ///< counted from 1
  std::int64_t step = 0;   ///< steps taken since training began
  double lr = 0, loss = 0, accuracy = 0;
  std::optional<double> validation_loss{}, validation_accuracy{};

  bool operator==(const Record&) const = default;
};

/// How many bytes of the metrics files belong to a checkpoint.
struct MetricsSize {
  std::int64_t jsonl = 0, csv = 0;
};

/// metrics.jsonl and metrics.csv of a run, the same records in both.
class MetricsLog {
 public:
  /// Continues the files of a folder behind what a checkpoint remembers; by default they begin anew.
  explicit MetricsLog(const std::filesystem::path& folder, const MetricsSize& keep = {})
      : jsonl_(folder / "metrics.jsonl", keep.jsonl), csv_(folder / "metrics.csv", keep.csv) {
    if (csv_.size() == 0) csv_.line("kind,epoch,step,lr,loss,accuracy,validation_loss,validation_accuracy");
  }

  void write(const Record& r) {
    JsonObject json;
    json.add("kind", r.kind).add("epoch", r.epoch).add("step", r.step).add("lr", r.lr);
    json.add("loss", r.loss).add("accuracy", r.accuracy);
    if (r.validation_loss) json.add("validation_loss", *r.validation_loss);
    if (r.validation_accuracy) json.add("validation_accuracy", *r.validation_accuracy);
    jsonl_.line(json.text());
    const auto cell = [](const std::optional<double>& x) { return x ? "," + json_number(*x) : ","; };
    csv_.line(r.kind + "," + json_number(r.epoch) + "," + json_number(r.step) + cell(r.lr) + cell(r.loss) +
              cell(r.accuracy) + cell(r.validation_loss) + cell(r.validation_accuracy));
  }

  MetricsSize size() const { return {jsonl_.size(), csv_.size()}; }

  /// Brings the files to the disk and says how long they are.
  MetricsSize sync() {
    jsonl_.sync();
    csv_.sync();
    return size();
  }

 private:
  AppendFile jsonl_, csv_;
};

namespace detail {

inline Record parse_record(const std::string& line, const std::string& source) {
  Record r;
  JsonReader in(line, source);
  const auto number = [&] { return in.null() ? 0.0 : in.number(); };
  in.object([&](const std::string& key) {
    if (key == "kind")
      r.kind = in.string();
    else if (key == "epoch")
      r.epoch = in.integer();
    else if (key == "step")
      r.step = in.integer();
    else if (key == "lr")
      r.lr = number();
    else if (key == "loss")
      r.loss = number();
    else if (key == "accuracy")
      r.accuracy = number();
    else if (key == "validation_loss")
      r.validation_loss = number();
    else if (key == "validation_accuracy")
      r.validation_accuracy = number();
    else
      in.skip();
  });
  in.finish();
  return r;
}

}  // namespace detail

/// The records of a metrics.jsonl file; a torn last line, as a kill may leave it, is left out.
inline std::vector<Record> read_metrics(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.is_open(), path.native(), ": cannot be opened");
  std::vector<Record> records;
  for (std::string line; std::getline(file, line) && !file.eof();)
    records.push_back(
        detail::parse_record(line, path.native() + ", line " + std::to_string(records.size() + 1)));
  return records;
}

}  // namespace pretext::train
