// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "pretext/image/bytes.hpp"
#include "pretext/image/exif.hpp"
#include "pretext/image/jpeg_headers.hpp"
#include "pretext/image/jpeg_progression.hpp"
#include "pretext/image/jpeg_types.hpp"

namespace pretext::detail {

/// Walks the markers of a JPEG from start to end and throws an Error at the first thing that is not as it
/// must be. Decoders are written for well-formed files; no decoder sees a file that has not passed here.
class JpegMarkers {
 public:
  JpegMarkers(Bytes file, std::string_view name, int max_scans, OnJpegScan on_scan = {})
      : in_(file, name), name_(name), max_scans_(max_scans), on_scan_(std::move(on_scan)) {}

  JpegInfo walk() {
    in_.expect(in_.u16() == 0xFFD8, "a JPEG begins with FF D8");
    for (int marker = next_marker(); marker != 0xD9; marker = next_marker()) segment(marker);
    in_.expect(info_.scans > 0, "the JPEG ends without a scan");
    for (std::size_t i = 0; i < components(); ++i)
      in_.expect(progression_.begun(i), "the JPEG ends without data of component ", i);
    check_colours();
    return info_;
  }

 private:
  std::size_t components() const { return static_cast<std::size_t>(info_.frame.count); }

  // Only what every decoder reads alike: for the rest they guess, each in its own way.
  void check_colours() const {
    const auto transform = info_.adobe_transform;
    const bool known = info_.frame.count == 1 || (info_.frame.count == 3 && transform.value_or(1) <= 1) ||
                       (info_.frame.count == 4 && (transform == 0 || transform == 2));
    require(known, name_, ": a JPEG of ", info_.frame.count,
            " components whose colours are not declared (Adobe marker ",
            transform ? "with transform " + std::to_string(*transform) : "absent", "); convert it to RGB");
  }

  int next_marker() {
    const int lead = in_.u8();
    if (lead != 0xFF) in_.bad("a marker (FF) was expected, not ", hex(lead));
    int code = 0xFF;
    while (code == 0xFF) code = in_.u8();
    return code;
  }

  void segment(int marker) {
    const bool carries_length = marker >= 0xC0 && (marker < 0xD0 || marker > 0xD8);
    if (!carries_length) in_.bad("the marker FF ", hex(marker), " is out of place");
    const int length = in_.u16();
    in_.expect(length >= 2, "the length of a segment is ", length, ", below 2");
    ByteReader body = in_.part(static_cast<std::size_t>(length - 2));
    if (marker == 0xEE) return adobe(body);
    if (marker == 0xE1) return exif(body);
    if (marker >= 0xE0 && marker <= 0xEF) return;  // other application data
    if (marker == 0xFE) return;                    // comment
    table_or_frame(marker, body);
    body.expect(body.left() == 0, "a segment is ", body.left(), " bytes longer than its content");
    if (marker == 0xDA) entropy_coded_data();
  }

  void table_or_frame(int marker, ByteReader& body) {
    switch (marker) {
      case 0xC0:
      case 0xC1:
      case 0xC2:
        body.expect(info_.frame.count == 0, "a second frame header");
        info_.frame = read_jpeg_frame(body, name_, marker == 0xC2);
        return;
      case 0xC4:
        return read_huffman_tables(body, tables_);
      case 0xDA:
        return scan_header(body);
      case 0xDB:
        return quantisers(body);
      case 0xDD:
        restart_ = body.u16();
        return;
      default:
        fail(
            name_,
            ": a kind of JPEG that is not supported (lossless, hierarchical or arithmetic coding, marker FF ",
            hex(marker), "); convert it to a baseline or progressive JPEG");
    }
  }

  void adobe(ByteReader body) {
    constexpr std::uint8_t tag[] = {'A', 'd', 'o', 'b', 'e', 0};
    const Bytes data = body.rest();
    if (data.size() >= 12 && std::equal(std::begin(tag), std::end(tag), data.begin()))
      info_.adobe_transform = data[11];
  }

  void exif(ByteReader body) {
    constexpr std::uint8_t tag[] = {'E', 'x', 'i', 'f', 0, 0};
    const Bytes data = body.rest();
    if (exif_seen_ || data.size() < 6 || !std::equal(std::begin(tag), std::end(tag), data.begin())) return;
    exif_seen_ = true;
    info_.orientation = exif_orientation(data.subspan(6));
  }

  void quantisers(ByteReader& body) {
    while (body.left() > 0) {
      const int selector = body.u8(), wide = selector >> 4;
      const auto slot = static_cast<std::size_t>(selector & 15);
      body.expect(wide <= 1 && slot <= 3, "a quantisation table has the selector ", selector);
      std::array<std::uint16_t, 64> table{};
      for (auto& value : table) value = static_cast<std::uint16_t>(wide == 1 ? body.u16() : body.u8());
      // Decoders disagree about which of two tables counts for a component that is spread over scans.
      body.expect(!quantiser_used_[slot] || tables_.quantisers[slot] == table, "quantisation table ", slot,
                  " changes after it was used");
      tables_.quantisers[slot] = table;
    }
  }

  void scan_header(ByteReader& body) {
    body.expect(info_.frame.count > 0, "a scan before the frame header");
    require(++info_.scans <= max_scans_, name_, ": more than ", max_scans_,
            " scans (DecodeLimits::max_scans)");
    scan_ = {};
    scan_.count = body.u8();
    body.expect(scan_.count >= 1 && scan_.count <= info_.frame.count, "a scan has ", scan_.count,
                " components");
    for (int i = 0; i < scan_.count; ++i) scan_part(body, i);
    scan_.first = body.u8();
    scan_.last = body.u8();
    const int bits = body.u8();
    scan_.high = bits >> 4;
    scan_.low = bits & 15;
    scan_.restart = restart_;
    progression_.check(body, info_.frame.progressive, scan_);
    for (int i = 0; i < scan_.count; ++i) check_tables(body, scan_.parts[static_cast<std::size_t>(i)]);
    count_blocks(body);
  }

  void scan_part(ByteReader& body, int i) {
    const int id = body.u8(), tables = body.u8();
    JpegScan::Part part{0, static_cast<std::size_t>(tables >> 4), static_cast<std::size_t>(tables & 15)};
    while (part.component < components() && info_.frame.components[part.component].id != id) ++part.component;
    body.expect(part.component < components(), "a scan names the component ", id,
                ", which the frame does not have");
    for (int j = 0; j < i; ++j)
      body.expect(scan_.parts[static_cast<std::size_t>(j)].component < part.component,
                  "a scan has its components out of order");
    body.expect(part.dc <= 3 && part.ac <= 3, "a scan has the table selector ", tables);
    scan_.parts[static_cast<std::size_t>(i)] = part;
  }

  void check_tables(const ByteReader& body, const JpegScan::Part& part) {
    const bool dc = scan_.has_dc() && !scan_.refines(), ac = scan_.last > 0;
    const auto quantiser = static_cast<std::size_t>(info_.frame.components[part.component].quantiser);
    body.expect(tables_.quantisers[quantiser].has_value(), "quantisation table ", quantiser,
                " is not defined");
    body.expect(!dc || tables_.dc[part.dc], "DC Huffman table ", part.dc, " is not defined");
    body.expect(!ac || tables_.ac[part.ac], "AC Huffman table ", part.ac, " is not defined");
    quantiser_used_[quantiser] = true;
  }

  void count_blocks(const ByteReader& body) {
    const JpegFrame& frame = info_.frame;
    const JpegComponent& only = frame.components[scan_.parts[0].component];
    if (scan_.count == 1) {
      scan_.mcus = scan_.blocks = std::int64_t{only.blocks_wide} * only.blocks_high;
      return;
    }
    int per_mcu = 0;
    for (int i = 0; i < scan_.count; ++i) {
      const JpegComponent& c = frame.components[scan_.parts[static_cast<std::size_t>(i)].component];
      per_mcu += c.h * c.v;
    }
    body.expect(per_mcu <= 10, "a scan has ", per_mcu, " blocks an MCU, over 10");
    scan_.mcus = std::int64_t{frame.mcus_wide} * frame.mcus_high;
    scan_.blocks = scan_.mcus * per_mcu;
  }

  void entropy_coded_data() {
    scan_.data = in_.take(entropy_length());
    // Every code takes at least a bit: a few bytes cannot hold the pixels of a huge picture.
    const std::int64_t bits_a_block = !info_.frame.progressive ? 2 : scan_.has_dc() ? 1 : 0;
    in_.expect(static_cast<std::int64_t>(scan_.data.size()) >= scan_.blocks * bits_a_block / 8, "a scan of ",
               scan_.blocks, " blocks has only ", scan_.data.size(), " bytes: the picture is cut short");
    if (on_scan_) on_scan_(info_, tables_, scan_);
  }

  // The bytes up to the next marker that does not belong to the scan. A byte FF of data is followed by 0.
  std::size_t entropy_length() const {
    const Bytes data = in_.rest();
    std::int64_t restarts = 0;
    std::size_t at = 0;
    while (true) {
      const void* found = at < data.size() ? std::memchr(data.data() + at, 0xFF, data.size() - at) : nullptr;
      in_.expect(found != nullptr, "the file ends within the pixels: it is cut short");
      const auto lead = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data.data());
      at = lead + 1;
      while (at < data.size() && data[at] == 0xFF) ++at;
      in_.expect(at < data.size(), "the file ends within the pixels: it is cut short");
      const int code = data[at++];
      if (code == 0) continue;
      if (code >= 0xD0 && code <= 0xD7) {
        in_.expect(code == 0xD0 + restarts++ % 8, "a restart marker is out of order");
        continue;
      }
      const std::int64_t expected = scan_.restart == 0 ? 0 : (scan_.mcus - 1) / scan_.restart;
      in_.expect(restarts == expected, "a scan has ", restarts, " restart markers, not ", expected);
      return lead;
    }
  }

  ByteReader in_;
  std::string_view name_;
  int max_scans_;
  OnJpegScan on_scan_;
  JpegInfo info_;
  JpegTables tables_;
  JpegScan scan_;
  JpegProgression progression_;
  std::array<bool, 4> quantiser_used_{};
  int restart_ = 0;
  bool exif_seen_ = false;
};

}  // namespace pretext::detail
