// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "pretext/core/error.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pretext {

/// A place where tensors live and ops run: a type with raw memory, copies within it, from and to the host,
/// and a fill of `count` elements with one of so many bytes.
template <class D>
concept Device = requires(void* to, const void* from, std::size_t bytes, std::size_t count) {
  { D::name } -> std::convertible_to<std::string_view>;
  { D::allocate(bytes) } -> std::same_as<void*>;
  D::deallocate(to, bytes);
  D::copy(to, from, bytes);
  D::upload(to, from, bytes);
  D::download(to, from, bytes);
  D::fill(to, from, bytes, count);
};

/// The processor: all its cores, through the shared thread pool.
struct Cpu {
  static constexpr std::string_view name = "cpu";

  /// Memory aligned to a cache line, large blocks to a huge page; throws an Error when there is none.
  static void* allocate(std::size_t bytes) {
    constexpr std::size_t huge = std::size_t{2} << 20;
    const std::size_t alignment = bytes >= huge ? huge : 64;
    const std::size_t padded = (bytes + alignment - 1) / alignment * alignment;
    void* memory = padded < bytes ? nullptr : std::aligned_alloc(alignment, padded);
    require(memory != nullptr, "cpu: out of memory, asked for ", bytes, " bytes");
#if defined(__linux__)
    if (alignment == huge) madvise(memory, padded, MADV_HUGEPAGE);
#endif
    return memory;
  }

  static void deallocate(void* memory, std::size_t) { std::free(memory); }
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes != 0) std::memcpy(to, from, bytes);
  }
  static void upload(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }
  static void download(void* to, const void* from, std::size_t bytes) { copy(to, from, bytes); }

  static void fill(void* to, const void* element, std::size_t bytes, std::size_t count) {
    for (auto* at = static_cast<std::byte*>(to); count > 0; --count, at += bytes) copy(at, element, bytes);
  }
};

}  // namespace pretext
