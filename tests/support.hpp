// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace test {

/// A fresh folder under the system's temporary folder; removed with all that is in it.
class TempDir {
 public:
  TempDir() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() /
            ("pretext-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Reports that a test case could not run here and why. The runner counts these lines.
inline void skip(const std::string& reason) {
  const auto* current = doctest::getContextOptions()->currentTest;
  std::printf("SKIPPED %s: %s\n", current != nullptr ? current->m_name : "?", reason.c_str());
}

/// The folder of real pictures named by PRETEXT_DATA, or ../shared/data beside the checkout; nothing where it
/// is absent.
inline std::optional<std::filesystem::path> real_data(const std::string& file) {
  const char* named = std::getenv("PRETEXT_DATA");
  const std::filesystem::path root = named != nullptr
                                         ? std::filesystem::path(named)
                                         : std::filesystem::path(PRETEXT_SOURCE_DIR) / "../shared/data";
  if (std::filesystem::exists(root / file)) return root / file;
  return std::nullopt;
}

inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace test
