// SPDX-License-Identifier: MIT
// `pretext study` trains a grid of tasks, networks, sizes and seeds, each cell in a process and a run folder
// of its own, and says which statements of the literature its numbers bear out.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <pretext/core/file.hpp>
#include <pretext/core/thread_pool.hpp>
#include <sstream>

#include "study_page.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;
namespace fs = std::filesystem;

namespace {

struct StudySettings {
  std::string tasks = "rotation,jigsaw", models = "nin3", widths = "32", pictures = "0", hardness = "usual",
              seeds = "0,1", train, probe, knn, out = "runs/study";
  std::int64_t at_once = 1, memory = 0;
  bool dry_run = false;
};

/// The words of a text with blanks between them.
std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

/// The numbers of an axis, as flags take them.
std::vector<std::string> numbers_of(const std::string& axis, const std::string& list) {
  std::string plain;  // "00" is 0
  std::vector<std::string> names;
  for (const std::int64_t number : split_numbers<std::int64_t>(axis, list)) {
    names.push_back(std::to_string(number));
    plain += (plain.empty() ? "" : ",") + names.back();
  }
  choices_of(axis, plain);  // refuses what is named twice
  return names;
}

/// Throws where flags would outrank an axis, or leave a cell without what the study reads of it.
void check_flags(const StudySettings& s, const std::vector<std::vector<Choice>>& axes) {
  const std::vector<std::string> of_training{"model", "width",  "pictures", "seed",   "test",
                                             "out",   "resume", "force",    "config", "dry-run"};
  const std::vector<std::string> of_probe{"run",  "weights",  "seed",   "out",    "baselines",
                                          "taps", "protocol", "config", "dry-run"};
  require_free("--train", words_of(s.train), of_training);
  for (const auto& axis : axes)
    for (const Choice& choice : axis) require_free(choice.name, choice.flags, of_training);
  require_free("--probe", words_of(s.probe), of_probe);
  require_free("--knn", words_of(s.knn), of_probe);
}

std::vector<Cell> cells_of(const StudySettings& s) {
  const auto tasks = choices_of("tasks", s.tasks), models = choices_of("models", s.models),
             hardness = choices_of("hardness", s.hardness);
  check_flags(s, {tasks, models, hardness});
  for (const Choice& task : tasks) require_known("task", task.name, task_names());
  for (const Choice& model : models) require_known("model", model.name, model_names());
  const auto widths = numbers_of("widths", s.widths), pictures = numbers_of("pictures", s.pictures),
             seeds = numbers_of("seeds", s.seeds);
  std::vector<Cell> cells;
  // The seed is the slowest, so that a study stopped early has few seeds of all and not all of a few.
  for (const auto& seed : seeds)
    for (const auto& task : tasks)
      for (const auto& model : models)
        for (const auto& hard : hardness)
          for (const auto& width : widths)
            for (const auto& count : pictures) cells.push_back({task, model, hard, width, count, seed});
  return cells;
}

std::string text_of(const std::vector<std::vector<std::string>>& commands) {
  std::string text;
  for (const auto& command : commands) {
    text += "pretext";
    for (std::size_t i = 1; i < command.size(); ++i) text += " " + command[i];
    text += "\n";
  }
  return text;
}

/// Throws where a cell of this name was made by other commands; where the study lies is not one of them. One
/// that is not whole may be measured by others than before.
void require_same(const CellCommands& commands, const Cell& cell, bool whole) {
  const fs::path path = commands.out / "cells" / (cell.name() + ".txt");
  CellCommands anywhere = commands;
  anywhere.out = ".";
  const std::string text = text_of(anywhere.all(cell));
  const auto training = [](const std::string& all) { return all.substr(0, all.find('\n')); };
  const std::string then = fs::exists(path) ? read_text(path) : "";
  if (then == text) return;
  require(then.empty() || (!whole && training(then) == training(text)), path.string(),
          ": this cell was begun by other commands:\n", then, "now:\n", text, "give the study another --out");
  for (const char* measured : {"probe.json", "knn.json"}) fs::remove(commands.run(cell) / measured);
  make_folder_of(path);
  write_text(path, text);
}

/// A study under way.
class Study {
 public:
  Study(const StudySettings& s, const Settings& settings) : s_(s), cells_(cells_of(s)) {
    commands_ = {fs::read_symlink("/proc/self/exe").string(), s.out, words_of(s.train), words_of(s.probe),
                 words_of(s.knn)};
    state_.command = settings.command();
    state_.config = settings.toml();
  }

  int run() {
    if (s_.dry_run) return print();
    fs::create_directories(commands_.out / "logs");
    const train::FolderLock lock(commands_.out);
    for (const Cell& cell : cells_) require_same(commands_, cell, read(cell).has_value());
    std::vector<Job> jobs;
    for (const Cell& cell : cells_)
      if (!read(cell)) jobs.push_back(commands_.job(cell));
    std::printf("%s, %zu of them done before\n", counted(std::ssize(cells_), "cell").c_str(),
                cells_.size() - jobs.size());
    show();
    const auto threads = std::max<std::int64_t>(1, thread_pool().threads() / s_.at_once);
    run_jobs(jobs, {s_.at_once, threads, s_.memory},
             [&](const Job& job, const JobEnd& end) { note(job, end); });
    return finish();
  }

 private:
  int print() const {
    for (const Cell& cell : cells_) std::printf("%s", text_of(commands_.all(cell)).c_str());
    std::printf("# %s; nothing was trained or written\n", counted(std::ssize(cells_), "cell").c_str());
    return 0;
  }

  void note(const Job& job, const JobEnd& end) {
    if (!end.fault.empty()) fail_cell(job.name, end.fault);
    show();
    std::printf("%s: %s after %.0f s, %lld MB%s%s; %zu to do\n", job.name.c_str(),
                end.fault.empty() ? "done" : "failed", end.seconds, static_cast<long long>(end.peak_mb),
                end.fault.empty() ? "" : ": ", end.fault.c_str(), state_.left);
    std::fflush(stdout);
  }

  /// What came out of a cell; nothing where it is not whole, and why where its results do not go together.
  std::optional<CellResult> read(const Cell& cell, std::string* why = nullptr) const {
    try {
      return result_of(commands_, cell);
    } catch (const Error& error) {
      if (why != nullptr) *why = error.what();
      return std::nullopt;
    }
  }

  void fail_cell(const std::string& name, const std::string& why) {
    for (const auto& [known, reason] : state_.failures)
      if (known == name) return;
    state_.failures.emplace_back(name, why);
  }

  /// Reads what is there and writes the page anew.
  void show() {
    state_.results.clear();
    for (const Cell& cell : cells_)
      if (auto result = read(cell)) state_.results.push_back(std::move(*result));
    state_.left = cells_.size() - state_.results.size() - state_.failures.size();
    write_study_page(commands_.out / "study.html", state_);
    write_text(commands_.out / "study.md", study_markdown(state_));
  }

  int finish() {
    for (const Cell& cell : cells_) {
      std::string why = "left no results; see " + commands_.log(cell).string();
      if (!read(cell, &why)) fail_cell(cell.name(), why);
    }
    show();
    for (const Finding& f : findings_of(state_.results))
      std::printf("%s: %s. %s\n", f.statement.c_str(), f.verdict.c_str(), f.numbers.c_str());
    std::printf("%s\n", (commands_.out / "study.html").string().c_str());
    for (const auto& [name, why] : state_.failures)
      std::fprintf(stderr, "failed: %s: %s\n", name.c_str(), why.c_str());
    return state_.failures.empty() ? 0 : 1;
  }

  const StudySettings& s_;
  std::vector<Cell> cells_;
  CellCommands commands_;
  StudyState state_;
};

int run(const StudySettings& s, const Settings& settings) {
  require(s.at_once >= 1 && s.at_once <= 1024, "--at-once must be 1 to 1024, not ", s.at_once);
  require(s.memory >= 0, "--memory must be at least 0, not ", s.memory);
  return Study(s, settings).run();
}

}  // namespace

Verb study_verb() {
  auto s = std::make_shared<StudySettings>();
  Verb verb{"study",
            "Train a grid of tasks, networks, sizes and seeds, and weigh what the literature says of them",
            {},
            [s](const Settings& settings) { return run(*s, settings); }};
  verb.settings.add("tasks", &s->tasks, "Tasks, each with flags of its own: 'rotation,jigsaw --size 96'");
  verb.settings.add("models", &s->models, "Backbones, in the same way");
  verb.settings.add("widths", &s->widths, "Widths of the backbones");
  verb.settings.add("pictures", &s->pictures, "Pictures to learn from; 0: all");
  verb.settings.add("hardness", &s->hardness,
                    "Kinds of hardness, each a name and the flags that make it: 'usual,hard --padding 8'");
  verb.settings.add("seeds", &s->seeds, "Seeds");
  verb.settings.add("train", &s->train, "More flags of 'pretext pretrain' for all cells");
  verb.settings.add("probe", &s->probe, "Flags of 'pretext probe'");
  verb.settings.add("knn", &s->knn, "Flags of 'pretext knn'");
  verb.settings.add_unstored("out", &s->out, "Folder of the study; the same command goes on in it");
  verb.settings.add_unstored("at-once", &s->at_once, "Cells that run at once; they share the threads");
  verb.settings.add_unstored("memory", &s->memory,
                             "MB that they may take together, by what cells before them took; 0: no limit");
  verb.settings.add_unstored("dry-run", &s->dry_run, "Print the commands of all cells and stop");
  return verb;
}
