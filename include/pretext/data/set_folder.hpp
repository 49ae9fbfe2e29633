// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pretext/core/error.hpp"
#include "pretext/core/file.hpp"

// What the folders of published data sets have in common: files of fixed names, and one of class names.
namespace pretext::data::detail {

/// The file of this name in the folder of a data set; throws where it is missing.
inline std::filesystem::path file_of(const std::filesystem::path& folder, std::string_view name,
                                     std::string_view set) {
  require(std::filesystem::exists(folder / name), folder.native(), ": ", name, " is missing from this ", set,
          " folder");
  return folder / name;
}

/// The parts of a text that are not empty, without the carriage returns of another system.
inline std::vector<std::string> split_names(std::string_view text, char separator) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view name = line.substr(0, line.find('\r'));
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

/// The lines of a file of class names.
inline std::vector<std::string> names_in(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  const auto bytes = mapped.bytes();
  require(bytes.size() <= 64 * 1024, file.native(), ": has ", bytes.size(),
          " bytes, too many for class names");
  return split_names({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, '\n');
}

/// The class names in the file where there is one, as many as in the official set; otherwise the names of
/// that.
inline std::vector<std::string> class_names(const std::filesystem::path& file, std::string_view official) {
  const std::vector<std::string> expected = split_names(official, ' ');
  if (!std::filesystem::exists(file)) return expected;
  std::vector<std::string> found = names_in(file);
  require(found.size() == expected.size(), file.native(), ": has ", found.size(), " class names, not ",
          expected.size());
  return found;
}

}  // namespace pretext::data::detail
