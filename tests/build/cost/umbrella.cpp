// SPDX-License-Identifier: MIT
#include "pretext/pretext.hpp"  // and nothing else: what it costs to say so
