// SPDX-License-Identifier: MIT
#include "pretext/train/stop_signals.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support.hpp"

using pretext::train::Interrupted;
using pretext::train::StopSignals;

namespace {

int other_signal = 0;

constexpr const char* child_variable = "PRETEXT_TEST_SIGNALLED";

/// How this program ends when it is started anew for one test case alone. A fork would share the state of
/// whatever threads the tests before have left.
int end_of_child(const std::string& test_case, const std::string& task) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv(child_variable, task.c_str(), 1);
    ::execl("/proc/self/exe", "signalled", ("-tc=" + test_case).c_str(), "-o=/dev/null",
            static_cast<char*>(nullptr));
    ::_exit(127);
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
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
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
  if (const char* second = std::getenv(child_variable)) {
    ::signal(SIGINT, SIG_DFL);  // whatever the shell has set
    ::signal(SIGTERM, SIG_DFL);
    ::signal(SIGHUP, SIG_DFL);
    const StopSignals guard;
    ::raise(SIGINT);
    ::raise(std::atoi(second));
    return;
  }
  for (const int second : {SIGINT, SIGTERM, SIGHUP}) {
    const int status = end_of_child("a second signal*", std::to_string(second));
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == second);
  }
}

TEST_CASE("an ignored signal stays ignored") {
  if (std::getenv(child_variable) != nullptr) {
    ::signal(SIGINT, SIG_IGN);
    const StopSignals guard;
    ::raise(SIGINT);
    ::raise(SIGINT);
    ::_exit(StopSignals::received());
  }
  const int status = end_of_child("an ignored signal*", "");
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
