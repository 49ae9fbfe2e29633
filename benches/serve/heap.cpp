// SPDX-License-Identifier: MIT
#include "heap.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> calls{0};

}  // namespace

std::int64_t bench::heap_allocations() { return calls.load(std::memory_order_relaxed); }

// The other forms of new and delete call these two, but for those of aligned types.
void* operator new(std::size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
