// SPDX-License-Identifier: MIT
#include "pretext/core/thread_pool.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <string>

#include "short_of_memory.hpp"
#include "support.hpp"

using namespace pretext;

namespace {

/// Restores the shared pool after a test.
struct Threads {
  int before = thread_pool().threads();
  explicit Threads(int threads) { set_num_threads(threads); }
  ~Threads() { set_num_threads(before); }
};

}  // namespace

TEST_CASE("parallel_for visits every element once, for any number of threads and any grain") {
  for (int threads : {1, 2, 3, 8}) {
    const Threads scope(threads);
    for (std::int64_t n : {0, 1, 2, 7, 64, 1000})
      for (std::int64_t grain : {0, 1, 3, 64, 5000}) {
        std::vector<std::atomic<int>> visits(static_cast<std::size_t>(n));
        parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
        });
        for (const auto& count : visits) REQUIRE(count == 1);
      }
    parallel_for(-5, 1, [](std::int64_t, std::int64_t) { FAIL("there is nothing to visit"); });
  }
}

TEST_CASE("chunks depend on the length and the grain alone") {
  using Chunks = std::vector<std::pair<std::int64_t, std::int64_t>>;
  Chunks expected;
  for (int threads : {1, 2, 8}) {
    const Threads scope(threads);
    std::mutex mutex;
    Chunks chunks;
    parallel_for(103, 10, [&](std::int64_t begin, std::int64_t end) {
      std::lock_guard lock(mutex);
      chunks.emplace_back(begin, end);
    });
    std::ranges::sort(chunks);
    if (threads == 1) expected = chunks;
    CHECK(chunks == expected);
    CHECK(chunks.size() == 11);
  }
}

TEST_CASE("a job uses the workers too") {
  const Threads scope(4);
  std::mutex mutex;
  std::condition_variable met;
  int arrived = 0;
  // Every chunk waits until all four are running, which one thread alone could not do.
  parallel_for(4, 1, [&](std::int64_t, std::int64_t) {
    std::unique_lock lock(mutex);
    ++arrived;
    met.notify_all();
    CHECK(met.wait_for(lock, std::chrono::seconds(60), [&] { return arrived == 4; }));
  });
}

TEST_CASE("what a chunk throws reaches the caller, and the pool goes on working") {
  for (int threads : {1, 4}) {
    const Threads scope(threads);
    for (int repeat = 0; repeat < 20; ++repeat) {
      CHECK_THROWS_WITH_AS(
          parallel_for(50, 1, [](std::int64_t i, std::int64_t) { require(i != 33, "chunk ", i); }),
          "chunk 33", Error);
      std::atomic<int> sum{0};
      parallel_for(50, 1, [&](std::int64_t i, std::int64_t) { sum += static_cast<int>(i); });
      CHECK(sum == 1225);
    }
  }
}

TEST_CASE("a job inside a chunk runs to its end") {
  for (int threads : {1, 3}) {
    const Threads scope(threads);
    std::atomic<int> count{0};
    parallel_for(10, 1, [&](std::int64_t, std::int64_t) {
      parallel_for(20, 3, [&](std::int64_t begin, std::int64_t end) {
        parallel_for(end - begin, 1, [&](std::int64_t, std::int64_t) { ++count; });
      });
    });
    CHECK(count == 200);
    CHECK_THROWS_AS(parallel_for(4, 1,
                                 [](std::int64_t, std::int64_t) {
                                   parallel_for(
                                       4, 1, [](std::int64_t i, std::int64_t) { require(i != 2, "inner"); });
                                 }),
                    Error);
  }
}

TEST_CASE("callers on several threads do not disturb each other") {
  const Threads scope(3);
  std::vector<std::thread> callers;
  std::vector<std::int64_t> sums(6);
  for (std::size_t c = 0; c < sums.size(); ++c)
    callers.emplace_back([&sums, c] {
      for (int repeat = 0; repeat < 300; ++repeat) {
        std::vector<std::int64_t> parts(40);
        parallel_for(40, 1, [&](std::int64_t i, std::int64_t) {
          parts[static_cast<std::size_t>(i)] = i * static_cast<std::int64_t>(c);
        });
        sums[c] += std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
      }
    });
  for (auto& caller : callers) caller.join();
  for (std::size_t c = 0; c < sums.size(); ++c) CHECK(sums[c] == static_cast<std::int64_t>(c) * 780 * 300);
}

TEST_CASE("a pool whose threads cannot all be started is an error that names their number") {
  if (!test::limits_memory) return test::skip("a sanitizer needs more memory than the test leaves");
  CHECK(test::holds_short_of_memory([] {
    try {
      ThreadPool(1024);
    } catch (const Error& error) {
      const std::string text = error.what();
      return text.starts_with("thread pool: 1024 threads cannot be started, the system gave ") &&
             ThreadPool(2).threads() == 2;
    }
    return false;
  }));
}

TEST_CASE("the number of threads is checked, also where the environment names it") {
  CHECK_THROWS_WITH_AS(ThreadPool(0), doctest::Contains("threads must be 1 to 1024, not 0"), Error);
  CHECK_THROWS_AS(ThreadPool(5000), Error);
  const char* before = std::getenv("PRETEXT_THREADS");
  const std::string saved = before == nullptr ? "" : before;
  for (const char* text : {"0", "-1", "three", "2x", "", "99999999999999999999"}) {
    ::setenv("PRETEXT_THREADS", text, 1);
    CHECK_THROWS_WITH_AS(detail::default_threads(), doctest::Contains("PRETEXT_THREADS must be 1 to 1024"),
                         Error);
  }
  ::setenv("PRETEXT_THREADS", "5", 1);
  CHECK(detail::default_threads() == 5);
  ::unsetenv("PRETEXT_THREADS");
  CHECK(detail::default_threads() >= 1);
  if (before != nullptr) ::setenv("PRETEXT_THREADS", saved.c_str(), 1);
}
