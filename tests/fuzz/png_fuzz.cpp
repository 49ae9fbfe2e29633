// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <cstdint>
#include <vector>

#include "picture_target.hpp"

namespace {

std::uint32_t number(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         bytes[3];
}

// Gives every chunk the checksum of its bytes: otherwise hardly a damaged file would get past it.
std::vector<std::uint8_t> with_checksums(std::vector<std::uint8_t> file) {
  std::size_t at = 8;
  while (at + 12 <= file.size()) {
    const std::uint32_t length = number(&file[at]);
    if (length > file.size() - at - 12) break;
    std::uint8_t* checksum = &file[at + 8 + length];
    const auto crc = static_cast<std::uint32_t>(crc32(0, &file[at + 4], length + 4));
    for (int i = 0; i < 4; ++i) checksum[i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
    at += 12 + std::size_t{length};
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> file(data, data + size), mended = with_checksums(file);
  fuzz::decode_picture(file);
  if (mended != file) fuzz::decode_picture(mended);
  return 0;
}
