// SPDX-License-Identifier: MIT
#pragma once

#include <pretext/eval/features.hpp>

/// Shows how far a measurement is, on stderr: on a terminal one bar, drawn over and over; elsewhere a plain
/// line every ten seconds. Wiped when the last copy of what is returned is gone.
pretext::eval::Watch work_bar();
