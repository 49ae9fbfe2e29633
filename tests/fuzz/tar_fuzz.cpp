// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "pretext/data/tar.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;

// Gives every header the checksum of its bytes: otherwise hardly a damaged one would get past it.
Bytes with_checksums(Bytes archive) {
  for (std::size_t at = 0; at + 512 <= archive.size(); at += 512) {
    std::uint8_t* header = &archive[at];
    if (std::memcmp(header + 257, "ustar", 5) != 0) continue;
    std::memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += header[i];
    char field[8];
    std::snprintf(field, sizeof(field), "%06o", sum & 0777777);
    std::memcpy(header + 148, field, 7);
  }
  return archive;
}

void read(const Bytes& archive) {
  std::size_t names = 0;
  try {
    for (const auto& entry : pretext::data::read_tar(archive, "input")) {
      names += entry.name.size();
      if (entry.content.data() < archive.data() ||
          entry.content.data() + entry.content.size() > archive.data() + archive.size())
        throw std::logic_error("a member lies outside the archive");
    }
  } catch (const pretext::Error&) {
  }
  if (names > archive.size()) throw std::logic_error("there are more names than bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes archive(data, data + size), mended = with_checksums(archive);
  read(archive);
  if (mended != archive) read(mended);
  return 0;
}
