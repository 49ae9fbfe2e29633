// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/random.hpp"

namespace pretext::data {

struct LoaderOptions {
  std::int64_t batch = 128;
  std::uint64_t seed = 0;
  bool shuffle = true;
  bool drop_last = true;  // leave out the last batch of an epoch where it is not full
  int depth = 2;          // batches made ahead; 0 makes each one when it is asked for
  int threads = 1;        // that make batches, where depth is not 0
};

/// Which samples make up one batch.
struct BatchPlan {
  std::int64_t epoch = 0, step = 0;
  std::vector<std::int64_t> indices;
};

/// The plan of a batch: a function of the options, the epoch and the step alone.
inline BatchPlan plan_batch(std::int64_t size, const LoaderOptions& options, std::int64_t epoch,
                            std::int64_t step) {
  const Permutation order(static_cast<std::uint64_t>(size), options.seed, static_cast<std::uint32_t>(epoch));
  BatchPlan plan{epoch, step, {}};
  const std::int64_t first = step * options.batch, last = std::min(size, first + options.batch);
  for (std::int64_t i = first; i < last; ++i) {
    const auto position = static_cast<std::uint64_t>(i);
    plan.indices.push_back(static_cast<std::int64_t>(options.shuffle ? order(position) : position));
  }
  return plan;
}

/// Makes the batches of an epoch ahead of time on its own threads and hands them out in order. The batches do
/// not depend on depth or threads. One thread at a time may use a loader; `make` runs on many at once.
template <class Batch>
class Loader {
 public:
  using Make = std::function<Batch(const BatchPlan&)>;

  /// Stands at the beginning of epoch 0.
  Loader(std::int64_t size, const LoaderOptions& options, Make make)
      : size_(size), options_(options), make_(std::move(make)) {
    require(size > 0, "loader: there are no samples");
    require(options.batch > 0, "loader: a batch must have at least one sample, not ", options.batch);
    require(options.depth >= 0 && options.depth <= 1024, "loader: depth must be 0 to 1024, not ",
            options.depth);
    require(options.threads >= 1 && options.threads <= 1024, "loader: threads must be 1 to 1024, not ",
            options.threads);
    steps_ = options.drop_last ? size / options.batch : (size - 1) / options.batch + 1;
    require(steps_ > 0, "loader: ", size, " samples do not fill one batch of ", options.batch,
            "; use a smaller batch or keep the last one (drop_last)");
    start(0, 0);
  }

  ~Loader() { stop(); }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  std::int64_t steps_per_epoch() const { return steps_; }

  /// What the batch of a step of this epoch is made of.
  BatchPlan plan(std::int64_t step) const { return plan_batch(size_, options_, epoch_, step); }

  /// Goes to a step of an epoch, as after a resume; what was made ahead is dropped.
  void start(std::int64_t epoch, std::int64_t step) {
    narrow<std::uint32_t>(epoch, "loader: epoch");
    require(0 <= step && step <= steps_, "loader: an epoch has ", steps_, " steps, and there is no step ",
            step);
    stop();
    epoch_ = epoch;
    taken_ = claimed_ = step;
    stopping_ = false;
    slots_.clear();
    slots_.resize(static_cast<std::size_t>(options_.depth));
    const std::int64_t useful = std::min<std::int64_t>({options_.threads, options_.depth, steps_ - step});
    start_workers(useful);
  }

  /// The next batch, or nothing at the end of the epoch. Throws what make threw for that batch; the one after
  /// it comes next.
  std::optional<Batch> next() {
    if (taken_ == steps_) return std::nullopt;
    if (options_.depth == 0) return make_(plan_batch(size_, options_, epoch_, taken_++));
    std::unique_lock lock(mutex_);
    Slot& place = slot(taken_);
    ready_.wait(lock, [&] { return place.done; });
    Slot made = std::exchange(place, {});
    ++taken_;
    lock.unlock();
    room_.notify_one();
    if (made.error) std::rethrow_exception(made.error);
    return std::move(made.batch);
  }

 private:
  struct Slot {
    std::optional<Batch> batch;
    std::exception_ptr error;
    bool done = false;
  };

  Slot& slot(std::int64_t step) { return slots_[static_cast<std::size_t>(step % options_.depth)]; }

  void start_workers(std::int64_t count) {
    try {
      for (std::int64_t i = 0; i < count; ++i) workers_.emplace_back([this] { work(); });
    } catch (const std::exception& error) {
      const std::size_t started = workers_.size();
      stop();
      taken_ = steps_;  // next() must not wait for batches that nobody makes
      fail("loader: ", count, " threads cannot be started, the system gave ", started, ": ", error.what());
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock,
                 [this] { return stopping_ || claimed_ == steps_ || claimed_ < taken_ + options_.depth; });
      if (stopping_ || claimed_ == steps_) return;
      const std::int64_t step = claimed_++;
      lock.unlock();
      Slot made = make_slot(step);
      lock.lock();
      slot(step) = std::move(made);
      ready_.notify_one();
    }
  }

  Slot make_slot(std::int64_t step) {
    try {
      return {make_(plan_batch(size_, options_, epoch_, step)), nullptr, true};
    } catch (...) {
      return {std::nullopt, std::current_exception(), true};
    }
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
  }

  std::int64_t size_, steps_ = 0, epoch_ = 0;
  LoaderOptions options_;
  Make make_;
  std::mutex mutex_;  // guards everything below but the list of workers
  std::condition_variable room_, ready_;
  std::int64_t taken_ = 0, claimed_ = 0;  // steps handed out, steps begun
  std::vector<Slot> slots_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

/// Positions of a data set in two parts, each in rising order.
struct IndexSplit {
  std::vector<std::int64_t> train, held_out;
};

/// Holds out round(size * fraction) positions at random, as a function of the seed: for a validation part cut
/// from the training part.
inline IndexSplit take_split(std::int64_t size, double fraction, std::uint64_t seed) {
  require(size >= 0 && size <= UINT32_MAX, "split: size ", size, " is out of range");
  require(fraction >= 0 && fraction <= 1, "split: the fraction must be 0 to 1, not ", fraction);
  std::vector<std::int64_t> order(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  Rng rng(seed, Use::split);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[rng.below(static_cast<std::uint32_t>(i))]);
  std::vector<bool> is_held_out(order.size());
  order.resize(static_cast<std::size_t>(static_cast<double>(size) * fraction + 0.5));
  for (const std::int64_t i : order) is_held_out[static_cast<std::size_t>(i)] = true;
  IndexSplit split;
  for (std::int64_t i = 0; i < size; ++i)
    (is_held_out[static_cast<std::size_t>(i)] ? split.held_out : split.train).push_back(i);
  return split;
}

}  // namespace pretext::data
