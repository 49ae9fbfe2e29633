// SPDX-License-Identifier: MIT
// `pretext audit TASK` says how well a task is solved by what does not see the pictures.
#include <cstdio>
#include <memory>

#include "measure.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct AuditSettings {
  TrainingSettings training;
  std::string plant = "none", colors, out;
  std::int64_t answers = 20000;
};

eval::Plant plant_of(const std::string& name) {
  for (const eval::Plant plant : eval::plants)
    if (name == eval::to_string(plant)) return plant;
  fail("there is no plant '", name, "'");
}

/// The task, where there is an audit of it and of the fault.
const ToolTask& audited_task(const AuditSettings& s) {
  const ToolTask& task = tool_task(s.training.task);
  std::string others;
  for (const ToolTask& other : tool_tasks())
    if (other.audit != nullptr) others += (others.empty() ? "" : ", ") + other.name;
  require(task.audit != nullptr, "audit: there is none of ", task.name, "; there are of ", others);
  require_known(task.name + " plant", s.plant, task.plants);
  return task;
}

void print_audit(const std::vector<eval::Shortcut>& shortcuts) {
  std::printf("\n%-20s %9s %9s %17s   %s\n", "shortcut", "accuracy", "chance", "99 % interval", "verdict");
  for (const eval::Shortcut& s : shortcuts)
    std::printf("%-20s %9.2f %9.2f %8.2f - %6.2f   %s\n", s.name.c_str(), 100 * s.accuracy, 100 * s.chance,
                100 * s.interval.low, 100 * s.interval.high, s.found() ? "SHORTCUT" : "chance");
  const eval::Shortcut& first = shortcuts.front();
  std::printf("in %%, of %s to %s that the probes did not learn from\n",
              counted(first.answers, "answer").c_str(), counted(first.pictures, "picture").c_str());
}

void write_audit(const AuditSettings& s, const std::vector<eval::Shortcut>& shortcuts,
                 const Settings& settings) {
  std::vector<JsonObject> rows;
  for (const eval::Shortcut& shortcut : shortcuts) rows.push_back(eval::to_json(shortcut));
  write_record(s.out, rows, settings.command(), settings.toml());
  std::printf("%s\n", s.out.c_str());
}

int run(AuditSettings& s, const Settings& settings) {
  const ToolTask& task = audited_task(s);
  s.training.resolve();
  require(s.answers >= 100, "--answers must be at least 100, not ", s.answers);
  AuditRequest request{.dataset = s.training.open_training(),
                       .plant = plant_of(s.plant),
                       .colors = s.colors,
                       .options = {.answers = s.answers, .seed = s.training.random_seed()}};
  if (request.plant == eval::Plant::aberration) request.dataset = eval::with_aberration(request.dataset);
  const std::vector<eval::Shortcut> shortcuts = task.audit(s.training, request);
  print_audit(shortcuts);
  if (!s.out.empty()) write_audit(s, shortcuts, settings);
  return 0;
}

std::vector<eval::Shortcut> audit_rotation(const TrainingSettings& s, const AuditRequest& request) {
  require(request.colors.empty(), "--colors: rotation leaves colours as they are");
  Rng rng = head_rng(s);
  const tasks::RotationOptions o = rotation_options_of(s);
  const auto audit = [&]<class Program>(const Program& program) {
    return eval::audit(
        tasks::ViewClassifier<Program>(
            {.features = 1, .program = program, .normalization = o.normalization, .seed = o.seed}, rng),
        request.dataset, request.options);
  };
  if (request.plant != eval::Plant::free_angle) return audit(o.program);
  require(o.program.crop.kept() == 1, "--plant free-angle: the crops of the variant '", s.variant,
          "' differ from those that it turns in more than the angle");
  return audit(eval::FreeAngleViews::within({.size = o.program.crop.size(), .mirror = s.mirror}));
}

}  // namespace

ToolTask audited_rotation_task() {
  ToolTask task = rotation_task();
  task.audit = audit_rotation;
  task.plants = {"none", "aberration", "free-angle"};
  return task;
}

Verb audit_verb() {
  auto s = std::make_shared<AuditSettings>();
  Verb verb{"audit", "Try to solve a task without seeing, by shortcuts", {}, [s](Settings& settings) {
              return run(*s, settings);
            }};
  verb.settings.add_positional("task", &s->training.task, "The task; rotation, jigsaw or relative_location");
  s->training.source.add_to(verb.settings);
  verb.settings.add("variant", &s->training.variant, "Constants of the task; 'pretext info TASK' lists them");
  verb.settings.add("plant", &s->plant,
                    "A fault to find: none, no-gap, no-jitter, no-normalization, aberration or free-angle");
  verb.settings.add(
      "colors", &s->colors,
      "What is done to all colours: none, grey, projection or dropping; empty: as the task has it");
  verb.settings.add("answers", &s->answers, "Answers that a probe learns from at least; half as many score");
  verb.settings.add("seed", &s->training.seed, "Seed of the draws and of which pictures score");
  verb.settings.add_unstored("out", &s->out, "A JSON file to write; empty: none");
  return verb;
}
