// SPDX-License-Identifier: MIT
#pragma once

#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// Watches every allocation of the process, those of C libraries included: through the sanitizer's hooks where
// there is one, through the C library's malloc otherwise. For the one translation unit with main().

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define PRETEXT_FUZZ_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PRETEXT_FUZZ_SANITIZER 1
#endif

namespace fuzz {

/// What the input at hand has allocated. Over the limit, `refused` is called and does not return.
struct AllocationWatch {
  std::atomic<bool> on{false};
  std::atomic<std::int64_t> live{0}, peak{0}, largest{0};
  std::int64_t limit = 0;
  void (*refused)(std::int64_t bytes) = nullptr;

  /// Starts to watch one input.
  void start() {
    live = 0;
    on = true;
  }
  void stop() { on = false; }

  void allocated(std::size_t size) {
    if (!on.load(std::memory_order_relaxed)) return;
    const auto bytes = static_cast<std::int64_t>(size);
    const std::int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    raise(peak, now);
    raise(largest, bytes);
    if (now > limit || bytes > limit) {
      on = false;
      refused(now > bytes ? now : bytes);
    }
  }
  void freed(std::size_t size) {
    if (on.load(std::memory_order_relaxed))
      live.fetch_sub(static_cast<std::int64_t>(size), std::memory_order_relaxed);
  }

 private:
  static void raise(std::atomic<std::int64_t>& most, std::int64_t value) {
    std::int64_t seen = most.load(std::memory_order_relaxed);
    while (seen < value && !most.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }
};

inline constinit AllocationWatch allocation_watch;

}  // namespace fuzz

#if defined(PRETEXT_FUZZ_SANITIZER)

// The header with these declarations does not come with every compiler that has the functions.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void*, std::size_t),
                                              void (*freed)(const volatile void*));
std::size_t __sanitizer_get_allocated_size(const volatile void* memory);
}

namespace fuzz {
inline void install_allocation_watch() {
  __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t size) { allocation_watch.allocated(size); },
      [](const volatile void* memory) { allocation_watch.freed(__sanitizer_get_allocated_size(memory)); });
}
}  // namespace fuzz

#else

namespace fuzz {
inline void install_allocation_watch() {}
inline void* watched(void* memory) {
  allocation_watch.allocated(malloc_usable_size(memory));
  return memory;
}
}  // namespace fuzz

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

// The whole family goes through here, so that every block is counted by the size it really has.
void* malloc(std::size_t bytes) noexcept { return fuzz::watched(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  return fuzz::watched(__libc_calloc(count, bytes));
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  return fuzz::watched(__libc_memalign(alignment, bytes));
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return fuzz::watched(__libc_memalign(alignment, bytes));
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  *memory = fuzz::watched(__libc_memalign(alignment, bytes));
  return *memory == nullptr ? ENOMEM : 0;
}
void* realloc(void* memory, std::size_t bytes) noexcept {
  fuzz::allocation_watch.freed(malloc_usable_size(memory));
  return fuzz::watched(__libc_realloc(memory, bytes));
}
void free(void* memory) noexcept {
  fuzz::allocation_watch.freed(malloc_usable_size(memory));
  __libc_free(memory);
}
}
#endif
