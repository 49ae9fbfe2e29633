// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "image/sample_pictures.hpp"
#include "pretext/image/image.hpp"
#include "support.hpp"

namespace test {

using File = std::vector<std::uint8_t>;

inline std::filesystem::path corpus(const std::string& name) {
  return std::filesystem::path(PRETEXT_SOURCE_DIR) / "tests/fuzz/corpus" / name;
}

inline File corpus_file(const std::string& name) {
  const std::string bytes = read_file(corpus(name));
  REQUIRE_MESSAGE(!bytes.empty(), name << " is missing");
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::string> corpus_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(corpus(folder)))
    names.push_back(folder + "/" + entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// The largest difference of any channel of any pixel from the sample JPEG as it should look.
inline int distance_from_sample(const pretext::Image& image, const std::string& kind) {
  int largest = 0;
  for (int y = 0; y < jpeg_height; ++y) {
    for (int x = 0; x < jpeg_width; ++x) {
      auto colour = jpeg_colour(y, x);
      if (kind == "grey") colour.fill((colour[0] + colour[1]) / 2);
      for (int c = 0; c < 3; ++c) {
        int& value = colour[static_cast<std::size_t>(c)];
        if (kind == "ink") value = std::min(value, jpeg_light(y));
        largest = std::max(largest, std::abs(value - image.at(y, x, c)));
      }
    }
  }
  return largest;
}

/// An EXIF segment with the orientation, in either byte order.
inline File exif_segment(int orientation, bool little) {
  const auto value = static_cast<std::uint8_t>(orientation);
  if (little)
    return {0xFF, 0xE1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'I',   'I', 42, 0, 8, 0, 0, 0,
            1,    0,    0x12, 0x01, 3,   0,   1,   0,   0, 0, value, 0,   0,  0, 0, 0, 0, 0};
  return {0xFF, 0xE1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M',   0, 42, 0, 0, 0, 8,
          0,    1,    0x01, 0x12, 0,   3,   0,   0,   0, 1, 0,   value, 0, 0,  0, 0, 0, 0};
}

inline File inserted(File file, std::size_t at, const File& part) {
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), part.begin(), part.end());
  return file;
}

/// Decodes every file that differs from this one in one byte, in a few ways, and every beginning of it; tells
/// `cut` which beginnings were decoded. Nothing but an Error may come of them.
inline void damage(const File& file, const std::function<pretext::Image(const File&)>& decode,
                   const std::function<void(std::size_t, const pretext::Image&)>& cut) {
  const auto attempt = [&](const File& damaged) -> bool {
    try {
      decode(damaged);
      return true;
    } catch (const pretext::Error&) {
      return false;
    }
  };
  for (std::size_t i = 0; i < file.size(); ++i) {
    File damaged = file;
    for (const int change : {0x01, 0x10, 0x80, 0xFF}) {
      damaged[i] = static_cast<std::uint8_t>(file[i] ^ change);
      attempt(damaged);
    }
    const File start(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(i));
    if (attempt(start)) cut(i, decode(start));
  }
}

}  // namespace test
