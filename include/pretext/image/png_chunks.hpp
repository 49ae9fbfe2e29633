// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "pretext/core/checked.hpp"
#include "pretext/image/bytes.hpp"
#include "pretext/image/exif.hpp"

namespace pretext::detail {

/// What the IHDR chunk says.
struct PngHeader {
  enum Colour { grey = 0, rgb = 2, palette = 3, grey_alpha = 4, rgb_alpha = 6 };
  int height = 0, width = 0, bits = 0, colour = 0;
  bool interlaced = false;

  int samples() const { return colour == rgb ? 3 : colour == rgb_alpha ? 4 : colour == grey_alpha ? 2 : 1; }
  int pixel_bits() const { return bits * samples(); }
};

/// The parts of a PNG file that make its pixels.
struct PngFile {
  PngHeader header;
  Bytes palette, transparency;
  std::vector<Bytes> data;  // the pieces of the compressed stream
  std::size_t data_size = 0;
  int orientation = 1;
};

/// Walks the chunks of a PNG file from start to end and throws an Error at the first thing that is not as it
/// must be.
class PngChunks {
 public:
  PngChunks(Bytes file, std::string_view name) : in_(file, name), name_(name) {}

  PngFile walk() {
    in_.take(8);  // the signature, by which the file was told to be a PNG
    chunk();
    while (!ended_) chunk();
    in_.expect(file_.data_size > 0, "the PNG ends without pixel data");
    return file_;
  }

 private:
  void chunk() {
    const std::uint32_t length = in_.u32();
    in_.expect(length <= 0x7FFFFFFFU, "a chunk has the length ", length);
    const Bytes type = in_.rest().first(std::min<std::size_t>(in_.left(), 4));
    const std::string_view kind(reinterpret_cast<const char*>(type.data()), type.size());
    in_.take(4);
    const ByteReader body = in_.part(length);
    const std::uint32_t stored = in_.u32();
    in_.expect(kind == "IHDR" || file_.header.width > 0, "the first chunk is not IHDR");
    if (!accept(kind, body)) return;
    uLong crc = ::crc32(0, type.data(), 4);
    if (length > 0) crc = ::crc32(crc, body.rest().data(), static_cast<uInt>(length));
    in_.expect(crc == stored, "the checksum of a ", kind, " chunk does not match its bytes");
  }

  // Takes the chunk in, or returns false for one that does not matter to the pixels.
  bool accept(std::string_view kind, ByteReader body) {
    const bool was_in_data = in_data_;
    in_data_ = kind == "IDAT";
    if (kind == "IHDR") {
      header(body);
    } else if (kind == "PLTE") {
      body.expect(file_.palette.empty() && file_.data.empty() && body.left() % 3 == 0 && body.left() >= 3 &&
                      body.left() <= 768,
                  "a palette of ", body.left(), " bytes, repeated or out of place");
      file_.palette = body.rest();
    } else if (kind == "tRNS") {
      transparency(body);
    } else if (kind == "IDAT") {
      body.expect(was_in_data || file_.data.empty(), "the pixel data are interrupted");
      body.expect(file_.header.colour != PngHeader::palette || !file_.palette.empty(),
                  "a palette is missing");
      file_.data.push_back(body.rest());
      file_.data_size += body.left();
    } else if (kind == "eXIf") {
      file_.orientation = exif_orientation(body.rest());
    } else if (kind == "IEND") {
      ended_ = true;
    } else {
      // A capital first letter marks what a reader must understand.
      require((kind[0] & 0x20) != 0, name_, ": PNG with the unknown necessary chunk '", printable(kind), "'");
      return false;
    }
    return true;
  }

  void header(ByteReader& body) {
    PngHeader& h = file_.header;
    body.expect(h.width == 0 && body.left() == 13, "IHDR is repeated or has ", body.left(), " bytes, not 13");
    const std::uint32_t width = body.u32(), height = body.u32();
    body.expect(width >= 1 && height >= 1 && width <= 0x7FFFFFFFU && height <= 0x7FFFFFFFU, "the size is ",
                height, " x ", width);
    h.width = static_cast<int>(width);
    h.height = static_cast<int>(height);
    h.bits = body.u8();
    h.colour = body.u8();
    const int compression = body.u8(), filter = body.u8(), interlace = body.u8();
    const bool small = h.bits == 1 || h.bits == 2 || h.bits == 4, large = h.bits == 8 || h.bits == 16;
    const bool legal = h.colour == PngHeader::grey ? small || large
                       : h.colour == PngHeader::palette
                           ? small || h.bits == 8
                           : large && (h.colour == PngHeader::rgb || h.colour == PngHeader::grey_alpha ||
                                       h.colour == PngHeader::rgb_alpha);
    body.expect(legal, "colour type ", h.colour, " with ", h.bits, " bits");
    body.expect(compression == 0 && filter == 0 && interlace <= 1, "compression ", compression, ", filter ",
                filter, ", interlace ", interlace);
    h.interlaced = interlace == 1;
  }

  void transparency(ByteReader& body) {
    const PngHeader& h = file_.header;
    const std::size_t size = body.left();
    const bool legal = h.colour == PngHeader::palette ? size <= file_.palette.size() / 3
                                                      : size == 2 * static_cast<std::size_t>(h.samples());
    body.expect(legal && h.colour <= PngHeader::palette && file_.data.empty() && file_.transparency.empty(),
                "a tRNS chunk of ", size, " bytes, repeated or out of place");
    file_.transparency = body.rest();
  }

  static std::string printable(std::string_view kind) {
    std::string text(kind);
    for (char& c : text)
      if (c < ' ' || c > '~') c = '?';
    return text;
  }

  ByteReader in_;
  std::string_view name_;
  PngFile file_;
  bool in_data_ = false, ended_ = false;
};

}  // namespace pretext::detail
