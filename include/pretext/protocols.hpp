// SPDX-License-Identifier: MIT
#pragma once

// Measurements by the names and constants that papers give them, and the support vector machines of some.

#include "pretext/eval/published.hpp"
#include "pretext/eval/svm.hpp"
#include "pretext/eval/svm_classifier.hpp"
#include "pretext/eval/svm_probe.hpp"
