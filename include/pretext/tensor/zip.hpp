// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/core/json.hpp"
#include "pretext/core/span.hpp"

namespace pretext {

/// A member of a zip archive: its name, where its record begins, its bytes as they lie in the archive, and
/// whether those are the member's own.
struct ZipMember {
  std::string_view name;
  std::uint64_t record = 0;
  Span<const std::uint8_t> bytes{};
  std::uint32_t crc = 0;
  bool stored = true;  ///< neither compressed nor encrypted

  /// Throws where the bytes are not those of the member, or do not have the checksum that the archive states;
  /// 0 states none.
  void verify() const {
    require(stored, "member ", json_string(name),
            " is compressed or encrypted; torch.save stores members as they are");
    uLong found = ::crc32(0, nullptr, 0);
    for (Span<const std::uint8_t> rest = bytes; crc != 0 && !rest.empty();) {
      const std::size_t part = std::min<std::size_t>(rest.size(), std::size_t{1} << 30);
      found = ::crc32(found, rest.data(), static_cast<uInt>(part));
      rest = rest.subspan(part);
    }
    require(crc == 0 || found == crc, "member ", json_string(name),
            " has another checksum than is stated: the ", "file is damaged");
  }
};

namespace detail::zip {

using Bytes = Span<const std::uint8_t>;

/// The number at a place of a file, lowest byte first.
template <class T>
T number(Bytes file, std::uint64_t at) {
  require(at <= file.size() && file.size() - at >= sizeof(T), "it has ", file.size(),
          " bytes, but a number of ", sizeof(T), " bytes was expected at ", at);
  T value;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

inline std::string_view text(Bytes file, std::uint64_t at, std::uint64_t size) {
  require(at <= file.size() && file.size() - at >= size, "it has ", file.size(), " bytes, but a name of ",
          size, " bytes was expected at ", at);
  return {reinterpret_cast<const char*>(file.data()) + at, size};
}

inline void require_signature(Bytes file, std::uint64_t at, std::uint32_t signature, std::string_view what) {
  require(number<std::uint32_t>(file, at) == signature, what, " was expected at byte ", at,
          ", but is not there");
}

/// Where the list of members lies.
struct Directory {
  std::uint64_t count, size, begin;
};

/// The record at the end of the archive, behind which only a comment may lie.
inline std::uint64_t find_end(Bytes file) {
  constexpr std::uint64_t record = 22, longest_comment = 0xFFFF;
  require(file.size() >= record, "it has ", file.size(), " bytes, too few for a zip archive");
  const std::uint64_t last = file.size() - record;
  for (std::uint64_t comment = 0; comment <= std::min(last, longest_comment); ++comment) {
    const std::uint64_t at = last - comment;
    if (number<std::uint32_t>(file, at) == 0x06054b50 && number<std::uint16_t>(file, at + 20) == comment)
      return at;
  }
  fail("it has no list of members at its end: the file is cut off, or no zip archive");
}

inline Directory find_directory(Bytes file) {
  std::uint64_t end = find_end(file);
  Directory d{number<std::uint16_t>(file, end + 10), number<std::uint32_t>(file, end + 12),
              number<std::uint32_t>(file, end + 16)};
  if (end >= 20 && number<std::uint32_t>(file, end - 20) == 0x07064b50) {
    end = number<std::uint64_t>(file, end - 12);
    require_signature(file, end, 0x06064b50, "the zip64 record");
    d = {number<std::uint64_t>(file, end + 32), number<std::uint64_t>(file, end + 40),
         number<std::uint64_t>(file, end + 48)};
  }
  require(d.begin <= end && d.size <= end - d.begin, "its list of members claims ", d.size, " bytes from ",
          d.begin, ", but must end before ", end);
  require(d.count <= d.size / 46, "its list of members claims ", d.count, " members in ", d.size, " bytes");
  return d;
}

/// What an entry of the list says of sizes and places; fields that are too large for 32 bits are further on.
struct Entry {
  std::uint64_t unpacked, packed, record;

  Entry(Bytes file, std::uint64_t at, Bytes extra)
      : unpacked(number<std::uint32_t>(file, at + 24)),
        packed(number<std::uint32_t>(file, at + 20)),
        record(number<std::uint32_t>(file, at + 42)) {
    for (std::uint64_t i = 0; i + 4 <= extra.size();) {
      const std::uint64_t size = number<std::uint16_t>(extra, i + 2);
      require(size <= extra.size() - i - 4, "a member's extra field claims ", size, " bytes");
      if (number<std::uint16_t>(extra, i) == 1) widen(extra.subspan(i + 4, size));
      i += 4 + size;
    }
  }

 private:
  void widen(Bytes wide) {
    std::uint64_t at = 0;
    for (std::uint64_t* field : {&unpacked, &packed, &record})
      if (*field == 0xFFFFFFFF) {
        *field = number<std::uint64_t>(wide, at);
        at += 8;
      }
  }
};

/// The member whose entry in the list is at this place, which moves behind it.
inline ZipMember read_member(Bytes file, const Directory& d, std::uint64_t& at) {
  require_signature(file, at, 0x02014b50, "an entry of the list of members");
  const std::uint64_t size = number<std::uint16_t>(file, at + 28),
                      extra = number<std::uint16_t>(file, at + 30),
                      comment = number<std::uint16_t>(file, at + 32);
  ZipMember member{.name = text(file, at + 46, size), .crc = number<std::uint32_t>(file, at + 16)};
  text(file, at + 46 + size, extra + comment);
  const Entry entry(file, at, file.subspan(at + 46 + size, extra));
  const std::string name = json_string(member.name.substr(0, 200));
  member.stored = (number<std::uint16_t>(file, at + 8) & 1) == 0 &&
                  number<std::uint16_t>(file, at + 10) == 0 && entry.packed == entry.unpacked;
  require_signature(file, member.record = entry.record, 0x04034b50, "the record of member " + name);
  require(text(file, entry.record + 30, number<std::uint16_t>(file, entry.record + 26)) == member.name,
          "member ", name, " has another name where it lies");
  const std::uint64_t begin = entry.record + 30 + size + number<std::uint16_t>(file, entry.record + 28);
  require(begin <= d.begin && entry.packed <= d.begin - begin, "member ", name, " claims ", entry.packed,
          " bytes from ", begin, ", but must end before the list of members at ", d.begin);
  member.bytes = file.subspan(begin, entry.packed);
  at += 46 + size + extra + comment;
  return member;
}

}  // namespace detail::zip

/// The members of a zip archive, by name, as views of its memory. Zip64 is understood; what overlaps or is
/// there twice is refused.
inline std::vector<ZipMember> parse_zip(Span<const std::uint8_t> file) {
  const detail::zip::Directory directory = detail::zip::find_directory(file);
  std::vector<ZipMember> members;
  members.reserve(directory.count);
  std::uint64_t at = directory.begin;
  for (std::uint64_t i = 0; i < directory.count; ++i)
    members.push_back(detail::zip::read_member(file, directory, at));
  std::sort(members.begin(), members.end(),
            [](const ZipMember& a, const ZipMember& b) { return a.record < b.record; });
  for (std::size_t i = 1; i < members.size(); ++i) {
    const ZipMember& before = members[i - 1];
    require(before.bytes.data() + before.bytes.size() <= file.data() + members[i].record, "members ",
            json_string(before.name), " and ", json_string(members[i].name), " overlap");
  }
  std::sort(members.begin(), members.end(),
            [](const ZipMember& a, const ZipMember& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < members.size(); ++i)
    require(members[i - 1].name != members[i].name, "two members are named ", json_string(members[i].name));
  return members;
}

}  // namespace pretext
