// SPDX-License-Identifier: MIT
#include "pretext/train/stop_signals.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include "support.hpp"

using pretext::train::Interrupted;
using pretext::train::StopSignals;

namespace {

int other_signal = 0;

/// How a child process ends that does this.
template <class F>
int end_of_child(F&& f) {
  const pid_t child = ::fork();
  if (child == 0) {
    f();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("the first signal sets a flag, and the handler that was there comes back afterwards") {
  struct sigaction mine {
  }, before{};
  mine.sa_handler = [](int signal) { other_signal = signal; };
  for (const int signal : {SIGINT, SIGTERM}) {
    ::sigaction(signal, &mine, &before);
    other_signal = 0;
    {
      const StopSignals guard;
      CHECK(StopSignals::received() == 0);
      ::raise(signal);
      CHECK(StopSignals::received() == signal);
      CHECK(other_signal == 0);
    }
    ::raise(signal);
    CHECK(other_signal == signal);
    ::sigaction(signal, &before, nullptr);
  }
}

TEST_CASE("a second signal ends the process at once") {
  for (const int second : {SIGINT, SIGTERM}) {
    const int status = end_of_child([&] {
      const StopSignals guard;
      ::raise(SIGINT);
      ::raise(second);
    });
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == second);
  }
}

TEST_CASE("an ignored signal stays ignored") {
  const int status = end_of_child([] {
    ::signal(SIGINT, SIG_IGN);
    const StopSignals guard;
    ::raise(SIGINT);
    ::raise(SIGINT);
    ::_exit(StopSignals::received());
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a new guard forgets what an old one received") {
  {
    const StopSignals guard;
    ::raise(SIGTERM);
  }
  const StopSignals guard;
  CHECK(StopSignals::received() == 0);
}

TEST_CASE("an interruption knows its exit code") {
  CHECK(Interrupted(SIGINT, "stopped").exit_code() == 130);
  CHECK(Interrupted(SIGTERM, "stopped").exit_code() == 143);
}
