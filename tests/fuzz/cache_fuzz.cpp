// SPDX-License-Identifier: MIT
#include <cstring>
#include <utility>

#include "pretext/data/cache.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;
using namespace pretext::data;

// Gives the file hashes that fit: otherwise no damaged one would get past them.
Bytes with_hashes(Bytes file) {
  detail::CacheHeader header;
  if (file.size() < sizeof(header)) return file;
  std::memcpy(&header, file.data(), sizeof(header));
  try {
    const pretext::Span<const std::uint8_t> bytes = file;
    const auto begin =
        static_cast<std::size_t>(std::min<std::uint64_t>(detail::pixels_at(header), file.size()));
    header.table_hash = pretext::hash_of(bytes.subspan(sizeof(header), begin - sizeof(header)));
    header.pixel_hash = detail::pixel_hash(bytes.subspan(begin));
  } catch (const pretext::Error&) {
  }
  header.header_hash = detail::header_hash(header);
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

void read(const Bytes& file) {
  try {
    Dataset(detail::CacheParser(file, "input").parse(true).pictures).hash();
  } catch (const pretext::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes file(data, data + size), mended = with_hashes(file);
  read(file);
  if (mended != file) read(mended);
  return 0;
}
