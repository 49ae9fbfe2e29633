// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/hash.hpp"
#include "pretext/core/thread_pool.hpp"
#include "pretext/data/dataset.hpp"

// A cache file (.ptx) is four parts, all numbers little-endian:
//   header   CacheHeader, 64 bytes, with a checksum of itself, of the table and of the pixels
//   table    one CacheRecord a picture, then the texts: key, name, classes, and name and reason of each
//   skipped picture padding  zeros up to the next multiple of 4096 pixels   the pictures one after the other,
//   RGB bytes [height, width, 3]
// Nothing says where a picture lies but the sizes before it, so no offset can be wrong.
namespace pretext::data::detail {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::array<char, 8> cache_magic = {'P', 'T', 'X', 'C', 'A', 'C', 'H', 'E'};
inline constexpr std::uint32_t cache_version = 1;
inline constexpr std::uint64_t cache_page = 4096;
inline constexpr std::int64_t cache_block = std::int64_t{1}
                                            << 20;  // pixels are hashed in blocks of this size

struct CacheHeader {
  std::array<char, 8> magic = cache_magic;
  std::uint32_t version = cache_version;
  std::uint32_t classes = 0;
  std::uint64_t pictures = 0;
  std::uint64_t skipped = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t table_hash = 0;  // of table and padding
  std::uint64_t pixel_hash = 0;
  std::uint64_t header_hash = 0;  // of the 56 bytes before it
};
static_assert(sizeof(CacheHeader) == 64);

struct CacheRecord {
  std::int32_t height, width, label;
};
static_assert(sizeof(CacheRecord) == 12);

inline std::uint64_t header_hash(const CacheHeader& header) {
  return hash_of(bytes_of(&header, 1).first(offsetof(CacheHeader, header_hash)));
}

/// The hash of the hashes of the blocks, so that all threads can share the work.
inline std::uint64_t pixel_hash(Span<const std::uint8_t> pixels) {
  const auto size = static_cast<std::int64_t>(pixels.size());
  std::vector<std::uint64_t> blocks(static_cast<std::size_t>((size + cache_block - 1) / cache_block));
  parallel_for(size, cache_block, [&](std::int64_t begin, std::int64_t end) {
    blocks[static_cast<std::size_t>(begin / cache_block)] =
        hash_of(pixels.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
  });
  Hash whole;
  for (const std::uint64_t block : blocks) whole.word(block);
  return whole.value();
}

/// Where the pixels begin in a file with this header; throws where the numbers do not fit.
inline std::uint64_t pixels_at(const CacheHeader& header) {
  const auto records = checked_mul<std::uint64_t>(header.pictures, sizeof(CacheRecord), "cache: table bytes");
  const auto table = checked_add(records, header.text_bytes, "cache: table bytes");
  const auto end = checked_add(table, sizeof(CacheHeader) + cache_page - 1, "cache: table bytes");
  return end / cache_page * cache_page;
}

/// What a cache file holds: the key of its source and the pictures, which point into the file.
struct Cache {
  std::string key;
  Pictures pictures;
};

/// Reads the bytes of a cache file.
class CacheParser {
 public:
  CacheParser(Span<const std::uint8_t> file, std::string_view name) : file_(file), name_(name) {}

  /// Everything about the pictures, checked against the size of the file before it is used; the pixels on
  /// demand.
  Cache parse(bool verify_pixels) {
    read_header();
    const std::uint64_t begin = pixels_at(header_);
    check(begin <= file_.size(), "its table is longer than the file");
    const auto table = file_.subspan(sizeof(CacheHeader), begin - sizeof(CacheHeader));
    check(hash_of(table) == header_.table_hash, "its table does not match its checksum");
    const std::size_t records = header_.pictures * sizeof(CacheRecord);
    read_texts(table.subspan(records, header_.text_bytes));
    const auto pixels = file_.subspan(begin);
    read_pictures(table.first(records), pixels);
    check(!verify_pixels || pixel_hash(pixels) == header_.pixel_hash,
          "its pixels do not match their checksum");
    return std::move(cache_);
  }

 private:
  void check(bool condition, std::string_view what) const {
    require(condition, name_, ": damaged cache file: ", what, "; delete it and it will be made again");
  }

  void read_header() {
    check(file_.size() >= sizeof(CacheHeader), "it is shorter than its header");
    std::memcpy(&header_, file_.data(), sizeof(CacheHeader));
    require(header_.magic == cache_magic, name_, ": is not a cache file of pictures (.ptx)");
    check(header_.header_hash == header_hash(header_), "its header does not match its checksum");
    require(header_.version == cache_version, name_, ": has version ", header_.version,
            " of the cache format, and only version ", cache_version,
            " is known; delete it to make it again");
  }

  std::string text() {
    std::uint32_t size = 0;
    check(texts_.size() >= sizeof(size), "a text ends early");
    std::memcpy(&size, texts_.data(), sizeof(size));
    check(texts_.size() - sizeof(size) >= size, "a text ends early");
    std::string result(reinterpret_cast<const char*>(texts_.data()) + sizeof(size), size);
    texts_ = texts_.subspan(sizeof(size) + size);
    return result;
  }

  void read_texts(Span<const std::uint8_t> texts) {
    texts_ = texts;
    cache_.key = text();
    cache_.pictures.name = text();
    for (std::uint64_t i = 0; i < header_.classes; ++i) cache_.pictures.classes.push_back(text());
    for (std::uint64_t i = 0; i < header_.skipped; ++i) {
      std::string name = text();
      cache_.pictures.skipped.push_back({std::move(name), text()});
    }
    check(texts_.empty(), "there are bytes after its last text");
  }

  void read_pictures(Span<const std::uint8_t> records, Span<const std::uint8_t> pixels) {
    cache_.pictures.pictures.reserve(header_.pictures);
    for (; !records.empty(); records = records.subspan(sizeof(CacheRecord))) {
      CacheRecord r;
      std::memcpy(&r, records.data(), sizeof(r));
      check(r.height > 0 && r.width > 0, "a picture has no size");
      check(r.label >= -1 && r.label < static_cast<std::int64_t>(header_.classes),
            "a label is not one of its classes");
      const auto count = checked_mul(std::uint64_t{3} * static_cast<std::uint64_t>(r.height),
                                     static_cast<std::uint64_t>(r.width), "cache: picture bytes");
      check(count <= pixels.size(), "its pixels end early");
      cache_.pictures.pictures.push_back({pixels.data(), r.height, r.width, r.label});
      pixels = pixels.subspan(count);
    }
    check(pixels.empty(), "there are bytes after its last picture");
  }

  Span<const std::uint8_t> file_, texts_;
  std::string name_;
  CacheHeader header_;
  Cache cache_;
};

/// The table of a data set as a cache file has it, padding included, and the header that goes with it but for
/// the hashes.
inline std::pair<CacheHeader, std::vector<std::uint8_t>> cache_table(const Dataset& set,
                                                                     std::string_view key) {
  std::vector<std::uint8_t> table;
  const auto append = [&](Span<const std::uint8_t> bytes) {
    table.insert(table.end(), bytes.data(), bytes.data() + bytes.size());
  };
  const auto text = [&](std::string_view value) {
    const auto length = narrow<std::uint32_t>(value.size(), "cache: length of a text");
    append(bytes_of(&length, 1));
    append(bytes_of(value));
  };
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const CacheRecord record{set.image(i).height, set.image(i).width, set.label(i)};
    append(bytes_of(&record, 1));
  }
  const std::size_t records = table.size();
  text(key);
  text(set.name());
  for (const auto& name : set.classes()) text(name);
  for (const auto& skipped : set.skipped()) {
    text(skipped.name);
    text(skipped.reason);
  }
  CacheHeader header;
  header.classes = narrow<std::uint32_t>(set.classes().size(), "cache: number of classes");
  header.pictures = static_cast<std::uint64_t>(set.size());
  header.skipped = set.skipped().size();
  header.text_bytes = table.size() - records;
  table.resize(pixels_at(header) - sizeof(CacheHeader));
  return {header, std::move(table)};
}

}  // namespace pretext::data::detail
