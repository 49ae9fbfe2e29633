// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "data/makers.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/image/codec.hpp"
#include "support.hpp"

namespace test {

/// The text of the Error that f throws; empty where it throws none. Anything else that it throws fails the
/// test.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const pretext::Error& error) {
    return error.what();
  }
  return {};
}

inline bool says(const std::string& message, const std::string& text) {
  return message.find(text) != std::string::npos;
}

/// Writes a file, and the folders that it lies in.
inline void put(const TempDir& folder, const std::string& name, const std::string& content) {
  std::filesystem::create_directories((folder / name).parent_path());
  write_file(folder / name, content);
}

/// A small picture whose pixels tell which one it is.
inline pretext::Image picture(int number, int height = 5, int width = 7) {
  pretext::Image image(height, width, 3);
  for (int i = 0; i < height * width * 3; ++i)
    image.pixels()[i] = static_cast<std::uint8_t>(number * 37 + i * 3);
  return image;
}

inline std::string png(int number, int height = 5, int width = 7) {
  const auto file = pretext::encode_png(picture(number, height, width).view());
  return {file.begin(), file.end()};
}

inline bool same_pixels(const pretext::ImageView& a, const pretext::ImageView& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels &&
         std::memcmp(a.pixels, b.pixels, static_cast<std::size_t>(a.height * a.width * a.channels)) == 0;
}

/// True when two data sets are equal in everything that can be asked.
inline bool same(const pretext::data::Dataset& a, const pretext::data::Dataset& b) {
  if (a.size() != b.size() || a.classes() != b.classes() || a.skipped() != b.skipped() ||
      a.hash() != b.hash())
    return false;
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (a.label(i) != b.label(i) || !same_pixels(a.image(i), b.image(i))) return false;
  return true;
}

}  // namespace test
