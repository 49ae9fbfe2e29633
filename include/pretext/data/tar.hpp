// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/core/span.hpp"

namespace pretext::data {

/// A regular file inside a tar archive. The name is a key and nothing more: no file of that name is ever
/// made.
struct TarEntry {
  std::string name;
  Span<const std::uint8_t> content;
};

namespace detail {

inline constexpr std::size_t tar_block = 512;

inline std::string_view tar_text(Span<const std::uint8_t> field) {
  const std::string_view text(reinterpret_cast<const char*>(field.data()), field.size());
  return text.substr(0, text.find('\0'));
}

/// A number in octal digits between blanks, or in base 256 where the first bit says so; nothing where it is
/// neither.
inline std::optional<std::uint64_t> tar_number(Span<const std::uint8_t> field) {
  std::uint64_t value = 0;
  if (field[0] & 0x80) {
    for (std::size_t i = 0; i < field.size(); ++i) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | (i == 0 ? field[i] & 0x7FU : field[i]);
    }
    return value;
  }
  std::string_view text = tar_text(field);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty()) return 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What the records of a pax header say about the member that follows.
struct PaxRecords {
  std::optional<std::string> path;
  std::optional<std::uint64_t> size;
  bool sparse = false;
};

/// Reads a tar archive member by member, from memory.
class TarReader {
 public:
  TarReader(Span<const std::uint8_t> archive, std::string_view name) : archive_(archive), name_(name) {}

  std::vector<TarEntry> entries() {
    while (const auto header = next_header()) member(*header);
    return std::move(entries_);
  }

 private:
  using Bytes = Span<const std::uint8_t>;

  template <class... Parts>
  void check(bool condition, const Parts&... parts) const {
    require(condition, name_, ": damaged tar archive: ", parts..., " at byte ", at_);
  }

  /// The next header block, or nothing at the end mark. The mark must be there: its absence is how a cut
  /// shows.
  std::optional<Bytes> next_header() {
    check(archive_.size() - at_ >= tar_block, "no end mark (is it a partial copy?)");
    const Bytes header = archive_.subspan(at_, tar_block);
    const auto zero = [](std::uint8_t byte) { return byte == 0; };
    if (std::all_of(header.begin(), header.end(), zero)) return std::nullopt;
    check(checksum_holds(header), "a header with a wrong checksum");
    at_ += tar_block;
    return header;
  }

  static bool checksum_holds(Bytes header) {
    std::int64_t as_unsigned = 0, as_signed = 0;  // old programs summed signed bytes
    for (std::size_t i = 0; i < tar_block; ++i) {
      const std::uint8_t byte = i >= 148 && i < 156 ? std::uint8_t{' '} : header[i];
      as_unsigned += byte;
      as_signed += static_cast<std::int8_t>(byte);
    }
    const auto stored = tar_number(header.subspan(148, 8));
    return stored && (static_cast<std::int64_t>(*stored) == as_unsigned ||
                      static_cast<std::int64_t>(*stored) == as_signed);
  }

  void member(Bytes header) {
    const char type = static_cast<char>(header[156]);
    if (type >= '1' && type <= '6') return forget();  // links, devices, folders, pipes: no content
    const auto declared = tar_number(header.subspan(124, 12));
    check(declared.has_value(), "a size that is no number");
    const bool about_next = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    if (type == 'S') skip_sparse_map(header);
    const Bytes content = take(about_next ? *declared : pax_.size.value_or(*declared));
    if (type == 'x') return pax_records(content);
    if (type == 'L') return static_cast<void>(long_name_ = tar_text(content));
    if (type == 'g' || type == 'K') return;  // defaults for all members and link targets: nothing of use here
    const bool regular = type == '0' || type == '\0' || type == '7';
    std::string name = member_name(header);
    if (regular && !pax_.sparse && !name.ends_with('/')) entries_.push_back({std::move(name), content});
    forget();
  }

  /// The next `size` bytes, and the padding behind them.
  Bytes take(std::uint64_t size) {
    check(size <= archive_.size() - at_, "a member of ", size, " bytes where ", archive_.size() - at_,
          " are left");
    const Bytes content = archive_.subspan(at_, static_cast<std::size_t>(size));
    const std::size_t padding = (tar_block - content.size() % tar_block) % tar_block;
    at_ += content.size();
    check(padding <= archive_.size() - at_, "a member without its padding");
    at_ += padding;
    return content;
  }

  void skip_sparse_map(Bytes header) {
    for (bool more = header[482] != 0; more;) more = take(tar_block)[504] != 0;
  }

  std::string member_name(Bytes header) const {
    if (pax_.path) return *pax_.path;
    if (long_name_) return *long_name_;
    const std::string_view name = tar_text(header.subspan(0, 100));
    const std::string_view prefix = tar_text(header.subspan(345, 155));
    const bool has_prefix = tar_text(header.subspan(257, 6)) == "ustar" && !prefix.empty();
    return has_prefix ? std::string(prefix) + '/' + std::string(name) : std::string(name);
  }

  /// Records of the form "<length> <key>=<value>\n", where the length counts the whole record.
  void pax_records(Bytes content) {
    std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
    while (!text.empty() && text.front() != '\0') {
      std::size_t length = 0;
      const auto [digits_end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
      const auto digits = static_cast<std::size_t>(digits_end - text.data());
      check(error == std::errc() && length <= text.size() && length >= digits + 3 && text[digits] == ' ' &&
                text[length - 1] == '\n',
            "a malformed pax record");
      const std::string_view record = text.substr(digits + 1, length - digits - 2);
      const std::size_t equals = record.find('=');
      check(equals != std::string_view::npos, "a pax record without '='");
      pax_record(record.substr(0, equals), record.substr(equals + 1));
      text.remove_prefix(length);
    }
  }

  void pax_record(std::string_view key, std::string_view value) {
    if (key == "path") pax_.path = value;
    if (key.starts_with("GNU.sparse.")) pax_.sparse = true;
    if (key != "size") return;
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
    check(error == std::errc() && end == value.data() + value.size(), "a pax size that is no number");
    pax_.size = size;
  }

  void forget() {
    pax_ = {};
    long_name_.reset();
  }

  Bytes archive_;
  std::string name_;
  std::size_t at_ = 0;
  PaxRecords pax_;
  std::optional<std::string> long_name_;
  std::vector<TarEntry> entries_;
};

}  // namespace detail

/// The regular files of a tar archive held in memory (v7, ustar, pax and GNU long names), in the order of the
/// archive. Links, devices, folders and sparse members are left out. Throws where a header is damaged or the
/// archive is cut.
inline std::vector<TarEntry> read_tar(Span<const std::uint8_t> archive, std::string_view name) {
  return detail::TarReader(archive, name).entries();
}

}  // namespace pretext::data
