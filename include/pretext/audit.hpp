// SPDX-License-Identifier: MIT
#pragma once

// By what a pretext task can be solved without seeing what is in a picture.

#include "pretext/eval/audit.hpp"
#include "pretext/eval/blind_features.hpp"
#include "pretext/eval/plants.hpp"
#include "pretext/eval/shortcuts.hpp"
