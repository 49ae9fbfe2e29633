// SPDX-License-Identifier: MIT
#include "pretext/train/fit.hpp"

#include <optional>
#include <string>
#include <vector>

#include "support.hpp"
#include "train/tiny.hpp"

using namespace pretext;
using namespace pretext::train;
using test::TinyTraining;
namespace fs = std::filesystem;

namespace {

/// What a run leaves behind and must not depend on stops.
struct Remains {
  std::uint64_t hash = 0;
  std::string jsonl, csv;
  bool operator==(const Remains&) const = default;
};

Remains remains_of(TinyTraining& training, const fs::path& out) {
  return {training.hash(), test::read_file(out / "metrics.jsonl"), test::read_file(out / "metrics.csv")};
}

Remains uninterrupted() {
  const test::TempDir dir;
  TinyTraining training;
  training.fit(TinyTraining::options(dir / "run"));
  return remains_of(training, dir / "run");
}

/// Options under which SIGTERM comes while this step, counted from 0 since training began, is taken.
FitOptions stopping(FitOptions options, std::int64_t step) {
  const double moment = static_cast<double>(step) / 5;
  options.schedule = [schedule = options.schedule, moment, sent = false](double epoch) mutable {
    if (epoch == moment && !std::exchange(sent, true)) ::raise(SIGTERM);
    return schedule(epoch);
  };
  return options;
}

FitOptions resuming(const fs::path& out) {
  FitOptions options = TinyTraining::options(out);
  options.mode = RunMode::resume;
  return options;
}

/// Goes on in a program that began with other weights.
Remains resumed(const fs::path& out) {
  TinyTraining training(99);
  training.fit(resuming(out));
  return remains_of(training, out);
}

}  // namespace

TEST_CASE("a network learns, and each epoch is recorded") {
  const test::TempDir dir;
  TinyTraining training;
  FitOptions options = TinyTraining::options(dir / "run");
  options.epochs = 12;
  options.schedule = optim::Constant{0.05};
  std::vector<Record> seen;
  options.on_epoch = [&](const Record& r) { seen.push_back(r); };
  const std::vector<Record> epochs = training.fit(options);
  REQUIRE(epochs.size() == 12);
  CHECK(seen == epochs);
  CHECK(epochs.back().accuracy > 0.9);
  CHECK(epochs.back().validation_accuracy.value() > 0.9);
  CHECK(epochs.back().loss < epochs.front().loss);
  CHECK(epochs.back().step == 60);

  std::vector<Record> steps = read_metrics(dir / "run/metrics.jsonl");
  REQUIRE(steps.size() == 12 + 20);
  CHECK(steps[0].kind == "step");
  CHECK(steps[0].step == 3);
  CHECK(steps[1].kind == "epoch");
  CHECK(test::read_file(dir / "run/timing.jsonl").find("images_per_second") != std::string::npos);
  CHECK(test::read_file(dir / "run/timing.jsonl").find("\"tensor_peak_bytes\":") != std::string::npos);
  CHECK(test::read_file(dir / "run/log").find(" tensors take up to ") != std::string::npos);
}

TEST_CASE("the weights do not depend on threads, on the loader, or on whether anything is written") {
  const data::Dataset pictures = test::tiny_pictures(60, 24);
  std::optional<std::uint64_t> first;
  for (const int threads : {1, 2, 4, 8})
    for (const int depth : {0, 1, 2, 3, 4}) {
      CAPTURE(threads);
      CAPTURE(depth);
      set_num_threads(threads);
      const test::TempDir dir;
      FitOptions options = TinyTraining::options(depth == 3 ? dir / "run" : fs::path());
      options.epochs = 1;
      options.batch = 20;
      options.loader_depth = depth;
      options.loader_threads = 1 + depth % 3;
      options.record_every = 1 + depth;
      TinyTraining training;
      training.fit(options, pictures);
      if (!first) first = training.hash();
      CHECK(training.hash() == *first);
    }
  set_num_threads(2);
  TinyTraining other;
  FitOptions options = TinyTraining::options();
  options.epochs = 1;
  options.batch = 20;
  options.seed = 4;
  other.fit(options, pictures);
  CHECK(other.hash() != *first);
}

TEST_CASE("a stop at any step and a resume give the same weights and the same metrics") {
  const Remains reference = uninterrupted();
  for (std::int64_t step = 0; step < 20; ++step) {
    CAPTURE(step);
    const test::TempDir dir;
    TinyTraining training;
    CHECK_THROWS_AS(training.fit(stopping(TinyTraining::options(dir / "run"), step)), Interrupted);
    CHECK(load_checkpoint(dir / "run/ckpt/last.safetensors").info.step == step % 5 + 1);
    CHECK(resumed(dir / "run") == reference);
  }
}

TEST_CASE("event files change no bit, go on after a stop, and are deleted with their run") {
  const auto count = [](const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
  };
  const Remains reference = uninterrupted();
  const test::TempDir dir;
  FitOptions options = TinyTraining::options(dir / "run");
  options.tensorboard = true;
  int asked = 0;
  options.on_events = [&](EventFile& events, const Record& r) { events.scalar("mine", r.step, ++asked); };
  TinyTraining training;
  CHECK_THROWS_AS(training.fit(stopping(options, 12)), Interrupted);
  CHECK(count(dir / "run/events") == 1);
  options.mode = RunMode::resume;
  TinyTraining other(99);
  other.fit(options);
  CHECK(remains_of(other, dir / "run") == reference);
  CHECK(count(dir / "run/events") == 2);
  CHECK(asked == options.epochs);
  test::write_file(dir / "run/events/notes.txt", "the user's");
  options.mode = RunMode::force;
  TinyTraining(1).fit(options);
  CHECK(count(dir / "run/events") == 2);
  CHECK(test::read_file(dir / "run/events/notes.txt") == "the user's");
  options.out.clear();
  CHECK_THROWS_WITH_AS(
      TinyTraining(1).fit(options),
      "fit: only a run that has a folder (out) can be resumed, replaced or shown in TensorBoard", Error);
}

TEST_CASE("a stop while validation runs, and stops one after the other, change nothing") {
  const Remains reference = uninterrupted();
  const test::TempDir dir;
  {
    TinyTraining training;
    training.task.on_evaluate = [count = 0]() mutable {
      if (++count == 3) ::raise(SIGINT);
    };
    CHECK_THROWS_AS(training.fit(TinyTraining::options(dir / "run")), Interrupted);
    const Checkpoint checkpoint = load_checkpoint(dir / "run/ckpt/last.safetensors");
    CHECK(checkpoint.info.epoch == 1);
    CHECK(checkpoint.info.step == 5);
  }
  for (const std::int64_t step : {10, 11, 14, 15}) {
    TinyTraining training(100 + static_cast<std::uint64_t>(step));
    CHECK_THROWS_AS(training.fit(stopping(resuming(dir / "run"), step)), Interrupted);
  }
  CHECK(resumed(dir / "run") == reference);
}

TEST_CASE("a run that lost its way back to an older checkpoint still ends the same") {
  const Remains reference = uninterrupted();
  const test::TempDir dir;
  FitOptions options = TinyTraining::options(dir / "run");
  options.checkpoint_steps = 4;
  TinyTraining training;
  CHECK_THROWS_AS(training.fit(stopping(options, 15)), Interrupted);
  const fs::path last = dir / "run/ckpt/last.safetensors";
  std::string bytes = test::read_file(last);
  bytes[bytes.size() / 2] ^= 1;
  test::write_file(last, bytes);
  CHECK(resumed(dir / "run") == reference);
  CHECK(test::read_file(dir / "run/log").find("the file is damaged; going on from the checkpoint before") !=
        std::string::npos);
  CHECK(fs::exists(dir / "run/ckpt/damaged.safetensors"));
}

TEST_CASE("a run that was stopped before its first checkpoint begins again") {
  const Remains reference = uninterrupted();
  const test::TempDir dir;
  { const RunDir only_made(dir / "run", RunMode::fresh); }
  test::write_file(dir / "run/metrics.jsonl", "{\"kind\":\"step\",\"step\":3}\n{\"kin");
  TinyTraining training;
  training.fit(resuming(dir / "run"));
  CHECK(remains_of(training, dir / "run") == reference);
}

TEST_CASE("a finished run can be resumed: nothing happens, and more epochs go on from its end") {
  const test::TempDir dir;
  TinyTraining training;
  FitOptions options = TinyTraining::options(dir / "run");
  options.schedule = optim::Constant{0.05};
  const auto epochs = training.fit(options);
  const Remains finished = remains_of(training, dir / "run");

  options.mode = RunMode::resume;
  TinyTraining again(7);
  CHECK(again.fit(options) == epochs);
  CHECK(remains_of(again, dir / "run") == finished);

  options.epochs = 6;
  TinyTraining longer(8), whole;
  CHECK(longer.fit(options).size() == 6);
  options.out.clear();
  options.mode = RunMode::fresh;
  whole.fit(options);
  CHECK(longer.hash() == whole.hash());
}

TEST_CASE("a run whose metrics lack an epoch is not resumed, one that lacks a step is") {
  const test::TempDir dir;
  TinyTraining training;
  training.fit(TinyTraining::options(dir / "run"));
  const fs::path path = dir / "run/metrics.jsonl";
  const std::string whole = test::read_file(path);
  const auto refused = [&](const char* reason) {
    TinyTraining other;
    CHECK_THROWS_WITH_AS(other.fit(resuming(dir / "run")), doctest::Contains(reason), Error);
  };
  fs::remove(path);
  refused(
      "metrics.jsonl: the checkpoint stands after 4 epochs; expected a record of each, in order, found 0");
  const auto without = [&](const std::string& begin) {
    const std::size_t at = whole.find(begin);
    return whole.substr(0, at) + whole.substr(whole.find('\n', at) + 1);
  };
  test::write_file(path, without("{\"kind\":\"epoch\",\"epoch\":2"));
  refused("found 1 such among 3");
  test::write_file(path, without("{\"kind\":\"step\",\"epoch\":2"));
  TinyTraining other;
  CHECK(other.fit(resuming(dir / "run")).size() == 4);
  CHECK(other.hash() == training.hash());
  CHECK(test::read_file(dir / "run/log").find("lines are missing") != std::string::npos);
}

TEST_CASE("a run is not resumed with other data, another seed, batch, task or model") {
  const test::TempDir dir;
  TinyTraining training;
  FitOptions options = TinyTraining::options(dir / "run");
  options.epochs = 1;
  training.fit(options);
  options.mode = RunMode::resume;
  options.seed = 4;
  options.batch = 5;
  options.model = "other";
  const char* reasons[] = {"seed: then 3, now 4", "batch: then 6, now 5", "model: then tiny, now other",
                           "steps in an epoch: then 5, now 12", "pictures: other ones than the run began"};
  for (const char* reason : reasons) {
    TinyTraining other;
    CHECK_THROWS_WITH_AS(other.fit(options, test::tiny_pictures(60)), doctest::Contains(reason), Error);
  }
}

TEST_CASE("a signal without a run folder stops too, and says that nothing is saved") {
  TinyTraining training;
  CHECK_THROWS_WITH_AS(training.fit(stopping(TinyTraining::options(), 2)),
                       doctest::Contains("after 3 steps; nothing is saved"), Interrupted);
}

TEST_CASE("a run folder that is in use is refused before anything in it is touched") {
  const test::TempDir dir;
  TinyTraining training;
  FitOptions options = TinyTraining::options(dir / "run");
  int refused = 0;
  options.on_epoch = [&](const Record&) {
    FitOptions second = options;
    second.mode = RunMode::force;
    TinyTraining other;
    CHECK_THROWS_WITH_AS(other.fit(second), doctest::Contains("is working in this folder"), Error);
    ++refused;
  };
  training.fit(options);
  CHECK(refused == 4);
  CHECK(read_metrics(dir / "run/metrics.jsonl").size() == 4 + 6);
}

TEST_CASE("options that cannot be meant are refused") {
  TinyTraining training;
  FitOptions options = TinyTraining::options();
  options.epochs = 0;
  CHECK_THROWS_AS(training.fit(options), Error);
  options.epochs = 1;
  options.record_every = 0;
  CHECK_THROWS_AS(training.fit(options), Error);
  options.record_every = 1;
  options.schedule = nullptr;
  CHECK_THROWS_WITH_AS(training.fit(options), "fit: a schedule of learning rates is needed", Error);
  options.schedule = optim::Constant{0.1};
  options.mode = RunMode::resume;
  CHECK_THROWS_WITH_AS(training.fit(options), doctest::Contains("only a run that has a folder"), Error);
}

TEST_CASE("a stage may not take the names that checkpoints keep for the head and the optimiser") {
  const test::TempDir dir;
  Rng rng(1);
  nn::Sequential<> net;
  net.add("head", nn::Conv2d<>({.in = 3, .out = 8, .kernel = 1}, rng));
  test::TinyTask task(rng, 3);
  FitOptions options = TinyTraining::options(dir / "run");
  CHECK_THROWS_AS(fit(net, task, test::tiny_pictures(), optim::Sgd{}, options), Error);
}
