// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "pretext/image/bytes.hpp"
#include "pretext/image/jpeg_types.hpp"

namespace pretext::detail {

/// Takes in the Huffman tables of a DHT segment. A table that passes is a prefix code which every decoder
/// builds alike.
inline void read_huffman_tables(ByteReader& body, JpegTables& tables) {
  while (body.left() > 0) {
    const int selector = body.u8(), kind = selector >> 4, slot = selector & 15;
    body.expect(kind <= 1 && slot <= 3, "a Huffman table has the selector ", selector);
    HuffmanSpec table;
    int total = 0, code = 0;
    for (std::size_t length = 1; length <= 16; ++length, code <<= 1) {
      table.counts[length] = static_cast<std::uint8_t>(body.u8());
      total += table.counts[length];
      code += table.counts[length];
      // The code of all ones is reserved, so the codes of a length never fill it.
      body.expect(code < 1 << length, "a Huffman table has too many codes of length ", length);
    }
    body.expect(total <= 256, "a Huffman table has ", total, " codes, over 256");
    std::ranges::copy(body.take(static_cast<std::size_t>(total)), table.symbols.begin());
    const auto legal = [&](int symbol) { return kind == 1 || symbol <= 15; };
    body.expect(std::all_of(table.symbols.begin(), table.symbols.begin() + total, legal),
                "a DC Huffman table has a symbol over 15");
    (kind == 0 ? tables.dc : tables.ac)[static_cast<std::size_t>(slot)] = table;
  }
}

inline void read_jpeg_component(ByteReader& body, JpegFrame& frame, std::size_t i) {
  JpegComponent& c = frame.components[i];
  c.id = body.u8();
  const int sampling = body.u8();
  c.h = sampling >> 4;
  c.v = sampling & 15;
  c.quantiser = body.u8();
  body.expect(c.h >= 1 && c.h <= 4 && c.v >= 1 && c.v <= 4, "component ", i, " is sampled ", c.h, " x ", c.v);
  body.expect(c.quantiser <= 3, "component ", i, " has the quantisation table ", c.quantiser);
  for (std::size_t j = 0; j < i; ++j)
    body.expect(frame.components[j].id != c.id, "components ", j, " and ", i, " have the same id");
}

/// Works out where the blocks of every component lie.
inline void lay_out_jpeg(const ByteReader& body, JpegFrame& frame) {
  const auto ceil_div = [](int a, int b) { return (a + b - 1) / b; };
  int h_max = 1, v_max = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(frame.count); ++i) {
    h_max = std::max(h_max, frame.components[i].h);
    v_max = std::max(v_max, frame.components[i].v);
  }
  frame.mcus_wide = ceil_div(frame.width, 8 * h_max);
  frame.mcus_high = ceil_div(frame.height, 8 * v_max);
  for (std::size_t i = 0; i < static_cast<std::size_t>(frame.count); ++i) {
    JpegComponent& c = frame.components[i];
    body.expect(h_max % c.h == 0 && v_max % c.v == 0, "component ", i,
                " is sampled at a fraction of a pixel");
    c.blocks_wide = ceil_div(ceil_div(frame.width * c.h, h_max), 8);
    c.blocks_high = ceil_div(ceil_div(frame.height * c.v, v_max), 8);
    c.padded_wide = frame.mcus_wide * c.h;
    c.padded_high = frame.mcus_high * c.v;
  }
}

/// The frame header in an SOF segment: 8 bits a sample, 1, 3 or 4 components, whole sampling ratios.
inline JpegFrame read_jpeg_frame(ByteReader& body, std::string_view name, bool progressive) {
  JpegFrame frame{.progressive = progressive};
  const int bits = body.u8();
  require(bits == 8, name, ": JPEG with ", bits, " bits a sample is not supported, only 8");
  frame.height = body.u16();
  frame.width = body.u16();
  body.expect(frame.height > 0 && frame.width > 0, "the size is ", frame.height, " x ", frame.width);
  frame.count = body.u8();
  body.expect(frame.count == 1 || frame.count == 3 || frame.count == 4, "the JPEG has ", frame.count,
              " components, not 1, 3 or 4");
  for (std::size_t i = 0; i < static_cast<std::size_t>(frame.count); ++i) read_jpeg_component(body, frame, i);
  lay_out_jpeg(body, frame);
  return frame;
}

}  // namespace pretext::detail
