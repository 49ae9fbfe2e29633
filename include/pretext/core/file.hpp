// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "pretext/core/error.hpp"
#include "pretext/core/span.hpp"

namespace pretext {

/// Throws, with the reason that the system left in errno, where a call of it did not succeed; `name` is the
/// file that it was about.
inline void require_call(bool succeeded, std::string_view name, std::string_view failure) {
  const int reason = errno;
  require(succeeded, name, ": ", failure, ": ", std::strerror(reason));
}

/// A whole file as read-only memory, brought in page by page as it is touched. Throws where the file cannot
/// be read or is not a regular file. The file must keep its size while it is mapped.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    require_call(file >= 0, path.native(), "cannot be opened");
    struct stat about {};
    const bool regular = ::fstat(file, &about) == 0 && S_ISREG(about.st_mode);
    size_ = regular ? static_cast<std::size_t>(about.st_size) : 0;
    void* memory = size_ == 0 ? nullptr : ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    const int reason = errno;
    ::close(file);
    require(regular, path.native(), ": is not a regular file");
    require(memory != MAP_FAILED, path.native(), ": cannot be mapped: ", std::strerror(reason));
    data_ = static_cast<const std::uint8_t*>(memory);
  }

  ~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
  }

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  Span<const std::uint8_t> bytes() const { return {data_, size_}; }

  /// Gives back the memory of all pages touched so far; one that is touched again is brought in again.
  void release() const {
    if (data_ != nullptr) ::madvise(const_cast<std::uint8_t*>(data_), size_, MADV_DONTNEED);
  }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A file that appears under its name only once it is whole: written beside it, synced, renamed, the folder
/// synced. Destroyed before commit(), it leaves nothing behind.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path)
      : path_(std::move(path)),
        temporary_(path_.native() + std::string(infix_) + std::to_string(::getpid())) {
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    require_call(file_ >= 0, path_.native(), "cannot be created");
  }

  ~AtomicFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(temporary_.c_str());
  }

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// True for the file name of what an AtomicFile called `name` leaves behind where its process is killed.
  static bool is_torn(std::string_view file, std::string_view name) {
    if (!file.starts_with(name)) return false;
    file.remove_prefix(name.size());
    if (!file.starts_with(infix_)) return false;
    file.remove_prefix(infix_.size());
    return !file.empty() && file.find_first_not_of("0123456789") == std::string_view::npos;
  }

  /// Writes the bytes at the offset, all of them.
  void write(std::uint64_t offset, Span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      require_call(written > 0, path_.native(), "cannot be written");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
  }

  /// Makes the file appear under its name, in place of an older one.
  void commit() {
    require_call(::fsync(file_) == 0, path_.native(), "cannot be synced");
    require_call(::rename(temporary_.c_str(), path_.c_str()) == 0, path_.native(),
                 "cannot be renamed into place");
    ::close(std::exchange(file_, -1));
    sync_folder();
  }

 private:
  static constexpr std::string_view infix_ = ".part-";  // between the name and the number of the process

  // A renamed file survives a power cut only once its folder is on the disk too.
  void sync_folder() const {
    const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    require_call(handle >= 0, folder.native(), "cannot be opened");
    const int result = ::fsync(handle);
    const int reason = errno;
    ::close(handle);
    // Some file systems have no way to sync a folder and say so; their renames are as durable as they get.
    require(result == 0 || reason == EINVAL, folder.native(), ": cannot be synced: ", std::strerror(reason));
  }

  std::filesystem::path path_;
  std::string temporary_;
  int file_ = -1;
};

/// Writes a text that appears under its name whole or not at all.
inline void write_text(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(0, bytes_of(text));
  file.commit();
}

}  // namespace pretext
