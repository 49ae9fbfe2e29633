// SPDX-License-Identifier: MIT
// What the demo needs of the tool, so that it can be built and run by itself, sooner.
#include "tasks.hpp"
#include "verbs.hpp"

std::vector<Verb> all_verbs() { return {demo_verb()}; }

const std::vector<ToolTask>& tool_tasks() {
  static const std::vector<ToolTask> tasks{rotation_task(), supervised_task()};
  return tasks;
}
