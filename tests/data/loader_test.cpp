// SPDX-License-Identifier: MIT
#include "pretext/data/loader.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <set>
#include <stdexcept>

#include "data/fixtures.hpp"
#include "short_of_memory.hpp"

using namespace pretext;
using data::BatchPlan;
using data::Loader;
using data::LoaderOptions;

namespace {

using Indices = std::vector<std::int64_t>;

Indices keep_indices(const BatchPlan& plan) { return plan.indices; }

std::vector<Indices> rest_of_epoch(Loader<Indices>& loader) {
  std::vector<Indices> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

std::vector<Indices> epoch(std::int64_t size, const LoaderOptions& options, std::int64_t epoch,
                           std::int64_t step = 0) {
  Loader<Indices> loader(size, options, keep_indices);
  loader.start(epoch, step);
  return rest_of_epoch(loader);
}

}  // namespace

TEST_CASE("an epoch visits every sample once, in batches of the stated size") {
  for (const std::int64_t size : {1, 2, 7, 100, 1000, 1023}) {
    for (const std::int64_t batch : {1, 3, 10, 1000}) {
      const auto batches = epoch(size, {.batch = batch, .drop_last = false}, 3);
      CHECK(static_cast<std::int64_t>(batches.size()) == (size + batch - 1) / batch);
      std::set<std::int64_t> seen;
      for (std::size_t i = 0; i < batches.size(); ++i) {
        seen.insert(batches[i].begin(), batches[i].end());
        if (i + 1 < batches.size()) CHECK(static_cast<std::int64_t>(batches[i].size()) == batch);
      }
      CHECK(static_cast<std::int64_t>(seen.size()) == size);
      CHECK(*seen.begin() == 0);
      CHECK(*seen.rbegin() == size - 1);
    }
  }
}

TEST_CASE("the last batch is left out where it is not full, unless it is asked for") {
  Loader<Indices> loader(10, {.batch = 4}, keep_indices);
  CHECK(loader.steps_per_epoch() == 2);
  CHECK(rest_of_epoch(loader).size() == 2);
  CHECK(Loader<Indices>(10, {.batch = 4, .drop_last = false}, keep_indices).steps_per_epoch() == 3);
  CHECK(Loader<Indices>(8, {.batch = 4, .drop_last = false}, keep_indices).steps_per_epoch() == 2);
}

TEST_CASE("batches are the same for every depth and every number of threads") {
  const auto expected = epoch(1000, {.batch = 7, .seed = 5, .drop_last = false, .depth = 0}, 2);
  for (int depth = 0; depth <= 4; ++depth)
    for (const int threads : {1, 2, 3, 8})
      CHECK_MESSAGE(
          epoch(1000, {.batch = 7, .seed = 5, .drop_last = false, .depth = depth, .threads = threads}, 2) ==
              expected,
          "depth " << depth << ", " << threads << " threads");
}

TEST_CASE("batches come in order even where later ones are ready first") {
  const auto slow_every_third = [](const BatchPlan& plan) {
    if (plan.step % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
    return plan.step;
  };
  Loader<std::int64_t> loader(64, {.batch = 1, .depth = 4, .threads = 4}, slow_every_third);
  for (std::int64_t step = 0; step < 64; ++step) CHECK(loader.next() == step);
  CHECK_FALSE(loader.next().has_value());
  CHECK_FALSE(loader.next().has_value());
}

TEST_CASE("the order is that of the permutation of seed and epoch, or of the set where nothing is shuffled") {
  const auto batches = epoch(50, {.batch = 10, .seed = 9}, 4);
  const Permutation order(50, 9, 4);
  for (std::size_t i = 0; i < 50; ++i) CHECK(batches[i / 10][i % 10] == static_cast<std::int64_t>(order(i)));
  CHECK(epoch(4, {.batch = 2, .shuffle = false}, 7) == std::vector<Indices>{{0, 1}, {2, 3}});
  CHECK(epoch(50, {.batch = 50, .seed = 9}, 4) != epoch(50, {.batch = 50, .seed = 9}, 5));
  CHECK(epoch(50, {.batch = 50, .seed = 9}, 4) != epoch(50, {.batch = 50, .seed = 8}, 4));
}

TEST_CASE("over many epochs every sample comes first and last equally often, and next to every other") {
  constexpr int size = 20, epochs = 20000;
  std::vector<double> first(size), last(size), step(size);
  for (int e = 0; e < epochs; ++e) {
    const Permutation order(size, 3, static_cast<std::uint32_t>(e));
    ++first[order(0)];
    ++last[order(size - 1)];
    ++step[(order(10) + size - order(9)) % size];
  }
  const auto chi_square = [](const std::vector<double>& counts, std::size_t from) {
    const double expected = static_cast<double>(epochs) / static_cast<double>(counts.size() - from);
    double sum = 0;
    for (std::size_t i = from; i < counts.size(); ++i)
      sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
  };
  // With 19 or 18 degrees of freedom, chance stays within [2.5, 60] but for one time in 10^5.
  for (const double value : {chi_square(first, 0), chi_square(last, 0), chi_square(step, 1)}) {
    CHECK(value > 2.5);
    CHECK(value < 60);
  }
  CHECK(step[0] == 0);
}

TEST_CASE("a loader started in the middle of an epoch goes on as one that was there") {
  for (const int depth : {0, 2}) {
    const LoaderOptions options{.batch = 6, .seed = 1, .depth = depth, .threads = 2};
    const auto whole = epoch(100, options, 8);
    for (std::int64_t step = 0; step <= 16; ++step) {
      const std::vector<Indices> rest(whole.begin() + step, whole.end());
      CHECK(epoch(100, options, 8, step) == rest);
    }
    Loader<Indices> loader(100, options, keep_indices);
    loader.next();
    loader.start(8, 11);
    CHECK(*loader.next() == whole[11]);
    loader.start(8, 2);
    CHECK(*loader.next() == whole[2]);
  }
}

TEST_CASE("what make throws reaches the caller at its batch, and the others still come") {
  const auto fails_at_3 = [](const BatchPlan& plan) {
    if (plan.step == 3) throw std::runtime_error("batch 3 failed");
    return plan.step;
  };
  for (const int depth : {0, 1, 2, 4}) {
    Loader<std::int64_t> loader(6, {.batch = 1, .depth = depth, .threads = 2}, fails_at_3);
    for (std::int64_t step = 0; step < 3; ++step) CHECK(loader.next() == step);
    CHECK_THROWS_WITH_AS(loader.next(), "batch 3 failed", std::runtime_error);
    CHECK(loader.next() == 4);
    CHECK(loader.next() == 5);
    CHECK_FALSE(loader.next().has_value());
  }
}

TEST_CASE("a loader makes no more batches ahead than its depth, and none that is not asked for at depth 0") {
  for (const int depth : {0, 1, 3}) {
    std::atomic<int> made{0};
    const auto count = [&](const BatchPlan&) { return ++made; };
    Loader<int> loader(100, {.batch = 1, .depth = depth, .threads = 4}, count);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(made <= depth);
    loader.next();
    loader.next();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(made <= depth + 2);
  }
}

TEST_CASE("a loader can be destroyed and started again at any moment while it prefetches") {
  for (int i = 0; i < 200; ++i) {
    Loader<Indices> loader(1000, {.batch = 10, .depth = 1 + i % 4, .threads = 1 + i % 3}, keep_indices);
    for (int taken = 0; taken < i % 5; ++taken) CHECK(loader.next().has_value());
    if (i % 2 == 0) loader.start(i, i % 100);
    if (i % 3 == 0) loader.next();
  }
}

TEST_CASE("batches may be moved but not copied, and make may use the library's threads") {
  const auto make = [](const BatchPlan& plan) {
    auto sums = std::make_unique<std::vector<std::int64_t>>(plan.indices.size());
    parallel_for(static_cast<std::int64_t>(sums->size()), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        (*sums)[static_cast<std::size_t>(i)] = plan.indices[static_cast<std::size_t>(i)];
    });
    return sums;
  };
  Loader<std::unique_ptr<std::vector<std::int64_t>>> loader(100, {.batch = 10, .threads = 2}, make);
  std::int64_t sum = 0;
  while (auto batch = loader.next())
    for (const std::int64_t value : **batch) sum += value;
  CHECK(sum == 4950);
}

TEST_CASE("a loader refuses options that make no sense, by name") {
  const auto refusal = [](std::int64_t size, const LoaderOptions& options) {
    return test::error_of([&] { Loader<Indices>(size, options, keep_indices); });
  };
  CHECK(refusal(0, {}).find("no samples") != std::string::npos);
  CHECK(refusal(100, {}).find("100 samples do not fill one batch of 128") != std::string::npos);
  CHECK(refusal(100, {.batch = 0}).find("at least one sample") != std::string::npos);
  CHECK(refusal(100, {.batch = 1, .depth = -1}).find("depth") != std::string::npos);
  CHECK(refusal(100, {.batch = 1, .threads = 0}).find("threads") != std::string::npos);
  Loader<Indices> loader(10, {.batch = 5}, keep_indices);
  CHECK_THROWS_AS(loader.start(0, 3), Error);
  CHECK_THROWS_AS(loader.start(0, -1), Error);
  CHECK_THROWS_AS(loader.start(-1, 0), Error);
  CHECK_THROWS_AS(loader.start(std::int64_t{1} << 32, 0), Error);
  CHECK(loader.next().has_value());
}

TEST_CASE("a loader whose threads cannot all be started is an error that names their number") {
  if (!test::limits_memory) return test::skip("a sanitizer needs more memory than the test leaves");
  const LoaderOptions many{.batch = 1, .depth = 1024, .threads = 1024};
  const std::string expected = "loader: 1024 threads cannot be started, the system gave ";
  CHECK(test::holds_short_of_memory([&] {
    return test::error_of([&] { Loader<Indices>(5000, many, keep_indices); }).starts_with(expected);
  }));
}

TEST_CASE("a split holds out the stated part at random, as a function of the seed") {
  const auto split = data::take_split(1000, 0.1, 7);
  CHECK(split.held_out.size() == 100);
  CHECK(split.train.size() == 900);
  CHECK(std::ranges::is_sorted(split.train));
  CHECK(std::ranges::is_sorted(split.held_out));
  std::set<std::int64_t> all(split.train.begin(), split.train.end());
  all.insert(split.held_out.begin(), split.held_out.end());
  CHECK(all.size() == 1000);
  CHECK(data::take_split(1000, 0.1, 7).held_out == split.held_out);
  CHECK(data::take_split(1000, 0.1, 8).held_out != split.held_out);
  CHECK(data::take_split(0, 0.5, 1).train.empty());
  CHECK(data::take_split(3, 0, 1).train.size() == 3);
  CHECK(data::take_split(3, 1, 1).held_out.size() == 3);
  CHECK_THROWS_AS(data::take_split(3, 1.1, 1), Error);
  CHECK_THROWS_AS(data::take_split(3, std::nan(""), 1), Error);
  CHECK_THROWS_AS(data::take_split(-1, 0.5, 1), Error);
}

TEST_CASE("over many seeds a split holds out every position equally often") {
  std::vector<double> counts(10);
  for (std::uint64_t seed = 0; seed < 10000; ++seed)
    for (const std::int64_t i : data::take_split(10, 0.3, seed).held_out)
      ++counts[static_cast<std::size_t>(i)];
  for (const double count : counts) CHECK(std::abs(count - 3000) < 230);  // 5 standard deviations
}
