// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "pretext/image/bytes.hpp"

namespace pretext::detail {

/// One colour component of a JPEG as its frame header declares it.
struct JpegComponent {
  int id = 0, h = 1, v = 1;              // sampling factors
  int quantiser = 0;                     // which table
  int blocks_wide = 0, blocks_high = 0;  // 8x8 blocks that hold pixels
  int padded_wide = 0, padded_high = 0;  // blocks with those that fill the last MCUs
};

/// The frame header.
struct JpegFrame {
  bool progressive = false;
  int height = 0, width = 0;
  int count = 0;  // of components; 0 before a frame header was seen
  std::array<JpegComponent, 4> components{};
  int mcus_wide = 0, mcus_high = 0;

  /// Samples of all components, whole MCUs.
  std::int64_t samples() const {
    std::int64_t sum = 0;
    for (int i = 0; i < count; ++i)
      sum += std::int64_t{64} * components[static_cast<std::size_t>(i)].padded_wide *
             components[static_cast<std::size_t>(i)].padded_high;
    return sum;
  }
};

/// A Huffman table as the file gives it: how many codes there are of each length 1 to 16, and their symbols.
struct HuffmanSpec {
  std::array<std::uint8_t, 17> counts{};
  std::array<std::uint8_t, 256> symbols{};
};

/// The tables in force at some point of the file.
struct JpegTables {
  std::array<std::optional<HuffmanSpec>, 4> dc, ac;
  std::array<std::optional<std::array<std::uint16_t, 64>>, 4> quantisers;
};

/// One scan: which coefficients of which components it codes, and the bytes that code them.
struct JpegScan {
  struct Part {
    std::size_t component = 0, dc = 0, ac = 0;  // and its Huffman tables
  };
  std::array<Part, 4> parts{};
  int count = 0;
  int first = 0, last = 63;  // coefficients, in zigzag order
  int high = 0, low = 0;     // successive approximation: bit planes coded before, and left for later
  int restart = 0;           // MCUs between restart markers, or 0
  std::int64_t mcus = 0, blocks = 0;
  Bytes data;

  bool has_dc() const { return first == 0; }
  bool refines() const { return high != 0; }
};

/// What the markers of a JPEG say.
struct JpegInfo {
  JpegFrame frame;
  int scans = 0;
  int orientation = 1;
  std::optional<int> adobe_transform;
};

/// Called for each scan once its header, its tables and its extent have been checked.
using OnJpegScan = std::function<void(const JpegInfo&, const JpegTables&, const JpegScan&)>;

}  // namespace pretext::detail
