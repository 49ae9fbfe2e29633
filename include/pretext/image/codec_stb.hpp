// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "pretext/core/checked.hpp"
#include "pretext/image/codec.hpp"
#include "pretext/image/jpeg_entropy.hpp"
#include "pretext/image/jpeg_markers.hpp"

// stb_image, compiled for JPEG alone. Everything here has internal linkage: a program may hold other copies
// of stb_image, and a prebuilt one has none of these limits.

namespace pretext::detail {
namespace {

/// The memory that stb_image may use while the object lives; what it leaves behind is freed at the end.
/// Blocks are zeroed, so that no pixel can depend on what the memory held before. One at a time on each
/// thread.
class StbMemory {
 public:
  explicit StbMemory(std::size_t budget) : left_(budget) { current_ = this; }
  ~StbMemory() {
    while (blocks_.next != &blocks_) release(blocks_.next + 1);
    current_ = nullptr;
  }
  StbMemory(const StbMemory&) = delete;
  StbMemory& operator=(const StbMemory&) = delete;

  static void* allocate(std::size_t bytes) { return current_ == nullptr ? nullptr : current_->take(bytes); }
  static void release(void* memory) {
    if (memory == nullptr) return;
    Block* block = static_cast<Block*>(memory) - 1;
    block->next->previous = block->previous;
    block->previous->next = block->next;
    current_->left_ += block->bytes;
    std::free(block);
  }
  static void* resize(void* memory, std::size_t bytes) {
    void* larger = allocate(bytes);
    if (larger == nullptr || memory == nullptr) return larger;
    std::memcpy(larger, memory, std::min(bytes, (static_cast<Block*>(memory) - 1)->bytes));
    release(memory);
    return larger;
  }

 private:
  struct alignas(std::max_align_t) Block {
    std::size_t bytes = 0;
    Block *next = this, *previous = this;
  };

  void* take(std::size_t bytes) {
    if (bytes > left_) return nullptr;
    void* memory = std::calloc(1, sizeof(Block) + bytes);
    if (memory == nullptr) return nullptr;
    Block* block = new (memory) Block{bytes, blocks_.next, &blocks_};
    block->next->previous = block;
    blocks_.next = block;
    left_ -= bytes;
    return block + 1;
  }

  std::size_t left_;
  Block blocks_;
  inline static thread_local StbMemory* current_ = nullptr;
};

[[noreturn]] inline void stb_assertion_failed() { fail("stb_image: the data contradict themselves"); }

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ASSERT(condition) ((condition) ? void(0) : ::pretext::detail::stb_assertion_failed())
#define STBI_MALLOC(bytes) ::pretext::detail::StbMemory::allocate(bytes)
#define STBI_REALLOC(memory, bytes) ::pretext::detail::StbMemory::resize(memory, bytes)
#define STBI_FREE(memory) ::pretext::detail::StbMemory::release(memory)
}  // namespace
}  // namespace pretext::detail
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#if __has_include(<stb_image.h>)
#include <stb_image.h>
#else
#include <stb/stb_image.h>
#endif
#pragma GCC diagnostic pop
namespace pretext::detail {
namespace {

[[maybe_unused]] std::string jpeg_decoder() {
#if defined(PRETEXT_STB_VERSION)
  return "stb_image " PRETEXT_STB_VERSION;
#else
  return "stb_image";
#endif
}

/// Bytes that stb_image holds at one time for this picture, with the copy made of its result.
[[maybe_unused]] std::size_t jpeg_memory(const JpegInfo& info) {
  const JpegFrame& frame = info.frame;
  const auto samples = static_cast<std::size_t>(frame.samples());
  const std::size_t image =
      std::size_t{3} * static_cast<std::size_t>(frame.height) * static_cast<std::size_t>(frame.width);
  constexpr std::size_t state = std::size_t{1} << 20;  // decoder, line buffers, alignment
  return std::max(samples * (frame.progressive ? 3 : 1), image) + image + state;
}

/// Throws unless every bit of the pixels' data is as it must be. stb_image itself takes data that end early
/// for zeros and lets sums overflow.
[[maybe_unused]] void check_jpeg_entropy(Bytes file, std::string_view name, const DecodeLimits& limits) {
  JpegEntropyCheck check(name);
  JpegMarkers(file, name, limits.max_scans, [&](const auto&... scan) { check(scan...); }).walk();
}

/// The pixels of a JPEG as RGB [H, W, 3], as stored. The markers of the file must have been checked.
[[maybe_unused]] Image decode_jpeg(Bytes file, std::string_view name, const JpegInfo&,
                                   const DecodeLimits& limits) {
  check_jpeg_entropy(file, name, limits);
  const StbMemory memory(limits.memory_budget);
  int width = 0, height = 0, channels = 0;
  const stbi_uc* pixels = stbi_load_from_memory(file.data(), narrow<int>(file.size(), "bytes of a JPEG file"),
                                                &width, &height, &channels, 3);
  require(pixels != nullptr, name, ": cannot be decoded: ", stbi_failure_reason());
  return Image::from({pixels, height, width, 3});
}

}  // namespace
}  // namespace pretext::detail
