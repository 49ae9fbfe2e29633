// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/json.hpp"
#include "pretext/tensor/safetensors.hpp"
#include "pretext/train/metrics.hpp"

namespace pretext::train {

/// Where a training stands and what it is a training of.
struct CheckpointInfo {
  std::int64_t epoch = 0;  ///< epochs done
  std::int64_t step = 0;   ///< steps done of the epoch after those
  std::int64_t steps_per_epoch = 1, batch = 1;
  std::uint64_t seed = 0, data_hash = 0, config_hash = 0;
  std::string task{}, model{}, config{};
  Totals epoch_totals{}, record_totals{};  ///< since the epoch began, since the last line of metrics
  MetricsSize metrics{};
  std::map<std::string, std::string> facts{};  ///< anything else worth knowing, such as decoder versions
};

/// A training at rest: one safetensors file. The network keeps its PyTorch names, the task's head has "head."
/// before its own, the optimiser "optimizer.", what learnt beside it "companion."; the info is in the
/// metadata.
struct Checkpoint {
  CheckpointInfo info;
  std::vector<NamedTensor> network, head, optimizer, companion{};
};

namespace detail {

inline constexpr std::string_view checkpoint_format = "1";
inline constexpr std::string_view head_prefix = "head.", optimizer_prefix = "optimizer.",
                                  companion_prefix = "companion.", fact_prefix = "fact.";

/// Calls f(name, field) for all that the metadata hold, but for the facts.
template <class Info, class F>
void each_field(Info& i, F&& f) {
  f("epoch", i.epoch);
  f("step", i.step);
  f("steps_per_epoch", i.steps_per_epoch);
  f("batch", i.batch);
  f("seed", i.seed);
  f("data_hash", i.data_hash);
  f("config_hash", i.config_hash);
  f("task", i.task);
  f("model", i.model);
  f("config", i.config);
  const auto totals = [&](const std::string& name, auto& t) {
    f(name + ".loss", t.loss);
    f(name + ".steps", t.steps);
    f(name + ".correct", t.correct);
    f(name + ".count", t.count);
  };
  totals("epoch_totals", i.epoch_totals);
  totals("record_totals", i.record_totals);
  f("metrics.jsonl", i.metrics.jsonl);
  f("metrics.csv", i.metrics.csv);
}

template <class T>
void parse_field(const std::string& name, const std::string& text, T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    value = text;
  } else {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    require(result.ec == std::errc() && result.ptr == text.data() + text.size() && !text.empty(),
            "its metadata say ", json_string(name), ": ", json_string(text), ", which is not a number");
    if constexpr (std::is_same_v<T, std::int64_t>)
      require(value >= 0, "its metadata say ", json_string(name), ": ", value, ", which is negative");
  }
}

inline std::map<std::string, std::string> write_info(const CheckpointInfo& info) {
  std::map<std::string, std::string> metadata{{"checkpoint", std::string(checkpoint_format)}};
  each_field(info, [&](const std::string& name, const auto& value) {
    if constexpr (std::is_convertible_v<decltype(value), std::string>)
      metadata[name] = value;
    else
      metadata[name] = json_number(value);
  });
  for (const auto& [name, value] : info.facts) metadata[std::string(fact_prefix) + name] = value;
  return metadata;
}

inline CheckpointInfo read_info(const std::map<std::string, std::string>& metadata) {
  const auto format = metadata.find("checkpoint");
  require(format != metadata.end(), "it holds tensors, but is not a checkpoint of a training");
  require(format->second == checkpoint_format, "it has the checkpoint format ", json_string(format->second),
          ", and this program reads ", checkpoint_format);
  require(metadata.contains("checksum"), "its checksum is missing");
  CheckpointInfo info;
  each_field(info, [&](const std::string& name, auto& value) {
    const auto found = metadata.find(name);
    require(found != metadata.end(), "its metadata lack ", json_string(name));
    parse_field(name, found->second, value);
  });
  require(info.step <= info.steps_per_epoch, "its metadata say step ", info.step, " of ",
          info.steps_per_epoch);
  // What draws random numbers counts epochs in 32 bits, and a sum of steps must not overflow.
  require(info.epoch <= UINT32_MAX, "its metadata say epoch ", info.epoch, ", which is above ", UINT32_MAX);
  checked_add(checked_mul(info.epoch, info.steps_per_epoch, "the steps of its epochs"), info.step,
              "the steps of its epochs");
  for (const auto& [name, value] : metadata)
    if (name.starts_with(fact_prefix)) info.facts[name.substr(fact_prefix.size())] = value;
  return info;
}

inline bool is_network_name(std::string_view name) {
  return !name.starts_with(head_prefix) && !name.starts_with(optimizer_prefix) &&
         !name.starts_with(companion_prefix);
}

inline TensorFile to_file(const Checkpoint& checkpoint) {
  TensorFile file{{}, write_info(checkpoint.info)};
  for (const NamedTensor& tensor : checkpoint.network) {
    require(is_network_name(tensor.name), "checkpoint: a stage of the network may not be called '",
            tensor.name.substr(0, tensor.name.find('.')), "'");
    file.tensors.push_back(tensor);
  }
  const auto add = [&](std::string_view prefix, const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& tensor : tensors) {
      file.tensors.push_back(tensor);
      file.tensors.back().name.insert(0, prefix);
    }
  };
  add(head_prefix, checkpoint.head);
  add(optimizer_prefix, checkpoint.optimizer);
  add(companion_prefix, checkpoint.companion);
  return file;
}

inline Checkpoint from_file(TensorFile file) {
  Checkpoint checkpoint{read_info(file.metadata), {}, {}, {}, {}};
  for (NamedTensor& tensor : file.tensors) {
    std::vector<NamedTensor>* place = &checkpoint.network;
    for (const auto& [prefix, list] :
         {std::pair(head_prefix, &checkpoint.head), std::pair(optimizer_prefix, &checkpoint.optimizer),
          std::pair(companion_prefix, &checkpoint.companion)})
      if (tensor.name.starts_with(prefix)) {
        tensor.name.erase(0, prefix.size());
        place = list;
        break;
      }
    place->push_back(std::move(tensor));
  }
  return checkpoint;
}

}  // namespace detail

/// Reads a checkpoint from the bytes of a file; `source` is what errors call it.
inline Checkpoint parse_checkpoint(Span<const std::uint8_t> bytes, const std::string& source) {
  TensorFile file = parse_safetensors(bytes, source);
  try {
    return detail::from_file(std::move(file));
  } catch (const Error& error) {
    fail(source, ": not a checkpoint that can be read: ", error.what());
  }
}

inline Checkpoint load_checkpoint(const std::filesystem::path& path) {
  return parse_checkpoint(MappedFile(path).bytes(), path.native());
}

/// Writes a checkpoint that appears under its name whole or not at all.
inline void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_safetensors(path, detail::to_file(checkpoint));
}

/// The last two checkpoints of a run: last.safetensors, and previous.safetensors in case that the last one
/// gets damaged. At any moment at least one of them is whole.
class CheckpointRing {
 public:
  explicit CheckpointRing(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path last() const { return folder_ / "last.safetensors"; }
  std::filesystem::path previous() const { return folder_ / "previous.safetensors"; }

  void save(const Checkpoint& checkpoint) const {
    AtomicFile file(last());
    write_safetensors(file, detail::to_file(checkpoint), last().string());
    std::error_code nothing_to_keep;
    std::filesystem::rename(last(), previous(), nothing_to_keep);
    file.commit();
  }

  /// The newest checkpoint that is whole; nothing where there never was one. note(text) is told why an older
  /// one had to do. Changes nothing in the folder. Throws where none is whole.
  std::optional<Checkpoint> read(const std::function<void(std::string_view)>& note) const {
    const bool has_last = std::filesystem::exists(last()), has_previous = std::filesystem::exists(previous());
    if (!has_last && !has_previous) return std::nullopt;
    std::string reason = last().string() + ": is missing";
    try {
      if (has_last) return load_checkpoint(last());
    } catch (const Error& error) {
      reason = error.what();
    }
    require(has_previous, reason, "; and there is no older checkpoint beside it");
    Checkpoint checkpoint = load_previous(reason);
    note(reason + "; going on from the checkpoint before it");
    return checkpoint;
  }

  /// read(), and what is damaged is set aside as damaged.safetensors: else the next save would put it in the
  /// place of the whole one.
  std::optional<Checkpoint> load(const std::function<void(std::string_view)>& note) const {
    return read([&](std::string_view reason) {
      std::error_code nothing_to_move;
      std::filesystem::rename(last(), folder_ / "damaged.safetensors", nothing_to_move);
      note(reason);
    });
  }

 private:
  Checkpoint load_previous(const std::string& reason) const {
    try {
      return load_checkpoint(previous());
    } catch (const Error& error) {
      fail(reason, "; and the one before it: ", error.what());
    }
  }

  std::filesystem::path folder_;
};

}  // namespace pretext::train
