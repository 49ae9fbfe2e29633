// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/config.hpp"
#include "pretext/core/file.hpp"
#include "pretext/core/json.hpp"
#include "pretext/data/cache_format.hpp"
#include "pretext/data/decode.hpp"

namespace pretext::data {

struct CacheOptions {
  bool verify_pixels = true;  // read all pixels once and compare them with their checksum
};

namespace detail {

/// Writes pixels one after the other and hashes them in the blocks of the format, whatever the sizes of the
/// pictures.
class PixelWriter {
 public:
  PixelWriter(AtomicFile& file, std::uint64_t at) : file_(file), at_(at) {}

  void write(Span<const std::uint8_t> pixels) {
    while (!pixels.empty()) {
      const std::size_t count =
          std::min(pixels.size(), static_cast<std::size_t>(cache_block) - block_.size());
      block_.insert(block_.end(), pixels.data(), pixels.data() + count);
      pixels = pixels.subspan(count);
      if (block_.size() == static_cast<std::size_t>(cache_block)) flush();
    }
  }

  std::uint64_t finish() {
    if (!block_.empty()) flush();
    return hash_.value();
  }

 private:
  void flush() {
    hash_.word(hash_of(block_));
    file_.write(at_, block_);
    at_ += block_.size();
    block_.clear();
  }

  AtomicFile& file_;
  std::uint64_t at_;
  Hash hash_;
  std::vector<std::uint8_t> block_;
};

}  // namespace detail

/// Writes the data set to a cache file, which appears under its name only when it is whole. `key` says what
/// it was made from; cached() compares it.
inline void save_cache(const Dataset& set, const std::filesystem::path& path, std::string_view key = {}) {
  auto [header, table] = detail::cache_table(set, key);
  AtomicFile file(path);
  detail::PixelWriter pixels(file, sizeof(header) + table.size());
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const ImageView view = set.image(i);
    pixels.write(
        {view.pixels, 3 * static_cast<std::size_t>(view.height) * static_cast<std::size_t>(view.width)});
  }
  header.table_hash = hash_of(table);
  header.pixel_hash = pixels.finish();
  header.header_hash = detail::header_hash(header);
  file.write(sizeof(header), table);
  file.write(0, bytes_of(&header, 1));
  file.commit();
}

namespace detail {

inline Cache map_cache(const std::filesystem::path& path, const CacheOptions& options) {
  const auto file = std::make_shared<MappedFile>(path);
  Cache cache = CacheParser(file->bytes(), path.native()).parse(options.verify_pixels);
  cache.pictures.memory.push_back(file);
  return cache;
}

}  // namespace detail

/// The data set of a cache file, its pixels mapped from the file. Throws where anything in it is damaged.
inline Dataset open_cache(const std::filesystem::path& path, const CacheOptions& options = {}) {
  return Dataset(detail::map_cache(path, options).pictures);
}

namespace detail {

/// All that decides what pictures files become: who decodes them and what is passed over as unreadable.
inline std::string decoding_key(const ReadOptions& read) {
  return message("pretext=" PRETEXT_VERSION " decoders=", decoder_versions(),
                 " max_bad=", json_number(read.max_bad), " max_bytes=", read.max_bytes,
                 " max_side=", read.limits.max_side, " max_pixels=", read.limits.max_pixels,
                 " memory_budget=", read.limits.memory_budget, " max_scans=", read.limits.max_scans);
}

}  // namespace detail

/// What a file or folder is at the moment (path, sizes, times of change) and how it is decoded: the read
/// options and the versions of the decoders and of this library. Two equal keys mean that decoding again
/// would give the same pictures.
inline std::string source_key(const std::filesystem::path& source, const ReadOptions& read = {}) {
  namespace fs = std::filesystem;
  Hash entries;
  std::uint64_t files = 0, bytes = 0;
  const auto count = [&](const fs::path& path) {
    const std::uint64_t size = fs::file_size(path);
    const auto time = fs::last_write_time(path).time_since_epoch().count();
    const std::string name = path.generic_string();
    entries.bytes(bytes_of(name));
    entries.word(size);
    entries.word(static_cast<std::uint64_t>(time));
    ++files;
    bytes += size;
  };
  try {
    if (!fs::is_directory(source))
      count(source);
    else {
      std::vector<fs::path> paths;
      for (const auto& entry : fs::recursive_directory_iterator(source))
        if (entry.is_regular_file()) paths.push_back(entry.path());
      std::sort(paths.begin(), paths.end());
      for (const fs::path& path : paths) count(path);
    }
    return fs::absolute(source).lexically_normal().string() + " files=" + std::to_string(files) +
           " bytes=" + std::to_string(bytes) + " hash=" + std::to_string(entries.value()) + " " +
           detail::decoding_key(read);
  } catch (const fs::filesystem_error& error) {
    fail(source.native(), ": cannot be looked at: ", error.code().message());
  }
}

/// The data set in the cache file where that was made from the same key and is whole; otherwise make() fills
/// the cache first. Either way the pixels are mapped from the file.
template <std::invocable F>
Dataset cached(const std::filesystem::path& path, std::string_view key, F make) {
  if (std::filesystem::exists(path)) try {
      detail::Cache cache = detail::map_cache(path, {});
      if (cache.key == key) return Dataset(std::move(cache.pictures));
    } catch (const Error&) {
      // A damaged cache is only a cache: it is made again.
    }
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
  save_cache(make(), path, key);
  return open_cache(path);
}

}  // namespace pretext::data
