// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/tensor/pickle.hpp"
#include "pretext/tensor/safetensors.hpp"
#include "pretext/tensor/strided_view.hpp"
#include "pretext/tensor/zip.hpp"

namespace pretext {

/// Which of the tensors of a file are meant.
struct ReadOptions {
  /// The keys, with '/' between them, that lead to the state dict in a .pth file: "state_dict", "ema/model".
  /// Empty: the only dict with tensors that there is. A safetensors file has none and takes no keys.
  std::string dict;
};

namespace detail::pth {

using pickle::Kind;
using pickle::Value;

/// Lines of an error, as many as a reader can take in.
struct List {
  std::string text;
  std::size_t count = 0;

  void add(auto&& line) {
    if (++count <= 20) text += "\n  " + line();
    if (count == 21) text += "\n  ...";
  }
};

/// A key as errors show it.
inline std::string shown(std::string_view key) { return json_string(key.substr(0, 200)); }

/// The archive that torch.save writes: FOLDER/data.pkl, and the memory of tensors in FOLDER/data/KEY.
class Archive {
 public:
  explicit Archive(Span<const std::uint8_t> file) : members_(parse_zip(file)), size_(file.size()) {
    for (const ZipMember& member : members_)
      if (member.name.ends_with("/data.pkl") && member.name.find('/') == member.name.size() - 9) {
        require(folder_.empty(), "it has two objects, in ", shown(folder_), " and ", shown(member.name));
        folder_ = member.name.substr(0, member.name.size() - 8);
      }
    require(!folder_.empty(), "it is a zip archive without a data.pkl: not what torch.save writes");
    require(member("constants.pkl") == nullptr,
            "it is a TorchScript program; save its weights alone: torch.save(model.state_dict(), file)");
    if (const ZipMember* order = find("byteorder"); order != nullptr)
      require(text_of(*order) == "little", "its numbers have the byte order ", shown(text_of(*order)),
              "; little can be read");
  }

  std::size_t size() const { return size_; }

  /// A member that may be read, whose checksum is compared the first time; null: there is none.
  const ZipMember* find(const std::string& name) {
    ZipMember* found = member(name);
    if (found == nullptr) return nullptr;
    found->verify();
    found->crc = 0;
    return found;
  }

 private:
  ZipMember* member(const std::string& name) {
    const std::string whole = std::string(folder_) + name;
    const auto found = std::lower_bound(members_.begin(), members_.end(), whole,
                                        [](const ZipMember& m, std::string_view n) { return m.name < n; });
    return found != members_.end() && found->name == whole ? &*found : nullptr;
  }
  static std::string_view text_of(const ZipMember& member) {
    return {reinterpret_cast<const char*>(member.bytes.data()), member.bytes.size()};
  }

  std::vector<ZipMember> members_;
  std::string_view folder_;
  std::size_t size_;
};

/// A dict that holds tensors, and the keys that lead to it.
struct Found {
  Value dict;
  std::string_view key;
  std::size_t from = 0;  // the place of the dict that holds it
  bool tensors = false;
};

/// All dicts that keys lead to, the nearest first; each once, however many keys lead there.
inline std::vector<Found> find_dicts(const pickle::Machine& machine, const Value& root) {
  std::vector<Found> found{{root, ""}};
  std::vector<bool> seen(machine.objects());
  seen[static_cast<std::size_t>(root.number)] = true;
  for (std::size_t at = 0; at < found.size(); ++at) {
    const std::vector<Value>& items = machine.items(found[at].dict);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const Value &key = items[i], &value = items[i + 1];
      if (key.kind != Kind::text) continue;
      found[at].tensors = found[at].tensors || value.kind == Kind::tensor;
      if (value.kind != Kind::dict || seen[static_cast<std::size_t>(value.number)]) continue;
      seen[static_cast<std::size_t>(value.number)] = true;
      found.push_back({value, key.view(), at});
    }
  }
  return found;
}

/// The keys to a dict, with '/' between them.
inline std::string path_of(const std::vector<Found>& found, std::size_t at) {
  std::string path;
  for (int depth = 0; at != 0 && depth < 8; at = found[at].from, ++depth)
    path = std::string(found[at].key.substr(0, 200)) + (path.empty() ? "" : "/") + path;
  return path;
}

/// The dict whose tensors are meant.
inline Value choose_dict(const pickle::Machine& machine, const Value& root, const ReadOptions& options) {
  require(root.kind == Kind::dict, "it holds no dict of tensors, but ",
          root.kind == Kind::tensor ? "a single tensor" : "something else");
  const std::vector<Found> found = find_dicts(machine, root);
  if (options.dict.empty() && found[0].tensors) return root;
  List paths;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].tensors) continue;
    if (!options.dict.empty() && path_of(found, i) == options.dict) return found[i].dict;
    chosen = i;
    paths.add([&] { return json_string(path_of(found, i)); });
  }
  require(paths.count > 0, "no dict in it holds tensors");
  require(options.dict.empty(), "no dict of tensors is at ", shown(options.dict), "; there are", paths.text);
  require(paths.count == 1, "it holds several dicts of tensors; say which is meant:", paths.text);
  return found[chosen].dict;
}

/// The tensors of one file, which together take at most four times its bytes.
class Reader {
 public:
  Reader(Archive& archive, const pickle::Machine& machine)
      : archive_(archive), machine_(machine), left_(static_cast<std::int64_t>(4 * archive.size())) {}

  std::vector<NamedTensor> read(const Value& dict) {
    std::vector<NamedTensor> tensors;
    std::set<std::string_view> names;
    List unreadable;
    const std::vector<Value>& items = machine_.items(dict);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      if (items[i].kind != Kind::text || items[i + 1].kind != Kind::tensor) continue;
      const std::string_view name = items[i].view();
      require(names.insert(name).second, "two tensors are named ", shown(name));
      const pickle::KnownGlobal& type = *storage_of(items[i + 1])[1].global();
      if (!type.readable)
        unreadable.add([&] { return shown(name) + " of " + std::string(type.element); });
      else
        tensors.push_back(read_tensor(name, items[i + 1], type.dtype));
    }
    require(unreadable.count == 0, "these tensors have a type that cannot be read:", unreadable.text);
    return tensors;
  }

 private:
  /// ('storage', type, key, location, elements) of a tensor.
  const std::vector<Value>& storage_of(const Value& tensor) const {
    return machine_.items(machine_.items(tensor)[0]);
  }

  /// The bytes behind a storage.
  Span<const std::uint8_t> memory(const std::vector<Value>& storage, Dtype dtype) {
    const std::string key(storage[2].view().substr(0, 200));
    const ZipMember* member = archive_.find("data/" + key);
    require(member != nullptr, "the storage ", shown(key), " is not in the archive");
    const std::int64_t bytes = checked_mul(storage[4].number, size_of(dtype), "bytes");
    require(bytes == std::ssize(member->bytes), "the storage ", shown(key), " holds ", member->bytes.size(),
            " bytes, but should hold ", bytes);
    return member->bytes;
  }

  std::vector<std::int64_t> integers(const Value& tuple) const {
    std::vector<std::int64_t> numbers;
    for (const Value& item : machine_.items(tuple)) {
      require(item.kind == Kind::integer, "sizes and strides must be whole numbers");
      numbers.push_back(item.number);
    }
    return numbers;
  }

  NamedTensor read_tensor(std::string_view name, const Value& value, Dtype dtype) {
    try {
      const std::vector<Value>& parts = machine_.items(value);
      const StridedView view{.shape = Shape(integers(parts[2])),
                             .strides = integers(parts[3]),
                             .offset = parts[1].number,
                             .item = size_of(dtype)};
      const auto from = memory(machine_.items(parts[0]), dtype);
      view.check(std::ssize(from) / view.item);
      const std::int64_t bytes = checked_mul(view.shape.size(), view.item, "bytes");
      charge(checked_add(bytes, std::ssize(name), "bytes"));
      NamedTensor tensor{std::string(name), dtype, view.shape,
                         std::vector<std::byte>(static_cast<std::size_t>(bytes))};
      if (bytes > 0) view.copy(from.data(), tensor.data.data());
      return tensor;
    } catch (const Error& error) {
      fail("tensor ", shown(name), ": ", error.what());
    }
  }

  void charge(std::int64_t bytes) {
    require(bytes <= left_, "with it all tensors take over four times the ", archive_.size(),
            " bytes of the file");
    left_ -= bytes;
  }

  Archive& archive_;
  const pickle::Machine& machine_;
  std::int64_t left_;
};

inline TensorFile parse(Span<const std::uint8_t> file, const ReadOptions& options) {
  constexpr std::uint8_t legacy[] = {0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20};
  require(file.size() < sizeof legacy || std::memcmp(file.data(), legacy, sizeof legacy) != 0,
          "it has the format that torch.save wrote before version 1.6; load and save it once with a newer "
          "PyTorch: torch.save(torch.load(file, weights_only=True), file)");
  Archive archive(file);
  const ZipMember* program = archive.find("data.pkl");
  pickle::Machine machine(program->bytes, 65536 + file.size() / 64);
  const Value root = machine.run();
  return {Reader(archive, machine).read(choose_dict(machine, root, options)), {}};
}

}  // namespace detail::pth

/// Reads the tensors of a state dict from the bytes of a .pth file, as torch.save writes it since
/// PyTorch 1.6; `source` is what errors call it. Nothing in the file is executed: what a state dict does not
/// need is refused by name. Entries that are no tensors are left out. Takes no more memory than a small
/// multiple of the bytes.
inline TensorFile parse_pth(Span<const std::uint8_t> bytes, const std::string& source,
                            const ReadOptions& options = {}) {
  try {
    return detail::pth::parse(bytes, options);
  } catch (const Error& error) {
    fail(source, ": not a .pth file that can be read: ", error.what());
  }
}

/// Reads the tensors of a file, which may be a safetensors or a .pth file: its first bytes say which.
inline TensorFile read_tensors(const std::filesystem::path& path, const ReadOptions& options = {}) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  const auto begins = [&](std::uint8_t a, std::uint8_t b) {
    return bytes.size() >= 2 && bytes[0] == a && bytes[1] == b;
  };
  // A safetensors file begins with the length of its header, which is followed by its brace.
  const bool safetensors = bytes.size() > 8 && bytes[8] == '{';
  if (!safetensors && (begins('P', 'K') || begins(0x80, 2))) return parse_pth(bytes, path.native(), options);
  require(safetensors, path.native(), ": is neither a safetensors nor a .pth file by its first bytes, of ",
          bytes.size());
  require(options.dict.empty(), path.native(), ": only a .pth file has dicts to choose from, but ",
          json_string(options.dict), " is asked for");
  return parse_safetensors(bytes, path.native());
}

}  // namespace pretext
