// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

/// What a result depends on besides its command: version, processor, threads, compiler, decoders, system.
std::vector<std::pair<std::string, std::string>> environment();
