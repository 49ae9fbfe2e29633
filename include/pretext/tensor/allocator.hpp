// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "pretext/core/thread_pool.hpp"
#include "pretext/tensor/device.hpp"

namespace pretext {

/// What the allocator of a device has given out.
struct MemoryUse {
  std::size_t live = 0;         ///< bytes that tensors hold
  std::size_t peak = 0;         ///< the most that they held since the last reset_peak()
  std::size_t cached = 0;       ///< bytes kept for reuse
  std::size_t allocations = 0;  ///< calls to the system so far; constant in a steady training step
};

/// A reference-counted piece of device memory; its header lives on the host.
struct MemoryBlock {
  std::atomic<int> references{0};
  int size_class = 0, pool = 0;
  std::size_t bytes = 0;
  void* data = nullptr;
  MemoryBlock* next = nullptr;
};

/// Keeps freed blocks in lists by size, so that a steady training step asks the system for nothing. Blocks
/// that are taken while a pool is open go back to it, so that what was recorded with their addresses can be
/// replayed as long as the pool is there. Thread-safe.
template <Device D>
class CachingAllocator {
 public:
  /// A block of at least `bytes` bytes with one reference.
  MemoryBlock* take(std::size_t bytes) {
    const int size_class = class_of(bytes);
    std::lock_guard lock(mutex_);
    MemoryBlock*& head = pools_[open_].free[size_class];
    MemoryBlock* block = head;
    if (block != nullptr) {
      head = block->next;
      use_.cached -= block->bytes;
    } else {
      block = make(size_class);
      if (ThreadPool::inside()) make_for_siblings(size_class);
    }
    use_.live += block->bytes;
    use_.peak = std::max(use_.peak, use_.live);
    block->references.store(1, std::memory_order_relaxed);
    return block;
  }

  /// Takes back a block without references.
  void give(MemoryBlock* block) {
    std::lock_guard lock(mutex_);
    use_.live -= block->bytes;
    keep(block);
  }

  /// Takes all blocks from a pool until leave_pool(); 0 makes a new one. Returns its number.
  int enter_pool(int pool = 0) {
    std::lock_guard lock(mutex_);
    require(open_ == 0, D::name, ": a pool of memory is open already");
    if (pool == 0) pools_.emplace_back();
    return open_ = pool == 0 ? static_cast<int>(pools_.size()) - 1 : pool;
  }
  void leave_pool() {
    std::lock_guard lock(mutex_);
    open_ = 0;
  }

  /// Lets everybody have the blocks of a pool.
  void dissolve_pool(int pool) {
    std::lock_guard lock(mutex_);
    pools_[pool].dissolved = true;
    for (MemoryBlock* head : std::exchange(pools_[pool].free, {}))
      while (head != nullptr) {
        use_.cached -= head->bytes;
        keep(std::exchange(head, head->next));
      }
  }

  /// Returns all cached memory to the system, but for that of pools.
  void trim() {
    std::lock_guard lock(mutex_);
    release_cached();
  }

  MemoryUse use() const {
    std::lock_guard lock(mutex_);
    return use_;
  }

  void reset_peak() {
    std::lock_guard lock(mutex_);
    use_.peak = use_.live;
  }

 private:
  // Eight classes an octave above 64 bytes: at most 1/8 of a block is wasted.
  static constexpr int class_count = 8 * 48;

  static int class_of(std::size_t bytes) {
    require(bytes <= std::size_t{1} << 46, D::name, ": out of memory, asked for ", bytes, " bytes");
    const std::size_t units = std::max<std::size_t>(1, (bytes + 63) / 64);
    if (units <= 8) return static_cast<int>(units - 1);
    const int octave = static_cast<int>(std::bit_width(units - 1)) - 4;
    return 8 * (octave + 1) + static_cast<int>((units - 1) >> octave) - 8;
  }

  static std::size_t class_bytes(int size_class) {
    if (size_class < 8) return 64 * static_cast<std::size_t>(size_class + 1);
    const int octave = size_class / 8 - 1;
    return 64 * (static_cast<std::size_t>(size_class % 8 + 9) << octave);
  }

  MemoryBlock* make(int size_class) {
    auto* block = new MemoryBlock;
    block->size_class = size_class;
    block->pool = open_;
    block->bytes = class_bytes(size_class);
    try {
      block->data = system_allocate(block->bytes);
    } catch (...) {
      delete block;
      throw;
    }
    ++use_.allocations;
    return block;
  }

  // Scratch memory of one chunk: the threads beside this one will want as much, if not now, then in a later
  // step, which should ask the system for nothing.
  void make_for_siblings(int size_class) {
    try {
      for (int i = 1; i < thread_pool().threads(); ++i) keep(make(size_class));
    } catch (const Error&) {  // they will say so themselves
    }
  }

  void keep(MemoryBlock* block) {
    if (pools_[block->pool].dissolved) block->pool = 0;
    MemoryBlock*& head = pools_[block->pool].free[block->size_class];
    use_.cached += block->bytes;
    block->next = head;
    head = block;
  }

  // Memory kept for other sizes is given up before an allocation is called impossible.
  void* system_allocate(std::size_t bytes) {
    try {
      return D::allocate(bytes);
    } catch (const Error&) {
      if (use_.cached == 0) throw;
      release_cached();
      return D::allocate(bytes);
    }
  }

  void release_cached() {
    for (MemoryBlock*& head : pools_[0].free) {
      while (head != nullptr) {
        MemoryBlock* block = head;
        head = block->next;
        use_.cached -= block->bytes;
        D::deallocate(block->data, block->bytes);
        delete block;
      }
    }
  }

  struct Pool {
    std::array<MemoryBlock*, class_count> free{};
    bool dissolved = false;
  };

  mutable std::mutex mutex_;
  std::vector<Pool> pools_{1};  // the first is everybody's
  int open_ = 0;
  MemoryUse use_;
};

/// The allocator of a device. Never destroyed, so that tensors with static lifetime may outlive main().
template <Device D>
CachingAllocator<D>& allocator() {
  static auto* instance = new CachingAllocator<D>;
  return *instance;
}

/// A shared handle to a MemoryBlock; the last one gives it back.
template <Device D>
class Storage {
 public:
  Storage() = default;
  explicit Storage(std::size_t bytes) : block_(allocator<D>().take(bytes)) {}
  Storage(const Storage& other) : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Storage(Storage&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Storage& operator=(Storage other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Storage() {
    if (block_ != nullptr) drop(block_);
  }

  void* data() const { return block_ == nullptr ? nullptr : block_->data; }
  /// True when no other handle shares the memory.
  bool unique() const { return block_ != nullptr && block_->references.load(std::memory_order_acquire) == 1; }

 private:
  [[gnu::noinline]] static void drop(MemoryBlock* block) {
    if (block->references.fetch_sub(1, std::memory_order_acq_rel) == 1) allocator<D>().give(block);
  }

  MemoryBlock* block_ = nullptr;
};

}  // namespace pretext
