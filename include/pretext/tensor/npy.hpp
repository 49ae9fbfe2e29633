// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <filesystem>
#include <string>
#include <type_traits>

#include "pretext/core/file.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext {

namespace detail {

/// How NumPy calls a type in memory: "<f4" for float.
template <class T>
std::string npy_type() {
  static_assert(std::endian::native == std::endian::little && std::is_arithmetic_v<T>);
  return std::string("<") +
         (std::is_floating_point_v<T> ? "f"
          : std::is_signed_v<T>       ? "i"
                                      : "u") +
         std::to_string(sizeof(T));
}

/// All that stands before the values: magic, version 1.0, and a text filled with blanks, so that the values
/// begin at a multiple of 64 bytes.
template <class T>
std::string npy_header(const Shape& shape) {
  std::string text = "{'descr': '" + npy_type<T>() + "', 'fortran_order': False, 'shape': (";
  for (int axis = 0; axis < shape.rank(); ++axis)
    text += std::to_string(shape[axis]) + (axis == 0 || axis + 1 < shape.rank() ? ", " : "");
  if (shape.rank() == 1) text.pop_back();
  text += "), }";
  text.append(63 - (10 + text.size()) % 64, ' ') += '\n';
  const char length[2] = {static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  return "\x93NUMPY\x01" + std::string(1, '\0') + std::string(length, 2) + text;
}

}  // namespace detail

/// Writes values, rows first, as NumPy's .npy file, which appears under its name whole or not at all.
template <class T>
void write_npy(const std::filesystem::path& path, const Shape& shape, Span<const T> values) {
  require(shape.size() == std::ssize(values), path.native(), ": ", values.size(),
          " values do not fill the shape ", shape);
  const std::string header = detail::npy_header<T>(shape);
  AtomicFile file(path);
  file.write(0, bytes_of(header));
  file.write(header.size(), bytes_of(values.data(), values.size()));
  file.commit();
}

/// The values of a file that write_npy() wrote for this type and shape; throws where it is another, or was
/// cut.
template <class T>
Tensor<T, Cpu> read_npy(const std::filesystem::path& path, const Shape& shape) {
  const MappedFile file(path);
  const std::string header = detail::npy_header<T>(shape);
  const Span<const std::uint8_t> bytes = file.bytes();
  require(bytes.size() >= header.size() && std::memcmp(bytes.data(), header.data(), header.size()) == 0,
          path.native(), ": is not an .npy file of shape ", shape, " and type ", detail::npy_type<T>());
  const std::size_t expected = header.size() + static_cast<std::size_t>(checked_mul(
                                                   shape.size(), std::int64_t{sizeof(T)}, "npy: bytes"));
  require(bytes.size() == expected, path.native(), ": has ", bytes.size(), " bytes, expected ", expected,
          " for shape ", shape);
  Tensor<T, Cpu> result(shape);
  std::memcpy(result.data(), bytes.data() + header.size(), expected - header.size());
  return result;
}

}  // namespace pretext
