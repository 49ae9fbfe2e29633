// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "pretext/train/fit.hpp"
#include "support.hpp"
#include "train/tiny.hpp"

using namespace pretext;
using namespace pretext::train;
using test::TinyTraining;
namespace fs = std::filesystem;

namespace {

constexpr const char* child_variable = "PRETEXT_TEST_KILLED_RUN";

/// Trains in a run folder from wherever it stands to the end, with a checkpoint at every other step.
std::uint64_t train_in(const fs::path& out) {
  TinyTraining training;
  FitOptions options = TinyTraining::options(out);
  options.mode = fs::exists(out) ? RunMode::resume : RunMode::fresh;
  options.checkpoint_steps = 2;
  training.fit(options);
  return training.hash();
}

/// Starts this program anew, to train in a folder and write the hash of the weights beside it. A fork alone
/// would leave the child without the threads of the pool.
pid_t start_child(const fs::path& out) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setenv(child_variable, out.c_str(), 1);
  ::execl("/proc/self/exe", "killed", "-tc=a hundred kills*", "-o=/dev/null", static_cast<char*>(nullptr));
  ::_exit(127);
}

/// True where the child came to its end before the time was over.
bool ends_within(pid_t child, std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= end) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  if (WIFSIGNALED(status)) {
    REQUIRE(WTERMSIG(status) == SIGKILL);
    return false;
  }
  REQUIRE(WEXITSTATUS(status) == 0);
  return true;
}

}  // namespace

TEST_CASE("a hundred kills at random moments, each resumed, change neither weights nor metrics") {
  if (const char* out = std::getenv(child_variable)) {
    const std::uint64_t hash = train_in(out);
    test::write_file(std::string(out) + ".hash", std::to_string(hash));
    return;
  }
  const test::TempDir dir;
  const std::string hash = std::to_string(train_in(dir / "reference"));
  double length = 1e9;  // in microseconds, of a run that nobody kills
  for (const char* name : {"timed1", "timed2", "timed3"}) {
    const auto began = std::chrono::steady_clock::now();
    REQUIRE(ends_within(start_child(dir / name), std::chrono::minutes(1)));
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    length = std::min(length, took.count());
  }

  Rng rng(static_cast<std::uint64_t>(::getpid()), Use::test);
  int kills = 0, runs = 0, early = 0;
  while (kills < 100) {
    const fs::path out = dir / ("run" + std::to_string(runs++));
    const auto moment = [&] {
      return std::chrono::microseconds(
          static_cast<std::int64_t>(static_cast<double>(rng.uniform()) * length));
    };
    while (!ends_within(start_child(out), moment())) {
      ++kills;
      early += fs::exists(out / "ckpt/last.safetensors") ? 0 : 1;
    }
    CHECK(test::read_file(out.string() + ".hash") == hash);
    for (const char* file : {"metrics.jsonl", "metrics.csv"})
      CHECK(test::read_file(out / file) == test::read_file(dir / "reference" / file));
    int torn = 0;
    for (const auto& entry : fs::recursive_directory_iterator(out))
      torn += entry.path().string().find(".part-") != std::string::npos ? 1 : 0;
    CHECK(torn == 0);
  }
  MESSAGE(kills << " kills, " << early << " of them before the first checkpoint, of " << runs
                << " runs; a whole one takes " << length / 1000 << " ms");
}
