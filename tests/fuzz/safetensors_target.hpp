// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "pretext/tensor/safetensors.hpp"

namespace fuzz {

using Bytes = std::vector<std::uint8_t>;

/// The file with the checksum that fits it: otherwise no damaged one would get past it.
inline Bytes with_checksum(Bytes file) {
  namespace st = pretext::detail::safetensors;
  std::uint64_t length = 0;
  if (file.size() < 8) return file;
  std::memcpy(&length, file.data(), 8);
  if (length > file.size() - 8) return file;
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + 8, length);
  if (!header.starts_with(st::opening) || header.size() < st::opening.size() + st::checksum_digits)
    return file;
  try {
    std::map<std::string, std::string> metadata;
    auto entries = st::parse_header(header, "input", metadata);
    const auto data = st::Bytes(file).subspan(8 + length);
    std::vector<st::Bytes> pieces;
    for (const auto* e : st::in_data_order(entries, static_cast<std::int64_t>(data.size())))
      pieces.push_back(
          data.subspan(static_cast<std::size_t>(e->begin), static_cast<std::size_t>(e->end - e->begin)));
    const std::string digits = st::checksum(header, pieces);
    std::memcpy(file.data() + 8 + st::opening.size(), digits.data(), digits.size());
  } catch (const pretext::Error&) {
  }
  return file;
}

/// Gives a reader the file as it is and, so that its checksum does not end every test, with one that fits.
template <class Read>
void read_with_and_without_checksum(const std::uint8_t* data, std::size_t size, Read&& read) {
  const Bytes file(data, data + size), mended = with_checksum(file);
  read(file);
  if (mended != file) read(mended);
}

/// What every tensor that was read must be.
inline void check(const std::vector<pretext::NamedTensor>& tensors) {
  for (const pretext::NamedTensor& t : tensors)
    if (t.shape.size() * size_of(t.dtype) != std::ssize(t.data))
      throw std::logic_error("a tensor was read whose bytes do not fill its shape");
}

}  // namespace fuzz
