// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool limits_memory = false;  // a sanitizer's own memory does not fit into a limit
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool limits_memory = false;
#else
inline constexpr bool limits_memory = true;
#endif
#else
inline constexpr bool limits_memory = true;
#endif

/// True where f() returns true in a child process whose address space can grow by no more than 64 MiB: room
/// for the stacks of a few threads. False where it hangs for a minute.
template <class F>
bool holds_short_of_memory(F f) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit{};
    limit.rlim_cur = limit.rlim_max = pages * static_cast<rlim_t>(::getpagesize()) + (rlim_t{64} << 20);
    ::_exit(pages > 0 && ::setrlimit(RLIMIT_AS, &limit) == 0 && f() ? 0 : 1);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace test
