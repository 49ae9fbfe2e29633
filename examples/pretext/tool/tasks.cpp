// SPDX-License-Identifier: MIT
#include "tasks.hpp"

const std::vector<ToolTask>& tool_tasks() {
  static const std::vector<ToolTask> tasks{
      audited_rotation_task(), jigsaw_task(),       relative_location_task(), exemplar_task(),
      exemplar_triplet_task(), colorization_task(), contrastive_task(),       supervised_task()};
  return tasks;
}
