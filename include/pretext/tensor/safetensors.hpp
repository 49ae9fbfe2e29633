// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/core/config.hpp"
#include "pretext/core/file.hpp"
#include "pretext/core/hash.hpp"
#include "pretext/core/json_reader.hpp"
#include "pretext/tensor/named_tensor.hpp"

namespace pretext {

/// What a safetensors file holds: tensors in the order of its header, and texts by name.
///
/// Files written here begin their metadata with "checksum", a hash of every other byte of the file, and
/// "producer". Such a file is read only where the checksum is right; other files need none.
struct TensorFile {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
};

namespace detail::safetensors {

using Bytes = Span<const std::uint8_t>;

inline constexpr std::uint64_t max_header = 100'000'000;
inline constexpr std::string_view opening = "{\"__metadata__\":{\"checksum\":\"";
inline constexpr std::size_t checksum_digits = 16;

inline constexpr std::pair<std::string_view, Dtype> type_names[] = {
    {"F64", Dtype::f64}, {"F32", Dtype::f32}, {"BF16", Dtype::bf16}, {"I64", Dtype::i64},
    {"I32", Dtype::i32}, {"U8", Dtype::u8},   {"F16", Dtype::f16}};

struct Entry {
  NamedTensor tensor;  // without its data
  std::int64_t begin = -1, end = -1;
};

/// The hash of a header, but for the digits of the checksum itself, and of the tensors' bytes in the order in
/// which they lie.
template <class Tensors>
std::string checksum(std::string_view header, const Tensors& bytes_in_order) {
  Hash hash;
  hash.bytes(bytes_of(header.substr(opening.size() + checksum_digits)));
  for (const Bytes bytes : bytes_in_order) hash.bytes(bytes);
  char digits[checksum_digits + 1];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash.value()));
  return digits;
}

inline Entry parse_entry(JsonReader& in, const std::string& name) {
  Entry entry;
  entry.tensor.name = name;
  std::string type;
  std::vector<std::int64_t> shape, offsets;
  int members = 0;
  in.object([&](const std::string& key) {
    ++members;
    if (key == "dtype") {
      type = in.string();
    } else if (key == "shape" || key == "data_offsets") {
      in.array([&] { (key == "shape" ? shape : offsets).push_back(in.integer()); });
    } else {
      in.refuse("a tensor has dtype, shape and data_offsets, but no " + json_string(key));
    }
  });
  if (members != 3 || offsets.size() != 2)
    in.refuse("tensor " + json_string(name) + " needs a dtype, a shape and two data_offsets");
  const auto known = std::find_if(std::begin(type_names), std::end(type_names),
                                  [&](const auto& t) { return t.first == type; });
  if (known == std::end(type_names))
    in.refuse("tensor " + json_string(name) + " has the type " + json_string(type) +
              "; F64, F32, BF16, F16, I64, I32 and U8 can be read");
  entry.tensor.dtype = known->second;
  entry.tensor.shape = Shape(shape);
  entry.begin = offsets[0];
  entry.end = offsets[1];
  return entry;
}

inline std::vector<Entry> parse_header(std::string_view header, const std::string& source,
                                       std::map<std::string, std::string>& metadata) {
  std::vector<Entry> entries;
  JsonReader in(header, source, 4);
  in.object([&](const std::string& name) {
    if (name == "__metadata__")
      in.object([&](const std::string& key) { metadata[key] = in.string(); });
    else
      entries.push_back(parse_entry(in, name));
  });
  in.finish();
  return entries;
}

/// The entries in the order in which their bytes lie; together they must fill the data without gap or
/// overlap.
inline std::vector<Entry*> in_data_order(std::vector<Entry>& entries, std::int64_t data_size) {
  std::vector<Entry*> order;
  for (Entry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    if (a->begin != b->begin) return a->begin < b->begin;
    return a->end != b->end ? a->end < b->end : a < b;
  });
  std::int64_t at = 0;
  for (const Entry* e : order) {
    const NamedTensor& t = e->tensor;
    require(e->begin == at && e->end >= at && e->end <= data_size, "tensor ", json_string(t.name),
            " has the data offsets ", e->begin, " and ", e->end, ", but ", at, " to at most ", data_size,
            " was expected: tensors must fill the file without gap or overlap");
    const std::int64_t bytes = checked_mul(t.shape.size(), size_of(t.dtype), "bytes");
    require(bytes == e->end - e->begin, "tensor ", json_string(t.name), " of shape ", t.shape, " has ", bytes,
            " bytes, but its data offsets hold ", e->end - e->begin);
    at = e->end;
  }
  require(at == data_size, "the tensors end after ", at, " of ", data_size, " bytes of data");
  return order;
}

inline void verify(std::string_view header, const std::map<std::string, std::string>& metadata,
                   const std::vector<Bytes>& data) {
  const auto stated = metadata.find("checksum");
  require(stated != metadata.end() || !metadata.contains("producer"), "its checksum is missing");
  if (stated == metadata.end()) return;
  require(header.starts_with(opening) && stated->second.size() == checksum_digits &&
              header.substr(opening.size(), checksum_digits) == stated->second,
          "its checksum is not where it belongs");
  const std::string found = checksum(header, data);
  require(found == stated->second, "its bytes have the checksum ", found, ", but ", stated->second,
          " is written in it: the file is damaged");
}

inline TensorFile parse(Bytes file, const std::string& source) {
  require(file.size() >= 8, "it has ", file.size(), " bytes, too few for a safetensors file");
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  require(length <= max_header && length <= file.size() - 8, "its header claims ", length, " bytes; at most ",
          std::min<std::uint64_t>(max_header, file.size() - 8), " are possible");
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + 8, length);
  const Bytes data = file.subspan(8 + length);

  TensorFile result;
  std::vector<Entry> entries = parse_header(header, source, result.metadata);
  std::vector<Bytes> pieces;
  const auto piece = [&](const Entry& e) {
    return data.subspan(static_cast<std::size_t>(e.begin), static_cast<std::size_t>(e.end - e.begin));
  };
  for (const Entry* e : in_data_order(entries, static_cast<std::int64_t>(data.size())))
    pieces.push_back(piece(*e));
  verify(header, result.metadata, pieces);
  for (Entry& e : entries) {
    const auto* bytes = reinterpret_cast<const std::byte*>(piece(e).data());
    e.tensor.data.assign(bytes, bytes + (e.end - e.begin));
    result.tensors.push_back(std::move(e.tensor));
  }
  return result;
}

/// The header of a file whose tensors lie in the order given, with zeros for its checksum.
inline std::string header_of(const TensorFile& file, const std::vector<const NamedTensor*>& order) {
  JsonObject metadata;
  metadata.add("checksum", std::string(checksum_digits, '0'));
  metadata.add("producer", "pretext " PRETEXT_VERSION);
  for (const auto& [key, value] : file.metadata)
    if (key != "checksum" && key != "producer") metadata.add(key, value);
  std::vector<std::int64_t> begins(file.tensors.size());
  std::int64_t at = 0;
  for (const NamedTensor* t : order)
    begins[t - file.tensors.data()] = std::exchange(at, at + std::ssize(t->data));

  std::string text = "{\"__metadata__\":" + metadata.text();
  for (const NamedTensor& t : file.tensors) {
    const auto type = std::find_if(std::begin(type_names), std::end(type_names),
                                   [&](const auto& n) { return n.second == t.dtype; });
    text.append(",").append(json_string(t.name)).append(":{\"dtype\":\"").append(type->first);
    text += "\",\"shape\":[";
    for (int i = 0; i < t.shape.rank(); ++i)
      text.append(i != 0 ? "," : "").append(std::to_string(t.shape[i]));
    const std::int64_t begin = begins[&t - file.tensors.data()];
    text += "],\"data_offsets\":[" + std::to_string(begin) + "," +
            std::to_string(begin + std::ssize(t.data)) + "]}";
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

inline void check_writable(const TensorFile& file, const std::string& path) {
  std::set<std::string_view> names{"__metadata__"};
  for (const NamedTensor& t : file.tensors) {
    require(names.insert(t.name).second, path, ": two tensors would be named '", t.name, "'");
    require(t.shape.size() * size_of(t.dtype) == std::ssize(t.data), path, ": tensor '", t.name, "' has ",
            t.data.size(), " bytes, but shape ", t.shape, " of ", name_of(t.dtype));
  }
}

}  // namespace detail::safetensors

/// Reads the bytes of a safetensors file, checking all that can be checked; `source` is what errors call it.
/// Takes no more memory than a small multiple of the bytes.
inline TensorFile parse_safetensors(Span<const std::uint8_t> bytes, const std::string& source) {
  try {
    return detail::safetensors::parse(bytes, "its header");
  } catch (const Error& error) {
    fail(source, ": not a safetensors file that can be read: ", error.what());
  }
}

inline TensorFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(MappedFile(path).bytes(), path.native());
}

/// Writes everything but the commit(). Wide elements lie first, so that each tensor is aligned to its type.
inline void write_safetensors(AtomicFile& out, const TensorFile& file, const std::string& path) {
  namespace st = detail::safetensors;
  st::check_writable(file, path);
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& t : file.tensors) order.push_back(&t);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    return size_of(a->dtype) != size_of(b->dtype) ? size_of(a->dtype) > size_of(b->dtype) : a < b;
  });
  std::vector<st::Bytes> data;
  for (const NamedTensor* t : order) data.push_back(bytes_of(t->data.data(), t->data.size()));
  std::string header = st::header_of(file, order);
  require(header.size() <= st::max_header, path, ": a header of ", header.size(), " bytes is too large");
  header.replace(st::opening.size(), st::checksum_digits, st::checksum(header, data));

  const std::uint64_t length = header.size();
  out.write(0, bytes_of(&length, 1));
  out.write(8, bytes_of(header));
  std::uint64_t at = 8 + length;
  for (const st::Bytes bytes : data) out.write(std::exchange(at, at + bytes.size()), bytes);
}

/// Writes a file that appears under its name whole or not at all.
inline void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  AtomicFile out(path);
  write_safetensors(out, file, path.native());
  out.commit();
}

}  // namespace pretext
