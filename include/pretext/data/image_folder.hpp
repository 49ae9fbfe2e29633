// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "pretext/data/decode.hpp"

namespace pretext::data {

struct ImageFolderOptions {
  ReadOptions read = {};
  std::vector<std::string> classes = {};  // the class list to use; empty: the folders found, sorted
};

struct FlatFolderOptions {
  ReadOptions read = {};
  bool recursive = false;  // also pictures in folders below, at any depth
};

namespace detail {

/// The sorted names, relative to the root, of the pictures in a folder. Links to files are followed, links to
/// folders are not; hidden files and folders are passed over.
inline std::vector<std::string> picture_names(const std::filesystem::path& root, bool recursive) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> names;
  fs::recursive_directory_iterator at(root, error);
  require(!error, root.native(), ": cannot be read as a folder: ", error.message());
  for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
    const bool hidden = at->path().filename().string().starts_with('.');
    if (at->is_directory(error) && (hidden || !recursive)) at.disable_recursion_pending();
    std::string name = at->path().lexically_relative(root).generic_string();
    if (is_picture_name(name) && at->is_regular_file(error)) names.push_back(std::move(name));
  }
  require(!error, root.native(), ": cannot be listed: ", error.message());
  std::sort(names.begin(), names.end());
  return names;
}

inline Dataset read_folder(const std::filesystem::path& root, Listing listing, const ReadOptions& options) {
  const std::vector<std::string> names = listing.names;
  const auto decode = [&](std::int64_t i) {
    return read_image(root / names[static_cast<std::size_t>(i)], options.limits);
  };
  return PictureReader(root.native(), std::move(listing), options, decode).read();
}

}  // namespace detail

/// The pictures of root/<class>/*, labelled; classes are the sorted names of the folders that hold pictures,
/// and deeper folders count by their own name. A picture directly in the root has no label.
inline Dataset image_folder(const std::filesystem::path& root, const ImageFolderOptions& options = {}) {
  auto listing = detail::label_by_folder(root.native(), detail::picture_names(root, true), options.classes);
  require(!listing.classes.empty() || listing.names.empty(), root.native(),
          ": its pictures lie in no class folders; read it as a flat folder, without labels");
  return detail::read_folder(root, std::move(listing), options.read);
}

/// The pictures of a folder, without labels, sorted by name.
inline Dataset flat_folder(const std::filesystem::path& root, const FlatFolderOptions& options = {}) {
  detail::Listing listing;
  listing.names = detail::picture_names(root, options.recursive);
  listing.labels.assign(listing.names.size(), -1);
  return detail::read_folder(root, std::move(listing), options.read);
}

}  // namespace pretext::data
