// SPDX-License-Identifier: MIT
#include "pretext/train/progress.hpp"

#include <sstream>
#include <string>
#include <vector>

#include "support.hpp"

using namespace pretext::train;

namespace {

/// A progress that writes into a string and whose time is set by hand.
struct Stage {
  std::ostringstream out;
  double time = 1000;
  std::vector<std::string> log;
  Progress progress;

  explicit Stage(bool bar, bool colour = false, int width = 120)
      : progress({.out = &out,
                  .bar = bar,
                  .colour = colour,
                  .width = width,
                  .clock = [this] { return time; },
                  .log = [this](std::string_view line) { log.emplace_back(line); }}) {}

  std::string take() {
    std::string text = out.str();
    out.str("");
    return text;
  }
};

Status at_step(std::int64_t step) {
  return {.epoch = 1,
          .epochs = 2,
          .step = step,
          .steps = 40,
          .lr = 0.1,
          .loss = 1.23456,
          .accuracy = 0.456,
          .speed = {.seconds = 2, .waited = 0.1, .images = 2468}};
}

}  // namespace

TEST_CASE("off a terminal a plain line comes every ten seconds and at each epoch") {
  Stage s(false);
  s.progress.begin(at_step(0));
  s.time += 9;
  s.progress.step(at_step(10));
  CHECK(s.take().empty());
  s.time += 1;
  s.progress.step(at_step(20));
  CHECK(s.take() ==
        "epoch 1/2  step 20/40  loss 1.2346  accuracy 45.6 %  lr 0.1  1234 img/s  wait 5 %  ETA 0:30\n");
  s.time += 1;
  s.progress.step(at_step(22));
  CHECK(s.take().empty());
  s.progress.epoch(at_step(40), {.kind = "epoch", .validation_loss = 1.5, .validation_accuracy = 0.4});
  CHECK(
      s.take() ==
      "epoch 1/2  loss 1.2346  accuracy 45.6 %  lr 0.1  validation loss 1.5000 accuracy 40.0 %  1234 img/s  "
      "wait 5 %  ETA 0:11\n");
  s.progress.note("saved");
  CHECK(s.take() == "saved\n");
  CHECK(s.log.size() == 3);
}

TEST_CASE("the end says how long it took") {
  Stage s(false);
  s.progress.begin(at_step(0));
  s.time += 3675;
  Status end = at_step(40);
  end.epoch = 2;
  s.progress.epoch(end, {.kind = "epoch"});
  CHECK(s.take() == "epoch 2/2  loss 1.2346  accuracy 45.6 %  lr 0.1  1234 img/s  wait 5 %  took 1:01:15\n");
}

TEST_CASE("the time that is left goes by the speed since training went on") {
  Stage s(false);
  s.progress.begin(at_step(20));
  s.time += 10;
  s.progress.step(at_step(21));
  CHECK(s.take().find("ETA 9:50") != std::string::npos);
}

TEST_CASE("on a terminal one bar is drawn over and over, at most ten times a second") {
  Stage s(true);
  s.progress.begin(at_step(0));
  s.progress.step(at_step(10));
  const std::string first = s.take();
  CHECK(
      first ==
      "\repoch 1/2 [=======                       ]  25 %  loss 1.2346  accuracy 45.6 %  lr 0.1  1234 img/s "
      " wait 5 "
      "%  ETA ?");
  s.time += 0.05;
  s.progress.step(at_step(11));
  CHECK(s.take().empty());
  s.time += 11;
  s.progress.step(at_step(20));
  CHECK(s.take().substr(0, 49) == "\repoch 1/2 [===============               ]  50 %");
  CHECK(s.log.size() == 1);
}

TEST_CASE("a message wipes the bar first, and so does the end") {
  Stage s(true, false, 100);
  s.progress.begin(at_step(0));
  s.progress.step(at_step(10));
  const std::size_t columns = s.take().size() - 1;
  s.progress.note("saved");
  CHECK(s.take() == "\r" + std::string(columns, ' ') + "\rsaved\n");
  s.progress.note("again");
  CHECK(s.take() == "again\n");
}

TEST_CASE("a narrow terminal gets no more than it can hold") {
  Stage s(true, false, 60);
  s.progress.begin(at_step(0));
  s.progress.step(at_step(10));
  const std::string narrow = s.take();
  CHECK(narrow.size() == 60);
  CHECK(narrow.find('[') == std::string::npos);
}

TEST_CASE("a shorter bar covers a longer one") {
  Stage s(true);
  s.progress.begin(at_step(0));
  s.time += 1;
  Status longer = at_step(10);
  longer.lr = 0.123;
  s.progress.step(longer);
  const std::string before = s.take();
  s.time += 1;
  s.progress.step(at_step(10));
  const std::string after = s.take();
  CHECK(after.size() == before.size());
  CHECK(after.find("  ETA 0:14") != std::string::npos);
}

TEST_CASE("colour is an escape around the bar and nothing else") {
  Stage plain(true), colour(true, true);
  for (Stage* s : {&plain, &colour}) {
    s->progress.begin(at_step(0));
    s->progress.step(at_step(20));
  }
  std::string text = colour.take();
  const std::string reference = plain.take();
  CHECK(text != reference);
  for (const std::string escape : {"\x1b[32m", "\x1b[0m"}) text.erase(text.find(escape), escape.size());
  CHECK(text == reference);
}

TEST_CASE("a silent progress still writes its log") {
  std::vector<std::string> log;
  Progress progress({.out = nullptr,
                     .bar = true,
                     .clock = [] { return 0.0; },
                     .log = [&](std::string_view line) { log.emplace_back(line); }});
  progress.begin(at_step(0));
  progress.step(at_step(1));
  progress.note("hello");
  CHECK(log == std::vector<std::string>{"hello"});
}

TEST_CASE("NO_COLOR takes the colour away") {
  const char* before = std::getenv("NO_COLOR");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("NO_COLOR", "1", 1);
  CHECK_FALSE(colour_wanted());
  ::setenv("NO_COLOR", "", 1);
  CHECK(colour_wanted());
  before != nullptr ? ::setenv("NO_COLOR", kept.c_str(), 1) : ::unsetenv("NO_COLOR");
}
