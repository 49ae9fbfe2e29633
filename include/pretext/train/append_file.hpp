// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "pretext/core/file.hpp"

namespace pretext::train {

/// A file that only grows, one call of the system a line or record: after a kill it holds whole ones and at
/// most one torn one at its end.
class AppendFile {
 public:
  /// Opens or makes the file; what lies behind the first `keep` bytes is cut off.
  AppendFile(const std::filesystem::path& path, std::int64_t keep) : AppendFile(path) {
    if (size_ <= keep) return;
    require_call(::ftruncate(file_, static_cast<off_t>(keep)) == 0, name_, "cannot be cut");
    size_ = keep;
  }

  /// Opens or makes the file and keeps all of it.
  explicit AppendFile(const std::filesystem::path& path)
      : name_(path.native()), file_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    require_call(file_ >= 0, name_, "cannot be opened");
    size_ = static_cast<std::int64_t>(::lseek(file_, 0, SEEK_END));
  }

  ~AppendFile() {
    if (file_ >= 0) ::close(file_);
  }

  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// Appends the text and a line end.
  void line(std::string_view text) {
    std::string bytes(text);
    append(bytes += '\n');
  }

  void append(std::string_view bytes) {
    for (std::string_view rest = bytes; !rest.empty();) {
      const ssize_t written = ::write(file_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      require_call(written > 0, name_, "cannot be written");
      rest.remove_prefix(static_cast<std::size_t>(written));
      size_ += written;
    }
  }

  /// Bytes so far.
  std::int64_t size() const { return size_; }

  /// Brings what was written to the disk.
  void sync() { require_call(::fdatasync(file_) == 0, name_, "cannot be synced"); }

 private:
  std::string name_;
  int file_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace pretext::train
