// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/core/config.hpp"

namespace pretext {

/// Pixels of one picture, 8 bits a channel, [H, W, C], rows first; does not own them. Trivially copyable, so
/// that it crosses to a GPU.
struct ImageView {
  const std::uint8_t* pixels = nullptr;
  std::int32_t height = 0, width = 0, channels = 0;

  /// The number of bytes: height * width * channels.
  PRETEXT_HD std::int64_t size() const { return std::int64_t{height} * width * channels; }
  PRETEXT_HD std::uint8_t at(int y, int x, int channel) const {
    return pixels[(std::int64_t{y} * width + x) * channels + channel];
  }
};

/// A picture that owns its pixels, 8 bits a channel, [H, W, C], rows first.
class Image {
 public:
  Image() = default;

  /// A black picture; up to 4 channels.
  Image(int height, int width, int channels = 3) : height_(height), width_(width), channels_(channels) {
    require(height >= 0 && width >= 0 && channels >= 1 && channels <= 4,
            "Image: height and width must not be negative and channels 1 to 4, not [", height, ", ", width,
            ", ", channels, "]");
    const std::int64_t area = checked_mul(std::int64_t{height}, std::int64_t{width}, "Image: pixels");
    pixels_.resize(
        narrow<std::size_t>(checked_mul(area, std::int64_t{channels}, "Image: bytes"), "Image: bytes"));
  }

  /// A copy of the pixels of a view.
  static Image from(const ImageView& view) {
    Image copy(view.height, view.width, view.channels);
    std::copy_n(view.pixels, view.size(), copy.pixels());
    return copy;
  }

  int height() const { return height_; }
  int width() const { return width_; }
  int channels() const { return channels_; }
  std::uint8_t* pixels() { return pixels_.data(); }
  const std::uint8_t* pixels() const { return pixels_.data(); }

  std::uint8_t& at(int y, int x, int channel) {
    return pixels_[static_cast<std::size_t>((std::int64_t{y} * width_ + x) * channels_ + channel)];
  }
  std::uint8_t at(int y, int x, int channel) const { return view().at(y, x, channel); }

  ImageView view() const { return {pixels_.data(), height_, width_, channels_}; }
  operator ImageView() const { return view(); }

  bool operator==(const Image&) const = default;

 private:
  std::vector<std::uint8_t> pixels_;
  std::int32_t height_ = 0, width_ = 0, channels_ = 0;
};

}  // namespace pretext
