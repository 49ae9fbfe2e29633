// SPDX-License-Identifier: MIT
#pragma once

#include "settings.hpp"

Verb pretrain_verb();
Verb probe_verb();
Verb knn_verb();
Verb lowshot_verb();
Verb finetune_verb();
Verb features_verb();
Verb attention_verb();
Verb view_verb();
Verb audit_verb();
Verb info_verb();
Verb report_verb();
Verb compare_verb();
Verb export_verb();
Verb study_verb();
Verb demo_verb();

/// What this program can do.
std::vector<Verb> all_verbs();
