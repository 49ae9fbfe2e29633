// SPDX-License-Identifier: MIT
#include "verbs.hpp"

std::vector<Verb> all_verbs() {
  return {demo_verb(),     pretrain_verb(), probe_verb(), knn_verb(),    lowshot_verb(),
          finetune_verb(), features_verb(), view_verb(),  audit_verb(),  attention_verb(),
          report_verb(),   compare_verb(),  study_verb(), export_verb(), info_verb()};
}
