// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

// Pickles and zip archives, right and wrong ones, as torch.save writes the right ones.
namespace test::pth {

using namespace std::string_literals;

/// The bytes of a number, lowest first.
template <class T>
std::string number(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

struct Member {
  std::string name, bytes;
  std::uint16_t method = 0, flags = 0;  // as the list of members says
  std::string local_name{};             // where another one stands there
  std::uint64_t claimed = 0;            // more bytes than there are
  std::uint32_t crc_error = 0;
};

struct ZipForm {
  bool zip64 = false;  // sizes and places in 64 bits
  bool sums = true;    // false: no checksums
  std::string comment{};
};

inline std::string zip(const std::vector<Member>& members, const ZipForm& form = {}) {
  std::string file, list;
  for (const Member& m : members) {
    const auto* bytes = reinterpret_cast<const Bytef*>(m.bytes.data());
    const auto crc =
        !form.sums
            ? 0U
            : static_cast<std::uint32_t>(crc32(0, bytes, static_cast<uInt>(m.bytes.size()))) + m.crc_error;
    const std::uint64_t size = m.bytes.size() + m.claimed, at = file.size();
    const std::string padding((64 - (file.size() + 30 + m.name.size() + 4) % 64) % 64, 'Z');
    const auto narrow = [&](std::uint64_t value) {
      return form.zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(value);
    };
    const std::string local = m.local_name.empty() ? m.name : m.local_name;
    file += "PK\3\4"s + number<std::uint16_t>(20) + number(m.flags) + number(m.method) +
            number<std::uint32_t>(0) + number(crc) + number(narrow(size)) + number(narrow(size)) +
            number(static_cast<std::uint16_t>(local.size())) +
            number(static_cast<std::uint16_t>(padding.size() + 4)) + local + "FB" +
            number(static_cast<std::uint16_t>(padding.size())) + padding + m.bytes;
    const std::string wide = form.zip64 ? "\1\0\x18\0"s + number(size) + number(size) + number(at) : ""s;
    list += "PK\1\2"s + number<std::uint16_t>(20) + number<std::uint16_t>(20) + number(m.flags) +
            number(m.method) + number<std::uint32_t>(0) + number(crc) + number(narrow(size)) +
            number(narrow(size)) + number(static_cast<std::uint16_t>(m.name.size())) +
            number(static_cast<std::uint16_t>(wide.size())) + number<std::uint16_t>(0) +
            std::string(8, '\0') + number(narrow(at)) + m.name + wide;
  }
  const std::uint64_t begin = file.size(), count = members.size();
  file += list;
  if (form.zip64) {
    const std::uint64_t end = file.size();
    file += "PK\6\6"s + number<std::uint64_t>(44) + std::string(12, '\0') + number(count) + number(count) +
            number<std::uint64_t>(list.size()) + number(begin) + "PK\6\7" + number<std::uint32_t>(0) +
            number(end) + number<std::uint32_t>(1);
  }
  const auto narrow = [&](std::uint64_t value) {
    return form.zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(value);
  };
  const auto short_count = form.zip64 ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(count);
  return file + "PK\5\6"s + number<std::uint32_t>(0) + number(short_count) + number(short_count) +
         number(narrow(list.size())) + number(narrow(begin)) +
         number(static_cast<std::uint16_t>(form.comment.size())) + form.comment;
}

// Parts of pickles: each leaves one value on the stack.
inline std::string text(const std::string& value) {
  return "X" + number(static_cast<std::uint32_t>(value.size())) + value;
}
inline std::string integer(std::int64_t value) {
  if (value == static_cast<std::int32_t>(value)) return "J" + number(static_cast<std::int32_t>(value));
  return "\x8A\x08" + number(value);
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string joined(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& value : values) all += value;
  return all;
}
inline std::string tuple(const std::vector<std::string>& values) { return "(" + joined(values) + "t"; }
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> parts;
  for (const std::int64_t value : values) parts.push_back(integer(value));
  return tuple(parts);
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string all = "}(";
  for (const auto& [key, value] : entries) all += text(key) + value;
  return all + "u";
}
/// A pickle of one value.
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

/// A tensor, by its storage and how it lies there.
struct TensorForm {
  std::string key = "0";
  std::int64_t elements = 6;
  std::vector<std::int64_t> shape{2, 3}, strides{3, 1};
  std::int64_t offset = 0;
  std::string type = "FloatStorage";
};

inline std::string tensor(const TensorForm& f) {
  const std::string storage =
      tuple({text("storage"), global("torch", f.type), text(f.key), text("cpu"), integer(f.elements)}) + "Q";
  const std::string hooks = global("collections", "OrderedDict") + ")R";
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage, integer(f.offset), integers(f.shape), integers(f.strides), "\x89", hooks}) + "R";
}

/// The bytes of values.
template <class T>
std::string values(const std::vector<T>& list) {
  return {reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T)};
}

/// A whole file: a pickle and the storages "0", "1", ...
inline std::string file(const std::string& value, const std::vector<std::string>& storages = {},
                        const ZipForm& form = {}) {
  std::vector<Member> members{{"archive/data.pkl", pickle(value)}, {"archive/byteorder", "little"}};
  for (std::size_t i = 0; i < storages.size(); ++i)
    members.push_back({"archive/data/" + std::to_string(i), storages[i]});
  return zip(members, form);
}

}  // namespace test::pth
