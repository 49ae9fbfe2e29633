// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/error.hpp"
#include "pretext/core/file.hpp"
#include "pretext/core/span.hpp"

namespace pretext::data {

/// How much a compressed file may grow when it is unpacked into memory.
struct GunzipLimits {
  std::uint64_t max_bytes = std::uint64_t{16} << 30;
  std::uint64_t max_ratio = 200;  // to the compressed size; an archive of pictures stays below 20
};

/// True when the bytes begin as a gzip file does.
inline bool is_gzip(Span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

namespace detail {

/// One zlib stream, closed on every way out.
class Inflater {
 public:
  explicit Inflater(std::string_view name) : name_(name) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    require(inflateInit2(&stream_, gzip_only) == Z_OK, name_, ": zlib cannot start");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Unpacks what fits from `in` into `out`; cuts both down to what is left. True at the end of a gzip
  /// member.
  bool step(Span<const std::uint8_t>& in, Span<std::uint8_t>& out) {
    constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts in 32 bits
    const auto offered = static_cast<uInt>(std::min(in.size(), most));
    const auto room = static_cast<uInt>(std::min(out.size(), most));
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = offered;
    stream_.next_out = out.data();
    stream_.avail_out = room;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    require(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, name_,
            ": damaged gzip data: ", stream_.msg != nullptr ? stream_.msg : "zlib gives no reason");
    in = in.subspan(offered - stream_.avail_in);
    out = out.subspan(room - stream_.avail_out);
    return result == Z_STREAM_END;
  }

  void next_member() { require(inflateReset(&stream_) == Z_OK, name_, ": zlib cannot start again"); }

 private:
  std::string name_;
  z_stream stream_{};
};

}  // namespace detail

/// The unpacked content of a gzip file of one or more members. Throws where it is damaged, cut short, or
/// would grow past the limits; never holds more than twice the smaller limit.
inline std::vector<std::uint8_t> gunzip(Span<const std::uint8_t> file, std::string_view name,
                                        const GunzipLimits& limits = {}) {
  require(is_gzip(file), name, ": is not a gzip file");
  const std::uint64_t by_ratio =
      checked_mul<std::uint64_t>(file.size(), limits.max_ratio, "gunzip: the ratio limit");
  const auto most =
      static_cast<std::size_t>(std::min(limits.max_bytes, std::max(std::uint64_t{1} << 20, by_ratio)));
  const auto check_growth = [&](std::size_t size) {
    require(size <= most, name, ": grows to more than ", most, " bytes when unpacked; the limits are ",
            limits.max_bytes, " bytes and ", limits.max_ratio, " times its size");
  };
  std::vector<std::uint8_t> content(std::min(most, 4 * file.size()));
  Span<const std::uint8_t> in = file;
  Span<std::uint8_t> out = content;
  detail::Inflater inflater(name);
  while (true) {
    if (inflater.step(in, out)) {
      if (!is_gzip(in)) break;
      inflater.next_member();
    } else if (out.empty()) {
      check_growth(content.size());
      const std::size_t used = content.size();
      content.reserve(std::max(used + 1, std::min(most, 2 * used)));
      content.resize(content.capacity());
      out = Span(content).subspan(used);
    } else {
      require(!in.empty(), name, ": ends in the middle of its gzip data; is it a partial copy?");
    }
  }
  require(std::all_of(in.begin(), in.end(), [](std::uint8_t byte) { return byte == 0; }), name,
          ": has bytes after its gzip data that belong to nothing");
  content.resize(content.size() - out.size());
  check_growth(content.size());
  return content;
}

/// The content of a file: mapped where it is plain, unpacked into memory where it is a gzip file.
class PlainFile {
 public:
  explicit PlainFile(const std::filesystem::path& path, const GunzipLimits& limits = {})
      : file_(std::make_unique<MappedFile>(path)) {
    if (!is_gzip(file_->bytes())) return;
    unpacked_ = gunzip(file_->bytes(), path.native(), limits);
    file_.reset();
  }

  Span<const std::uint8_t> bytes() const { return file_ != nullptr ? file_->bytes() : unpacked_; }

 private:
  std::unique_ptr<MappedFile> file_;
  std::vector<std::uint8_t> unpacked_;
};

}  // namespace pretext::data
