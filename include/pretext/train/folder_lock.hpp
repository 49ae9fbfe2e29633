// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "pretext/core/file.hpp"

namespace pretext::train {

/// Keeps a folder for one process, by a file `lock` in it. The lock belongs to the open file, so that the
/// system lets go of it however the process ends.
class FolderLock {
 public:
  /// Throws where another process holds the folder, and says which.
  explicit FolderLock(const std::filesystem::path& folder) {
    const std::string name = (folder / "lock").string();
    file_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    require_call(file_ >= 0, name, "cannot be opened");
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) {
      write_owner();
      return;
    }
    char owner[32] = {};
    const bool known = ::read(file_, owner, sizeof owner - 1) > 0;
    ::close(file_);
    fail(folder.native(), ": another process", known ? std::string(" (") + owner + ")" : std::string(),
         " is working in this folder; wait for it, stop it, or give another name");
  }
  ~FolderLock() { ::close(file_); }

  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  void write_owner() const {
    const std::string owner = std::to_string(::getpid());
    // Who holds the lock is a courtesy to the reader of an error; the lock itself needs no content.
    if (::ftruncate(file_, 0) == 0) [[maybe_unused]]
      const ssize_t written = ::pwrite(file_, owner.data(), owner.size(), 0);
  }

  int file_ = -1;
};

}  // namespace pretext::train
