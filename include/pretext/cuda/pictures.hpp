// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/core/span.hpp"
#include "pretext/cuda/device.hpp"
#include "pretext/image/image.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::cuda {

namespace detail {

/// Sends pieces of host memory to the device one behind the other, many at a time.
class Sender {
 public:
  explicit Sender(std::uint8_t* to) : to_(to) {}

  void send(const std::uint8_t* from, std::int64_t bytes) {
    staged_.insert(staged_.end(), from, from + bytes);
    if (staged_.size() >= batch) flush();
  }
  /// Sends what is left.
  void flush() {
    Cuda::upload(to_, staged_.data(), staged_.size());
    to_ += staged_.size();
    staged_.clear();
  }

 private:
  static constexpr std::size_t batch = std::size_t{64} << 20;
  std::uint8_t* to_;
  std::vector<std::uint8_t> staged_;
};

}  // namespace detail

/// Pictures in device memory, one behind the other, and the table of where each lies.
class DevicePictures {
 public:
  DevicePictures() = default;

  /// Sends them there; throws an Error where there is no room, which says for how much. `of` is what errors
  /// call them.
  explicit DevicePictures(Span<const ImageView> pictures, std::string_view of = "pictures")
      : size_(static_cast<std::int64_t>(pictures.size())) {
    for (const ImageView& picture : pictures) bytes_ += picture.size();
    check_room(bytes_ + size_ * static_cast<std::int64_t>(sizeof(ImageView)), of);
    pixels_ = Tensor<std::uint8_t, Cuda>({bytes_});
    std::vector<ImageView> table(pictures.begin(), pictures.end());
    detail::Sender pixels(pixels_.data());
    const std::uint8_t* at = pixels_.data();
    for (ImageView& picture : table) {
      pixels.send(picture.pixels, picture.size());
      picture.pixels = at;
      at += picture.size();
    }
    pixels.flush();
    table_ = Tensor<ImageView, Cuda>::from({size_}, table);
  }

  std::int64_t size() const { return size_; }
  /// Of the pixels.
  std::int64_t bytes() const { return bytes_; }
  /// [size()] in device memory, and so are the pixels that it points to.
  const ImageView* table() const { return table_.data(); }

 private:
  static void check_room(std::int64_t bytes, std::string_view of) {
    std::size_t free = 0, total = 0;
    stream();
    const auto look = [&] { check(cudaMemGetInfo(&free, &total), "asking for free memory"); };
    look();
    const auto needed = static_cast<std::size_t>(bytes);
    if (needed > free) {
      allocator<Cuda>().trim();
      look();
    }
    require(needed <= free, "cuda: ", of, " have ", needed, " bytes, of ", total, " bytes of the GPU ", free,
            " are free. Take fewer or smaller pictures, or draw batches on the host");
  }

  std::int64_t size_ = 0, bytes_ = 0;
  Tensor<std::uint8_t, Cuda> pixels_;
  Tensor<ImageView, Cuda> table_;
};

}  // namespace pretext::cuda
