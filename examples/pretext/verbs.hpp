// SPDX-License-Identifier: MIT
#pragma once

#include "settings.hpp"

Verb pretrain_verb();
Verb probe_verb();
Verb knn_verb();
Verb view_verb();
Verb info_verb();
Verb demo_verb();

inline std::vector<Verb> all_verbs() {
  return {demo_verb(), pretrain_verb(), probe_verb(), knn_verb(), view_verb(), info_verb()};
}
