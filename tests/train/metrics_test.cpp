// SPDX-License-Identifier: MIT
#include "pretext/train/metrics.hpp"

#include <limits>
#include <string>
#include <vector>

#include "support.hpp"

using namespace pretext;
using namespace pretext::train;

namespace {

Record step_record(std::int64_t step) {
  return {.kind = "step",
          .epoch = 1,
          .step = step,
          .lr = 0.1,
          .loss = 1.0 / static_cast<double>(step),
          .accuracy = 0.25};
}

const Record epoch_record{.kind = "epoch",
                          .epoch = 1,
                          .step = 3,
                          .lr = 0.1,
                          .loss = 0.5,
                          .accuracy = 0.75,
                          .validation_loss = 0.625,
                          .validation_accuracy = 0.7};

}  // namespace

TEST_CASE("metrics are written as JSON lines and as CSV, and read back to the same bits") {
  const test::TempDir dir;
  MetricsLog log(dir.path());
  for (std::int64_t step = 1; step <= 3; ++step) log.write(step_record(step));
  log.write(epoch_record);
  CHECK(read_metrics(dir / "metrics.jsonl") ==
        std::vector<Record>{step_record(1), step_record(2), step_record(3), epoch_record});
  CHECK(test::read_file(dir / "metrics.csv") ==
        "kind,epoch,step,lr,loss,accuracy,validation_loss,validation_accuracy\n"
        "step,1,1,0.1,1,0.25,,\n"
        "step,1,2,0.1,0.5,0.25,,\n"
        "step,1,3,0.1,0.3333333333333333,0.25,,\n"
        "epoch,1,3,0.1,0.5,0.75,0.625,0.7\n");
  CHECK(test::read_file(dir / "metrics.jsonl")
            .starts_with(
                "{\"kind\":\"step\",\"epoch\":1,\"step\":1,\"lr\":0.1,\"loss\":1,\"accuracy\":0.25}\n"));
}

TEST_CASE("metrics that go on from a checkpoint forget what came after it, torn lines included") {
  const test::TempDir dir;
  std::string jsonl, csv;
  MetricsSize kept;
  {
    MetricsLog log(dir.path());
    log.write(step_record(1));
    kept = log.sync();
    log.write(step_record(2));
    jsonl = test::read_file(dir / "metrics.jsonl");
    csv = test::read_file(dir / "metrics.csv");
  }
  test::write_file(dir / "metrics.jsonl", jsonl + "{\"kind\":\"st");
  test::write_file(dir / "metrics.csv", csv + "step,1,");
  MetricsLog log(dir.path(), kept);
  log.write(step_record(2));
  CHECK(test::read_file(dir / "metrics.jsonl") == jsonl);
  CHECK(test::read_file(dir / "metrics.csv") == csv);
}

TEST_CASE("a metrics log begins anew unless told what to keep") {
  const test::TempDir dir;
  { MetricsLog(dir.path()).write(step_record(1)); }
  MetricsLog log(dir.path());
  CHECK(test::read_file(dir / "metrics.jsonl").empty());
  CHECK(test::read_file(dir / "metrics.csv").find("step,1") == std::string::npos);
}

TEST_CASE("a torn last line of metrics is left out, a broken one before it is an error") {
  const test::TempDir dir;
  test::write_file(dir / "m", "{\"kind\":\"step\",\"step\":1}\n{\"kind\":\"step\",\"st");
  REQUIRE(read_metrics(dir / "m").size() == 1);
  test::write_file(dir / "m", "{\"kind\":\"step\",\"step\":1}\n{\"kind\":\"st\n");
  CHECK_THROWS_WITH_AS(read_metrics(dir / "m"), doctest::Contains("m, line 2: malformed JSON"), Error);
  test::write_file(dir / "m", "");
  CHECK(read_metrics(dir / "m").empty());
  CHECK_THROWS_WITH_AS(read_metrics(dir / "none"), doctest::Contains("none: cannot be opened"), Error);
}

TEST_CASE("a loss that is not a number leaves readable JSON") {
  const test::TempDir dir;
  MetricsLog log(dir.path());
  Record record = step_record(1);
  record.loss = std::numeric_limits<double>::quiet_NaN();
  log.write(record);
  CHECK(test::read_file(dir / "metrics.jsonl").find("\"loss\":null") != std::string::npos);
  CHECK(read_metrics(dir / "metrics.jsonl").size() == 1);
}

TEST_CASE("totals are means over their steps") {
  Totals totals;
  CHECK(totals.mean_loss() == 0);
  CHECK(totals.accuracy() == 0);
  totals.add(1, 3, 4);
  totals.add(2, 1, 4);
  CHECK(totals.mean_loss() == 1.5);
  CHECK(totals.accuracy() == 0.5);
}

TEST_CASE("a file that cannot grow is an error that names it") {
  AppendFile full("/dev/full");
  CHECK_THROWS_WITH_AS(full.line("x"), doctest::Contains("/dev/full: cannot be written"), Error);
}
