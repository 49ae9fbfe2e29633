// SPDX-License-Identifier: MIT
#pragma once

// Measurements by the names and constants that papers give them, the support vector machines of some, and
// probes that learn while the network is trained.

#include "pretext/eval/online_probes.hpp"
#include "pretext/eval/published.hpp"
#include "pretext/eval/svm.hpp"
#include "pretext/eval/svm_classifier.hpp"
#include "pretext/eval/svm_probe.hpp"
