// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pretext/data/decode.hpp"
#include "pretext/data/gunzip.hpp"
#include "pretext/data/tar.hpp"

namespace pretext::data {

struct ImageTarOptions {
  std::string prefix = {};  // the folder of the archive to read, such as "train"; empty: all of it
  ReadOptions read = {};
  GunzipLimits gunzip = {};
  std::vector<std::string> classes = {};  // the class list to use; empty: the folders found, sorted
};

namespace detail {

/// Names of the form folder/.../file without their first `depth` folders, where they lie in `prefix` after
/// those.
inline bool drop_folders(std::string_view& name, std::size_t depth, std::string_view prefix) {
  for (; depth > 0; --depth) name.remove_prefix(name.find('/') + 1);
  if (prefix.empty()) return true;
  if (!name.starts_with(prefix) || name.size() <= prefix.size() || name[prefix.size()] != '/') return false;
  name.remove_prefix(prefix.size() + 1);
  return true;
}

/// How many leading folders all of the names share.
inline std::size_t shared_folders(const std::vector<TarEntry>& entries) {
  if (entries.empty()) return 0;
  // The names are sorted, so what the first and the last share, all share.
  const std::string &first = entries.front().name, &last = entries.back().name;
  const auto differs = std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first;
  return static_cast<std::size_t>(std::count(first.begin(), differs, '/'));
}

}  // namespace detail

/// The pictures of a .tar or .tar.gz file, read in place: a .tar is mapped, a .tar.gz is unpacked into
/// memory, and no file is ever written. Leading folders that all pictures share do not count.
class ImageTar {
 public:
  explicit ImageTar(const std::filesystem::path& path, const GunzipLimits& limits = {})
      : name_(path.native()), file_(path, limits), entries_(read_tar(file_.bytes(), name_)) {
    std::erase_if(entries_, [](const TarEntry& entry) { return !detail::is_picture_name(entry.name); });
    for (auto& entry : entries_)
      if (entry.name.starts_with("./")) entry.name.erase(0, 2);
    sort_entries();
  }

  /// True when there are pictures in the folder `prefix`.
  bool has(std::string_view prefix) const { return !find(prefix).first.empty(); }

  /// True when all pictures are in the folder `prefix`.
  bool holds_all(std::string_view prefix) const { return find(prefix).first.size() == entries_.size(); }

  /// The classes of the pictures in the folder `prefix`.
  std::vector<std::string> classes(std::string_view prefix) const {
    return detail::classes_of(find(prefix).first);
  }

  /// The pictures in the folder options.prefix, sorted by name and labelled by their last folder.
  Dataset read(const ImageTarOptions& options = {}) const {
    const std::string set = options.prefix.empty() ? name_ : name_ + ":" + options.prefix;
    auto [names, entries] = find(options.prefix);
    const auto decode = [&, &from = entries](std::int64_t i) {
      const TarEntry& entry = *from[static_cast<std::size_t>(i)];
      return decode_image(entry.content, entry.name, options.read.limits);
    };
    auto listing = detail::label_by_folder(set, std::move(names), options.classes);
    return detail::PictureReader(set, std::move(listing), options.read, decode).read();
  }

 private:
  using Found = std::pair<std::vector<std::string>, std::vector<const TarEntry*>>;

  // Of members with one name the last counts: that is how tar replaces a file.
  void sort_entries() {
    std::sort(entries_.begin(), entries_.end(), [](const TarEntry& a, const TarEntry& b) {
      const int order = a.name.compare(b.name);
      return order != 0 ? order < 0 : b.content.data() < a.content.data();
    });
    const auto same = [](const TarEntry& a, const TarEntry& b) { return a.name == b.name; };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  }

  // The shallowest place where the prefix occurs counts, and it must lie beneath shared folders only: a
  // folder "train" deep within a class is not what is meant.
  Found find(std::string_view prefix) const {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    const std::size_t shared = detail::shared_folders(entries_);
    Found found;
    for (std::size_t depth = prefix.empty() ? shared : 0; depth <= shared && found.first.empty(); ++depth) {
      for (const TarEntry& entry : entries_) {
        std::string_view name = entry.name;
        if (!detail::drop_folders(name, depth, prefix)) continue;
        found.first.emplace_back(name);
        found.second.push_back(&entry);
      }
    }
    return found;
  }

  std::string name_;
  PlainFile file_;
  std::vector<TarEntry> entries_;
};

/// The pictures of a .tar or .tar.gz file such as `<prefix>/<class>/<name>.jpg`, labelled by their folder.
inline Dataset image_tar(const std::filesystem::path& path, const ImageTarOptions& options = {}) {
  return ImageTar(path, options.gunzip).read(options);
}

}  // namespace pretext::data
