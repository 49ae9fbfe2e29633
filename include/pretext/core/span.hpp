// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pretext {

/// A vector, an array, or whatever else has data() and size() for values of type T; constant ones only where
/// T is.
template <class Values, class T>
concept Holds = requires(Values& values) {
  requires std::is_same_v<const T, const std::remove_reference_t<decltype(*values.data())>>;
  requires std::is_convertible_v<decltype(values.data()), T*>;
  requires std::is_same_v<std::size_t, decltype(values.size())>;
};

/// A view of values that lie one after the other in memory. It converts from and to std::span, each
/// conversion to which costs a compiler up to 5 MB of concepts to check.
template <class T>
class Span {
 public:
  constexpr Span() = default;
  constexpr Span(T* data, std::size_t size) : data_(data), size_(size) {}
  template <std::size_t N>
  constexpr Span(T (&array)[N]) : Span(array, N) {}

  template <class Values>
  requires Holds<Values, T>
  constexpr Span(Values&& values) : Span(values.data(), values.size()) {}

  constexpr T* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr std::size_t size_bytes() const { return size_ * sizeof(T); }
  constexpr bool empty() const { return size_ == 0; }

  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size_; }
  constexpr T& operator[](std::size_t i) const {
    check(i < size_);
    return data_[i];
  }
  constexpr T& front() const { return (*this)[0]; }
  constexpr T& back() const { return (*this)[size_ - 1]; }

  constexpr Span first(std::size_t count) const { return subspan(0, count); }
  constexpr Span subspan(std::size_t offset) const { return subspan(offset, size_ - offset); }
  constexpr Span subspan(std::size_t offset, std::size_t count) const {
    check(offset <= size_ && count <= size_ - offset);
    return {data_ + offset, count};
  }

 private:
  // Where the standard library checks its own.
  constexpr void check([[maybe_unused]] bool holds) const {
#if defined(_GLIBCXX_ASSERTIONS)
    if (!holds) __builtin_trap();
#endif
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

template <class Values>
Span(Values&& values) -> Span<std::remove_reference_t<decltype(*values.data())>>;

/// The bytes of `count` values in memory.
template <class T>
Span<const std::uint8_t> bytes_of(const T* values, std::size_t count) {
  return {reinterpret_cast<const std::uint8_t*>(values), count * sizeof(T)};
}

/// The bytes of a text.
inline Span<const std::uint8_t> bytes_of(std::string_view text) { return bytes_of(text.data(), text.size()); }

}  // namespace pretext

/// A Span outlives no memory of its own: algorithms may return what points into one that is gone.
template <class T>
inline constexpr bool std::ranges::enable_borrowed_range<pretext::Span<T>> = true;
template <class T>
inline constexpr bool std::ranges::enable_view<pretext::Span<T>> = true;
