// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

using Facts = std::vector<std::pair<std::string, std::string>>;

/// The programs that a network's bits may depend on besides its command: version, compiler, libraries, and
/// the vectors that kernels use. The same for any number of threads.
Facts programs();

/// programs(), and the machine that they run on: processor, threads, system.
Facts environment();
