// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/bf16.hpp"
#include "pretext/core/hash.hpp"
#include "pretext/tensor/shape.hpp"

namespace pretext {

/// The element types that files hold.
enum class Dtype : std::uint8_t { f64, f32, bf16, i64, i32, u8, f16 };

constexpr std::string_view name_of(Dtype dtype) {
  constexpr std::string_view names[] = {"f64", "f32", "bf16", "i64", "i32", "u8", "f16"};
  return names[static_cast<int>(dtype)];
}

/// Bytes of one element.
constexpr std::int64_t size_of(Dtype dtype) {
  constexpr std::int64_t sizes[] = {8, 4, 2, 8, 4, 1, 2};
  return sizes[static_cast<int>(dtype)];
}

template <class T>
inline constexpr Dtype dtype_of = [] { static_assert(sizeof(T) == 0, "no Dtype stands for this type"); }();
template <>
inline constexpr Dtype dtype_of<double> = Dtype::f64;
template <>
inline constexpr Dtype dtype_of<float> = Dtype::f32;
template <>
inline constexpr Dtype dtype_of<std::int64_t> = Dtype::i64;
template <>
inline constexpr Dtype dtype_of<std::int32_t> = Dtype::i32;
template <>
inline constexpr Dtype dtype_of<std::uint8_t> = Dtype::u8;

/// A tensor as files hold it: named, on the host, its type known at run time, rows first.
struct NamedTensor {
  std::string name;
  Dtype dtype = Dtype::f32;
  Shape shape;
  std::vector<std::byte> data;

  /// A copy of the values, whose number must match the shape.
  template <class T>
  static NamedTensor of(std::string name, const Shape& shape, Span<const T> values) {
    require(shape.size() == static_cast<std::int64_t>(values.size()), name, ": ", values.size(),
            " values do not fill the shape ", shape);
    const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
    return {std::move(name), dtype_of<T>, shape, {bytes, bytes + values.size_bytes()}};
  }

  /// The values; throws where they are of another type or do not fill the shape.
  template <class T>
  std::vector<T> as() const {
    require(dtype == dtype_of<T>, name, ": holds ", name_of(dtype), ", not ", name_of(dtype_of<T>));
    const auto count = static_cast<std::size_t>(shape.size());
    require(data.size() / sizeof(T) == count && data.size() % sizeof(T) == 0, name, ": ", data.size(),
            " bytes do not fill the shape ", shape, " of ", name_of(dtype));
    std::vector<T> values(count);
    if (count != 0) std::memcpy(values.data(), data.data(), data.size());
    return values;
  }
};

/// A half precision number: 5 bits of exponent, 10 of fraction.
inline float from_f16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float size = exponent == 31  ? (fraction == 0 ? HUGE_VALF : NAN)
                     : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                     : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

/// True for the types all of whose values a float has.
constexpr bool widens(Dtype dtype) { return dtype == Dtype::bf16 || dtype == Dtype::f16; }

/// A tensor of such a type as one of floats.
inline NamedTensor widened(const NamedTensor& tensor) {
  require(widens(tensor.dtype), tensor.name, ": f16 and bf16 can be widened, not ", name_of(tensor.dtype));
  std::vector<float> values(tensor.data.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, tensor.data.data() + 2 * i, 2);
    bf16 upper;
    upper.bits = bits;
    values[i] = tensor.dtype == Dtype::f16 ? from_f16(bits) : static_cast<float>(upper);
  }
  return NamedTensor::of<float>(tensor.name, tensor.shape, values);
}

/// A hash of names, types, shapes and bytes, in order: equal for equal states, and for no others in practice.
inline std::uint64_t hash_of(Span<const NamedTensor> tensors) {
  Hash hash;
  for (const NamedTensor& tensor : tensors) {
    hash.bytes(bytes_of(tensor.name));
    hash.word(static_cast<std::uint64_t>(tensor.dtype));
    hash.bytes(bytes_of(tensor.shape.dims().data(), tensor.shape.dims().size()));
    hash.bytes(bytes_of(tensor.data.data(), tensor.data.size()));
  }
  return hash.value();
}

}  // namespace pretext
