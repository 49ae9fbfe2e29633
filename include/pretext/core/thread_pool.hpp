// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"

namespace pretext {

/// Workers that share the chunks of one job at a time. A job started while another runs, or from inside a
/// chunk, runs on the calling thread: callers never wait for each other and nesting cannot deadlock.
class ThreadPool {
 public:
  using Chunk = void (*)(void* context, std::int64_t chunk);

  /// `threads` counts the caller: threads - 1 workers are started.
  explicit ThreadPool(int threads) {
    require(threads >= 1 && threads <= 1024, "thread pool: threads must be 1 to 1024, not ", threads);
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::exception& error) {
      stop();
      fail("thread pool: ", threads, " threads cannot be started, the system gave ", this->threads(), ": ",
           error.what());
    }
  }

  ~ThreadPool() { stop(); }

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// True on a thread that works on a chunk which others work beside.
  static bool inside() { return inside_; }

  /// Calls chunk(context, i) once for every i in [0, chunks), in any order, on any thread. Throws what a
  /// chunk throws.
  void run(std::int64_t chunks, Chunk chunk, void* context) {
    // The lock is tried last: a thread must not try it from inside its own job.
    std::unique_lock busy(one_job_, std::defer_lock);
    if (workers_.empty() || chunks <= 1 || inside_ || !busy.try_lock()) {
      for (std::int64_t i = 0; i < chunks; ++i) chunk(context, i);
      return;
    }
    {
      std::lock_guard lock(mutex_);
      job_ = {chunk, context, chunks};
      next_.store(0, std::memory_order_relaxed);
      error_ = nullptr;
      running_ = static_cast<int>(workers_.size());
      ++generation_;
    }
    wake_.notify_all();
    take_chunks();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  struct Job {
    Chunk chunk = nullptr;
    void* context = nullptr;
    std::int64_t chunks = 0;
  };

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  void take_chunks() {
    inside_ = true;
    for (std::int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < job_.chunks;) {
      try {
        job_.chunk(job_.context, i);
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
      }
    }
    inside_ = false;
  }

  void work() {
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
      if (stopping_) return;
      seen = generation_;
      lock.unlock();
      take_chunks();
      lock.lock();
      if (--running_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex one_job_;  // held by the thread whose job the workers share
  std::mutex mutex_;    // guards everything below but next_
  std::condition_variable wake_, done_;
  Job job_;
  std::atomic<std::int64_t> next_{0};
  std::exception_ptr error_;
  std::uint64_t generation_ = 0;
  int running_ = 0;
  bool stopping_ = false;
  inline static thread_local bool inside_ = false;
};

namespace detail {

inline int default_threads() {
  if (const char* text = std::getenv("PRETEXT_THREADS")) {
    char* end = nullptr;
    const long n = std::strtol(text, &end, 10);
    require(end != text && *end == 0 && n >= 1 && n <= 1024, "PRETEXT_THREADS must be 1 to 1024, not '", text,
            "'");
    return static_cast<int>(n);
  }
  return static_cast<int>(std::max(1U, std::min(1024U, std::thread::hardware_concurrency())));
}

inline std::unique_ptr<ThreadPool>& pool_slot() {
  static std::unique_ptr<ThreadPool> pool = std::make_unique<ThreadPool>(default_threads());
  return pool;
}

}  // namespace detail

/// The pool that every kernel of the process shares: PRETEXT_THREADS threads, or one a core.
[[gnu::noinline]] inline ThreadPool& thread_pool() { return *detail::pool_slot(); }

namespace detail {

/// Calls call(f, begin, end) for each chunk; what is common to all that parallel_for is called with.
[[gnu::noinline]] inline void run_ranges(std::int64_t n, std::int64_t grain,
                                         void (*call)(const void*, std::int64_t, std::int64_t),
                                         const void* f) {
  const auto chunk = [&](std::int64_t i) { call(f, i * grain, std::min(n, (i + 1) * grain)); };
  thread_pool().run(
      n <= 0 ? 0 : (n - 1) / grain + 1,
      [](void* p, std::int64_t i) { (*static_cast<decltype(chunk)*>(p))(i); },
      const_cast<void*>(static_cast<const void*>(&chunk)));
}

}  // namespace detail

/// Replaces the shared pool. Call it while no kernel runs. Results never depend on the number of threads.
inline void set_num_threads(int threads) { detail::pool_slot() = std::make_unique<ThreadPool>(threads); }

/// Calls the functor f(begin, end) over [0, n) in chunks of `grain`. The chunks depend on n and grain alone,
/// so a reduction that keeps one partial result a chunk has the same bits for any number of threads.
template <class F>
void parallel_for(std::int64_t n, std::int64_t grain, F&& f) {
  using Function = std::remove_reference_t<F>;
  const auto call = [](const void* of, std::int64_t begin, std::int64_t end) {
    (*static_cast<Function*>(const_cast<void*>(of)))(begin, end);
  };
  detail::run_ranges(n, std::max<std::int64_t>(1, grain), call, &f);
}

}  // namespace pretext
