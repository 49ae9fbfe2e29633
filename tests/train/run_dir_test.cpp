// SPDX-License-Identifier: MIT
#include "pretext/train/run_dir.hpp"

#include <sys/wait.h>

#include <optional>
#include <string>

#include "support.hpp"

using namespace pretext;
using namespace pretext::train;
namespace fs = std::filesystem;

TEST_CASE("a run folder is made with its parents, its configuration and a place for checkpoints") {
  const test::TempDir dir;
  const RunDir run(dir / "runs/one", RunMode::fresh, "epochs = 3\n");
  CHECK(test::read_file(run.path() / "config.toml") == "epochs = 3\n");
  CHECK(fs::is_directory(run.checkpoints()));
}

TEST_CASE("a run folder is never overwritten unless forced, and then only its own files are deleted") {
  const test::TempDir dir;
  { const RunDir run(dir / "one", RunMode::fresh, "a = 1\n"); }
  test::write_file(dir / "one/metrics.jsonl", "old\n");
  test::write_file(dir / "one/ckpt/last.safetensors", "old");
  test::write_file(dir / "one/notes.txt", "mine");
  test::write_file(dir / "one/test.json", "old");
  test::write_file(dir / "one/ckpt/best.safetensors", "mine");
  CHECK_THROWS_WITH_AS(RunDir(dir / "one", RunMode::fresh), doctest::Contains("--force"), Error);
  CHECK(test::read_file(dir / "one/metrics.jsonl") == "old\n");
  const RunDir run(dir / "one", RunMode::force, "a = 2\n");
  CHECK_FALSE(fs::exists(dir / "one/metrics.jsonl"));
  CHECK_FALSE(fs::exists(dir / "one/ckpt/last.safetensors"));
  CHECK_FALSE(fs::exists(dir / "one/test.json"));
  CHECK(test::read_file(dir / "one/notes.txt") == "mine");
  CHECK(test::read_file(dir / "one/ckpt/best.safetensors") == "mine");
  CHECK(test::read_file(dir / "one/config.toml") == "a = 2\n");
}

TEST_CASE("an empty folder may become a run, a full one or a file may not") {
  const test::TempDir dir;
  fs::create_directories(dir / "empty");
  CHECK_NOTHROW(RunDir(dir / "empty", RunMode::fresh));
  fs::create_directories(dir / "full/pictures");
  CHECK_THROWS_WITH_AS(RunDir(dir / "full", RunMode::fresh), doctest::Contains("not empty (pictures)"),
                       Error);
  test::write_file(dir / "file", "");
  CHECK_THROWS_WITH_AS(RunDir(dir / "file", RunMode::fresh), doctest::Contains("cannot be made"), Error);
  CHECK_THROWS_WITH_AS(RunDir(dir / "file/below", RunMode::fresh), doctest::Contains("cannot be made"),
                       Error);
}

TEST_CASE("a resumed run keeps its files and its configuration, but for what was never finished") {
  const test::TempDir dir;
  CHECK_THROWS_WITH_AS(RunDir(dir / "one", RunMode::resume), doctest::Contains("no run to resume"), Error);
  { const RunDir run(dir / "one", RunMode::fresh, "a = 1\n"); }
  test::write_file(dir / "one/metrics.jsonl", "old\n");
  test::write_file(dir / "one/ckpt/last.safetensors.part-77", "torn");
  test::write_file(dir / "one/config.toml.part-77", "torn");
  const RunDir run(dir / "one", RunMode::resume, "a = 2\n");
  CHECK(test::read_file(dir / "one/config.toml") == "a = 1\n");
  CHECK(test::read_file(dir / "one/metrics.jsonl") == "old\n");
  CHECK(fs::is_empty(run.checkpoints()));
  CHECK_FALSE(fs::exists(dir / "one/config.toml.part-77"));
}

TEST_CASE("the user's files in a run folder stay, whatever they are called") {
  const test::TempDir dir;
  { const RunDir run(dir / "one", RunMode::fresh); }
  const char* files[] = {"holiday.part-1.rar", "notes.part-two.txt", "film.part-1",
                         "config.toml.part-",  "ckpt/mine.part-77",  "ckpt/last.safetensors.part-1.bak"};
  for (const char* file : files) test::write_file(dir / "one" / file, "mine");
  const char* torn[] = {"config.toml.part-1", "ckpt/last.safetensors.part-12",
                        "ckpt/not-finite.safetensors.part-3", "test.json.part-4", "knn.json.part-5"};
  for (const char* file : torn) test::write_file(dir / "one" / file, "torn");
  const RunDir run(dir / "one", RunMode::resume);
  for (const char* file : files) CHECK_MESSAGE(fs::exists(dir / "one" / file), file);
  for (const char* file : torn) CHECK_MESSAGE(!fs::exists(dir / "one" / file), file);
}

TEST_CASE("a run that was killed as it wrote its first file is begun again in every mode") {
  for (const RunMode mode : {RunMode::fresh, RunMode::resume, RunMode::force}) {
    const test::TempDir dir;
    fs::create_directories(dir / "one/ckpt");
    test::write_file(dir / "one/lock", "1");
    test::write_file(dir / "one/config.toml.part-77", "torn");
    CHECK_NOTHROW(RunDir::check(dir / "one", mode));
    const RunDir run(dir / "one", mode, "a = 1\n");
    CHECK(test::read_file(dir / "one/config.toml") == "a = 1\n");
    CHECK_FALSE(fs::exists(dir / "one/config.toml.part-77"));
  }
}

TEST_CASE("a folder that is no run is not resumed and left as it is; an empty one becomes a run") {
  const test::TempDir dir;
  fs::create_directories(dir / "photos");
  test::write_file(dir / "photos/a.part-1", "mine");
  CHECK_THROWS_WITH_AS(RunDir(dir / "photos", RunMode::resume),
                       doctest::Contains("photos: there is no run to resume: expected config.toml or ckpt/, "
                                         "found a.part-1"),
                       Error);
  CHECK(std::distance(fs::directory_iterator(dir / "photos"), {}) == 1);
  CHECK(test::read_file(dir / "photos/a.part-1") == "mine");
  fs::create_directories(dir / "empty");
  { const RunDir run(dir / "empty", RunMode::resume, "a = 1\n"); }
  CHECK(test::read_file(dir / "empty/config.toml") == "a = 1\n");
  fs::create_directories(dir / "locked");
  test::write_file(dir / "locked/lock", "1");
  CHECK_NOTHROW(RunDir(dir / "locked", RunMode::resume));
}

TEST_CASE("a folder that is no run is not replaced, and left as it is; an empty one becomes a run") {
  const test::TempDir dir;
  for (const char* file : {"photos/a.png", "project/config.toml", "ckpt-alone/ckpt"}) {
    fs::create_directories((dir / file).parent_path());
    test::write_file(dir / file, "mine");
    CHECK_THROWS_WITH_AS(RunDir((dir / file).parent_path(), RunMode::force),
                         doctest::Contains("--force replaces only a run"), Error);
    CHECK(test::read_file(dir / file) == "mine");
  }
  fs::create_directories(dir / "empty");
  CHECK_NOTHROW(RunDir(dir / "empty", RunMode::force));
}

TEST_CASE("what is left of a run that failed as it began is in nobody's way") {
  for (const RunMode mode : {RunMode::fresh, RunMode::force, RunMode::resume}) {
    const test::TempDir dir;
    fs::create_directories(dir / "one/ckpt");
    test::write_file(dir / "one/lock", "1");
    CHECK_NOTHROW(RunDir::check(dir / "one", mode));
    CHECK_NOTHROW(RunDir(dir / "one", mode));
  }
}

TEST_CASE("a folder is checked before it is opened, and not changed") {
  const test::TempDir dir;
  CHECK_NOTHROW(RunDir::check(dir / "new", RunMode::fresh));
  CHECK_NOTHROW(RunDir::check(dir / "new", RunMode::force));
  CHECK_THROWS_WITH_AS(RunDir::check(dir / "new", RunMode::resume), doctest::Contains("no run to resume"),
                       Error);
  CHECK_FALSE(fs::exists(dir / "new"));
  fs::create_directories(dir / "full");
  test::write_file(dir / "full/a.png", "mine");
  CHECK_THROWS_WITH_AS(RunDir::check(dir / "full", RunMode::fresh), doctest::Contains("not empty (a.png)"),
                       Error);
  CHECK_THROWS_WITH_AS(RunDir::check(dir / "full/a.png", RunMode::fresh), doctest::Contains("in the way"),
                       Error);
}

TEST_CASE("a second process on the same folder is refused with a reason, until the first one ends") {
  const test::TempDir dir;
  std::optional<RunDir> run(std::in_place, dir / "one", RunMode::fresh);
  // A lock belongs to an open file, so a second opening in this process stands for another process.
  const std::string owner = "another process (" + std::to_string(::getpid()) + ") is working";
  for (const RunMode mode : {RunMode::fresh, RunMode::force, RunMode::resume})
    CHECK_THROWS_WITH_AS(RunDir(dir / "one", mode), doctest::Contains(owner.c_str()), Error);
  run.reset();
  CHECK_NOTHROW(RunDir(dir / "one", RunMode::resume));
}

TEST_CASE("a killed process holds no lock") {
  const test::TempDir dir;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunDir run(dir / "one", RunMode::fresh);
    [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
    while (true) ::pause();
  }
  char told = 0;
  REQUIRE(::read(ready[0], &told, 1) == 1);
  CHECK_THROWS_WITH_AS(RunDir(dir / "one", RunMode::resume), doctest::Contains("is working"), Error);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_NOTHROW(RunDir(dir / "one", RunMode::resume));
  ::close(ready[0]);
  ::close(ready[1]);
}
