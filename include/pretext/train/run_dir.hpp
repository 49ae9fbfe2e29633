// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "pretext/core/file.hpp"
#include "pretext/train/folder_lock.hpp"

namespace pretext::train {

/// How a run folder is opened: as a new one, as a new one in place of an old one, or to continue it.
enum class RunMode { fresh, force, resume };

/// The folder of one training run, held by one process at a time:
///   config.toml                the resolved configuration
///   metrics.jsonl metrics.csv  what was measured; the same for the same seed
///   timing.jsonl log           how long it took and what was said
///   test.json                  what the test part said at the end, where it was asked
///   online_probes.jsonl        what its features were worth on the way, where that was asked
///   probe*.json knn.json ...   what its features were worth, where that was measured
///   report.html                the page about it
///   events/                    the same metrics for TensorBoard, where that was asked
///   ckpt/                      the last two checkpoints
///   lock                       held while a process works here
class RunDir {
 public:
  /// Throws where another process holds the folder, where `fresh` finds anything in it, where `resume` finds
  /// no folder, and where `resume` or `force` finds one that holds other things than a run. `force` deletes
  /// the files of the run that was there, and no others.
  RunDir(std::filesystem::path path, RunMode mode, std::string_view config = "") : path_(std::move(path)) {
    if (mode != RunMode::fresh) check(path_, mode);  // a fresh one once nobody else can write to it
    make_folder();
    lock_.emplace(path_);
    try {
      if (mode == RunMode::fresh) require_empty(path_);
      if (mode == RunMode::force) remove_run();
      std::filesystem::create_directories(checkpoints());
      remove_torn_files();
      if (!std::filesystem::exists(path_ / "config.toml")) write_config(config);
    } catch (const std::filesystem::filesystem_error& error) {
      fail(path_.native(), ": the run folder cannot be prepared: ", error.what());
    }
  }

  RunDir(const RunDir&) = delete;
  RunDir& operator=(const RunDir&) = delete;

  /// Throws what opening a folder as it is now would throw, but for the lock, and changes nothing: before
  /// pictures are decoded.
  static void check(const std::filesystem::path& path, RunMode mode) {
    std::error_code error;
    const bool exists = std::filesystem::exists(path, error);
    require(exists || mode != RunMode::resume, path.native(), ": there is no run to resume");
    if (!exists) return;
    require(std::filesystem::is_directory(path, error), path.native(),
            ": the run folder cannot be made: a file of that name is in the way");
    if (mode == RunMode::fresh) require_empty(path);
    if (mode == RunMode::resume) require_run(path);
    if (mode == RunMode::force) require_run_to_replace(path);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoints() const { return path_ / "ckpt"; }
  std::filesystem::path events() const { return path_ / "events"; }

 private:
  static constexpr std::array files_{"config.toml",
                                     "metrics.jsonl",
                                     "metrics.csv",
                                     "timing.jsonl",
                                     "log",
                                     "test.json",
                                     "probe.json",
                                     "knn.json",
                                     "lowshot.json",
                                     "finetune.json",
                                     "online_probes.jsonl",
                                     "report.html",
                                     "ckpt/last.safetensors",
                                     "ckpt/previous.safetensors",
                                     "ckpt/damaged.safetensors",
                                     "ckpt/not-finite.safetensors"};

  void make_folder() const {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    require(std::filesystem::is_directory(path_), path_.native(), ": the run folder cannot be made: ",
            error ? error.message() : "a file of that name is in the way");
  }

  // An empty folder is a run that was stopped as it began; a folder of other things is a wrong name.
  static void require_run(const std::filesystem::path& path) {
    std::error_code error;
    for (const char* name : {"config.toml", "ckpt"})
      if (std::filesystem::exists(path / name, error)) return;
    const std::string other = first_file(path);
    require(other.empty(), path.native(),
            ": there is no run to resume: expected config.toml or ckpt/, found ", other,
            " and neither of them; nothing was changed");
  }

  // Stricter than resume, for what is deleted cannot be brought back.
  static void require_run_to_replace(const std::filesystem::path& path) {
    std::error_code error;
    const bool run = std::filesystem::exists(path / "config.toml", error) &&
                     std::filesystem::is_directory(path / "ckpt", error);
    const std::string other = run ? "" : first_file(path);
    require(other.empty(), path.native(),
            ": --force replaces only a run: expected a folder with config.toml and ckpt/, or an empty one, "
            "found ",
            other, "; nothing was changed");
  }

  // The name of a file in the folder that is none of what is left of a run that ended as it began: the lock,
  // an empty ckpt/, a torn config.toml. Empty where there is none.
  static std::string first_file(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::directory_iterator at(path, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
      const std::string name = at->path().filename().string();
      const bool left = name == "lock" || AtomicFile::is_torn(name, "config.toml") ||
                        (name == "ckpt" && std::filesystem::is_empty(at->path(), error));
      if (!left) return name;
    }
    require(!error, path.native(), ": the run folder cannot be read: ", error.message());
    return "";
  }

  static void require_empty(const std::filesystem::path& path) {
    const std::string file = first_file(path);
    require(file.empty(), path.native(), ": the run folder is not empty (", file,
            "); --resume continues a run, --force starts it anew and deletes its files, "
            "or give another name");
  }

  void remove_run() const {
    for (const char* file : files_) std::filesystem::remove(path_ / file);
    remove_named(path_, "probe-", ".json");
    remove_named(events(), "events.out.tfevents.", "");
  }

  static void remove_named(const std::filesystem::path& folder, std::string_view begin,
                           std::string_view end) {
    if (!std::filesystem::is_directory(folder)) return;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (const std::string name = entry.path().filename().string();
          name.starts_with(begin) && name.ends_with(end))
        std::filesystem::remove(entry.path());
  }

  // What a killed process was still writing when it ended. Whatever else lies here is the user's.
  void remove_torn_files() const {
    for (const std::filesystem::path name : files_)
      for (const auto& entry : std::filesystem::directory_iterator((path_ / name).parent_path()))
        if (AtomicFile::is_torn(entry.path().filename().string(), name.filename().string()))
          std::filesystem::remove(entry.path());
  }

  void write_config(std::string_view config) const { write_text(path_ / "config.toml", config); }

  std::filesystem::path path_;
  std::optional<FolderLock> lock_;
};

}  // namespace pretext::train
