// SPDX-License-Identifier: MIT
#include "pretext/tensor/tensor.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace pretext;

namespace {

/// A device of 1 MiB that counts what it hands out.
struct Small {
  static constexpr std::string_view name = "small";
  inline static std::size_t used = 0;
  inline static std::size_t budget = 1 << 20;

  static void* allocate(std::size_t bytes) {
    require(used + bytes <= budget, "small: out of memory, asked for ", bytes, " bytes");
    used += bytes;
    return std::malloc(bytes);
  }
  static void deallocate(void* memory, std::size_t bytes) {
    used -= bytes;
    std::free(memory);
  }
  static void copy(void* to, const void* from, std::size_t bytes) { std::memcpy(to, from, bytes); }
  static void upload(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void download(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void fill(void* to, const void* element, std::size_t bytes, std::size_t count) {
    Cpu::fill(to, element, bytes, count);
  }
};

}  // namespace

TEST_CASE("a block holds what was asked for, is aligned, and wastes at most an eighth and a cache line") {
  CachingAllocator<Cpu> memory;
  std::vector<std::size_t> sizes;
  for (std::size_t bytes = 0; bytes <= 5000; ++bytes) sizes.push_back(bytes);
  for (std::size_t bytes = 5000; bytes < std::size_t{64} << 20; bytes = bytes * 17 / 16)
    for (std::size_t nearby : {bytes - 1, bytes, bytes + 1}) sizes.push_back(nearby);
  for (int bit = 12; bit <= 26; ++bit)
    for (std::size_t nearby : {0, 1, 2}) sizes.push_back((std::size_t{1} << bit) + nearby - 1);
  for (std::size_t bytes : sizes) {
    MemoryBlock* block = memory.take(bytes);
    REQUIRE(block->bytes >= bytes);
    REQUIRE(block->bytes <= std::max<std::size_t>(64, bytes + bytes / 8 + 63));
    REQUIRE(reinterpret_cast<std::uintptr_t>(block->data) % 64 == 0);
    memory.give(block);
    memory.trim();
  }
}

TEST_CASE("a block given back is handed out again, and the system is not asked") {
  CachingAllocator<Cpu> memory;
  MemoryBlock* first = memory.take(1000);
  void* data = first->data;
  memory.give(first);
  CHECK(memory.use().cached == first->bytes);
  MemoryBlock* second = memory.take(1001);
  CHECK(second->data == data);
  CHECK(second->references == 1);
  CHECK(memory.use().allocations == 1);
  CHECK(memory.use().cached == 0);
  memory.give(second);
  memory.trim();
  CHECK(memory.use().cached == 0);
}

TEST_CASE("live and peak bytes follow what is held") {
  CachingAllocator<Cpu> memory;
  MemoryBlock *a = memory.take(4096), *b = memory.take(8192);
  CHECK(memory.use().live == 4096 + 8192);
  memory.give(a);
  CHECK(memory.use().live == 8192);
  CHECK(memory.use().peak == 4096 + 8192);
  memory.reset_peak();
  CHECK(memory.use().peak == 8192);
  memory.give(b);
  CHECK(memory.use().live == 0);
  memory.trim();
}

TEST_CASE("cached memory of other sizes is given up before memory is called out") {
  CachingAllocator<Small> memory;
  MemoryBlock* large = memory.take(900 << 10);
  memory.give(large);
  MemoryBlock* other = memory.take(500 << 10);
  CHECK(memory.use().cached == 0);
  CHECK(Small::used == other->bytes);
  CHECK_THROWS_WITH_AS(memory.take(800 << 10), doctest::Contains("small: out of memory, asked for "), Error);
  CHECK(memory.use().live == other->bytes);
  memory.give(other);
  memory.trim();
  CHECK(Small::used == 0);
}

TEST_CASE("an absurd size is refused and not asked for") {
  CachingAllocator<Cpu> memory;
  CHECK_THROWS_WITH_AS(memory.take(std::size_t{1} << 47),
                       "cpu: out of memory, asked for 140737488355328 bytes", Error);
  CHECK_THROWS_AS(memory.take(~std::size_t{0}), Error);
  CHECK(memory.use().allocations == 0);
}

TEST_CASE("threads may take and give at once") {
  CachingAllocator<Cpu> memory;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&memory, t] {
      for (std::size_t i = 0; i < 2000; ++i) {
        MemoryBlock* block = memory.take(64 * (1 + (i * 7 + t) % 20));
        *static_cast<std::size_t*>(block->data) = t;
        if (*static_cast<std::size_t*>(block->data) != t) std::abort();
        memory.give(block);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(memory.use().live == 0);
  CHECK(memory.use().allocations <= 4 * 20);
  memory.trim();
}

TEST_CASE("storage counts its handles and gives the block back with the last one") {
  const std::size_t before = allocator<Cpu>().use().live;
  {
    Storage<Cpu> a(100);
    CHECK(a.unique());
    Storage<Cpu> b = a, c;
    c = b;
    CHECK_FALSE(a.unique());
    CHECK(c.data() == a.data());
    const Storage<Cpu> moved = std::move(b);
    CHECK(b.data() == nullptr);
    CHECK(moved.data() == a.data());
    Storage<Cpu>& self = c;
    c = self;
    CHECK(c.data() == a.data());
    CHECK(allocator<Cpu>().use().live == before + 128);
  }
  CHECK(allocator<Cpu>().use().live == before);
}

TEST_CASE("what one chunk of a job asks for is there for all of its threads") {
  set_num_threads(4);
  const auto scratch = [](std::int64_t chunks) {
    const std::size_t before = allocator<Cpu>().use().allocations;
    parallel_for(4, 1, [&](std::int64_t chunk, std::int64_t) {
      if (chunk < chunks) Tensor<float, Cpu>({31'000'000}).data()[0] = 1;
    });
    return allocator<Cpu>().use().allocations - before;
  };
  CHECK(scratch(1) == 4);
  for (int i = 0; i < 20; ++i) CHECK(scratch(4) == 0);
  set_num_threads(2);
  allocator<Cpu>().trim();
}

TEST_CASE("blocks of a pool go back to it, and to everybody once it is dissolved") {
  CachingAllocator<Cpu> memory;
  MemoryBlock* const before = memory.take(1000);
  const int pool = memory.enter_pool();
  MemoryBlock* const inside = memory.take(1000);
  MemoryBlock* const lasting = memory.take(1000);
  memory.leave_pool();
  memory.give(before);
  memory.give(inside);
  MemoryBlock* const outside = memory.take(1000);
  CHECK(outside == before);
  MemoryBlock* const more = memory.take(1000);
  CHECK(more != inside);
  memory.trim();

  CHECK(memory.enter_pool(pool) == pool);
  CHECK(memory.take(1000) == inside);
  CHECK_THROWS_AS(memory.enter_pool(), Error);
  memory.leave_pool();
  memory.give(inside);
  CHECK(memory.enter_pool() != pool);
  CHECK(memory.take(1000) != inside);
  memory.leave_pool();

  memory.dissolve_pool(pool);
  CHECK(memory.take(1000) == inside);
  memory.give(lasting);
  CHECK(memory.take(1000) == lasting);
}
