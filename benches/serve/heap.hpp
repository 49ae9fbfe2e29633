// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace bench {

/// Calls of operator new so far, on any thread: small objects, as tensors have an allocator of their own.
std::int64_t heap_allocations();

}  // namespace bench
