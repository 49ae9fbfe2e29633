// SPDX-License-Identifier: MIT
#include "pretext/eval/protocol.hpp"

#include <memory>

#include "support.hpp"

namespace {

using namespace pretext;
using eval::Result;
using eval::Sealed;

static_assert(!std::is_copy_constructible_v<Sealed<int>> && !std::is_copy_assignable_v<Sealed<int>>);

TEST_CASE("what is sealed can be read once") {
  Sealed<int> sealed(42, "test set x");
  CHECK_FALSE(sealed.opened());
  CHECK(sealed.open() == 42);
  CHECK(sealed.opened());
  CHECK_THROWS_WITH_AS(sealed.open(), doctest::Contains("test set x: was read already"), Error);
}

TEST_CASE("a seal moves, and what is left behind cannot be read") {
  Sealed<std::unique_ptr<int>> first(std::make_unique<int>(7));
  Sealed<std::unique_ptr<int>> second(std::move(first));
  CHECK_THROWS_AS(first.open(), Error);
  CHECK(*second.open() == 7);
  CHECK_THROWS_AS(second.open(), Error);
}

TEST_CASE("the interval of a proportion is Wilson's") {
  const auto check = [](std::int64_t correct, std::int64_t count, double low, double high) {
    const eval::Interval i = eval::binomial_interval(correct, count);
    CHECK(i.low == doctest::Approx(low).epsilon(1e-4));
    CHECK(i.high == doctest::Approx(high).epsilon(1e-4));
  };
  check(8, 10, 0.49016, 0.94332);
  check(0, 10, 0, 0.27753);
  check(10, 10, 0.72247, 1);
  check(5000, 10000, 0.49021, 0.50979);
  check(0, 0, 0, 1);
  CHECK_THROWS_AS(eval::binomial_interval(3, 2), Error);
  CHECK_THROWS_AS(eval::binomial_interval(-1, 2), Error);
}

TEST_CASE("a spread has mean, deviation and Student's interval") {
  const eval::Spread s = eval::spread(std::vector<double>{1, 2, 3});
  CHECK(s.count == 3);
  CHECK(s.mean == 2);
  CHECK(s.deviation == 1);
  CHECK(s.interval.high - 2 == doctest::Approx(4.3027 / std::sqrt(3.0)));
  CHECK(2 - s.interval.low == doctest::Approx(4.3027 / std::sqrt(3.0)));
  const eval::Spread one = eval::spread(std::vector<double>{0.5});
  CHECK(one.deviation == 0);
  CHECK(one.interval.low == 0.5);
  CHECK(one.interval.high == 0.5);
  CHECK_THROWS_AS(eval::spread({}), Error);
}

TEST_CASE("Student's quantiles are right inside and outside their table") {
  const auto quantile = [](std::size_t freedom) {
    std::vector<double> values(freedom + 1);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
    const eval::Spread s = eval::spread(values);
    return (s.interval.high - s.mean) / s.deviation * std::sqrt(static_cast<double>(values.size()));
  };
  CHECK(std::abs(quantile(1) - 12.7062) < 1e-3);
  CHECK(std::abs(quantile(20) - 2.0860) < 1e-3);
  CHECK(std::abs(quantile(21) - 2.0796) < 1e-3);
  CHECK(std::abs(quantile(30) - 2.0423) < 1e-3);
  CHECK(std::abs(quantile(100) - 1.9840) < 1e-3);
}

Result result(const std::string& tap, std::uint64_t seed, std::int64_t correct) {
  return {.network = "nin \"4\"",
          .tap = tap,
          .protocol = "kNN (cosine)",
          .dataset = "shapes",
          .train_hash = 0x1F,
          .seed = seed,
          .test = 200,
          .chosen = {{"k", 20}, {"temperature", 0.1}},
          .validation_accuracy = 0.25 * static_cast<double>(seed),
          .correct = correct};
}

TEST_CASE("results of several seeds become one summary for each tap") {
  const std::vector<Result> results{result("block1", 1, 100), result("block2", 1, 50),
                                    result("block1", 2, 120), result("block2", 2, 50)};
  const auto summaries = eval::summarize(results);
  REQUIRE(summaries.size() == 2);
  CHECK(summaries[0].first.tap == "block1");
  CHECK(summaries[0].accuracy.count == 2);
  CHECK(summaries[0].accuracy.mean == doctest::Approx(0.55));
  CHECK(summaries[0].validation == doctest::Approx(0.375));
  CHECK(summaries[1].accuracy.deviation == 0);
}

TEST_CASE("a result is written with its protocol, seed, choices and interval") {
  const std::string text = eval::to_json(result("block1", 3, 100)).text();
  for (const char* part : {R"("network":"nin \"4\"","tap":"block1")", R"("seed":3,)", R"("test":200,)",
                           R"("train_hash":"000000000000001f")", R"("chosen":{"k":20,"temperature":0.1})",
                           R"("correct":100,"accuracy":0.5,)"})
    CHECK(text.find(part) != std::string::npos);
  const eval::Interval interval = eval::binomial_interval(100, 200);
  CHECK(text.find("\"low\":" + json_number(interval.low) + ",\"high\":" + json_number(interval.high)) !=
        std::string::npos);
  CHECK(text.find("\"protocol\":\"kNN (cosine)\"") != std::string::npos);
  CHECK(Result().accuracy() == 0);
}

}  // namespace
