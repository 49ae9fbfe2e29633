// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pretext/image/jpeg_types.hpp"

namespace pretext::detail {

/// A Huffman table made ready to decode.
class HuffmanDecoder {
 public:
  /// A code's length and symbol; length 0 where the bits begin with no code.
  struct Code {
    std::uint8_t length = 0, symbol = 0;
  };

  HuffmanDecoder() = default;
  explicit HuffmanDecoder(const HuffmanSpec& spec) : symbols_(spec.symbols) {
    std::uint32_t code = 0;
    std::int32_t index = 0;
    for (unsigned length = 1; length <= 16; ++length, code <<= 1) {
      offset_[length] = index - static_cast<std::int32_t>(code);
      index += spec.counts[length];
      code += spec.counts[length];
      limit_[length] = code << (16 - length);
    }
    for (std::uint32_t top = 0; top < short_codes_.size(); ++top) {
      const Code found = search(top << (16 - short_bits));
      if (found.length <= short_bits) short_codes_[top] = found;
    }
  }

  /// The code that 16 bits begin with.
  Code find(std::uint32_t top16) const {
    const Code code = short_codes_[top16 >> (16 - short_bits)];
    return code.length != 0 ? code : search(top16);
  }

 private:
  static constexpr unsigned short_bits = 9;

  Code search(std::uint32_t top16) const {
    for (unsigned length = 1; length <= 16; ++length) {
      if (top16 >= limit_[length]) continue;
      const auto index = static_cast<std::int32_t>(top16 >> (16 - length)) + offset_[length];
      return {static_cast<std::uint8_t>(length), symbols_[static_cast<std::size_t>(index)]};
    }
    return {};
  }

  std::array<std::uint8_t, 256> symbols_{};
  std::array<std::uint32_t, 17> limit_{};  // one past the last code of each length, as 16 bits
  std::array<std::int32_t, 17> offset_{};
  std::array<Code, std::size_t{1} << short_bits> short_codes_{};
};

/// The bits of a scan, from restart marker to restart marker.
class EntropyBits {
 public:
  EntropyBits(Bytes data, std::string_view name) : data_(data), name_(name) {}

  int bits(int count) {
    if (count == 0) return 0;
    need(count);
    const auto value = static_cast<int>(buffer_ >> (64 - count));
    drop(count);
    return value;
  }

  int code(const HuffmanDecoder& table) {
    fill();
    const HuffmanDecoder::Code code = table.find(static_cast<std::uint32_t>(buffer_ >> 48));
    if (code.length == 0) damaged();
    need(code.length);
    drop(code.length);
    return code.symbol;
  }

  /// A number of `size` bits in the JPEG way: the upper half of the range is positive, the lower negative.
  int signed_bits(int size) {
    const int value = bits(size);
    return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /// Throws unless the last byte before the next marker, or before the end, has been reached.
  void finish() {
    fill();
    if (count_ >= 8) damaged();
  }

  /// Goes on after a restart marker.
  void restart() {
    finish();
    buffer_ = 0;
    count_ = 0;
    while (at_ < data_.size() && data_[at_] == 0xFF) ++at_;
    ++at_;
  }

 private:
  [[noreturn]] void damaged() const {
    fail(name_, ": damaged picture, the data of the pixels make no sense");
  }

  void need(int count) {
    if (count_ < count) fill();
    if (count_ < count) fail(name_, ": damaged picture, the data of the pixels end early");
  }

  void drop(int count) {
    buffer_ <<= count;
    count_ -= count;
  }

  void fill() {
    while (count_ <= 48 && at_ < data_.size()) {
      std::size_t next = at_ + 1;
      if (data_[at_] == 0xFF) {
        while (next < data_.size() && data_[next] == 0xFF) ++next;
        if (next >= data_.size() || data_[next] != 0) return;  // a marker
        ++next;
      }
      buffer_ |= std::uint64_t{data_[at_]} << (56 - count_);
      count_ += 8;
      at_ = next;
    }
  }

  Bytes data_;
  std::string_view name_;
  std::size_t at_ = 0;
  std::uint64_t buffer_ = 0;  // the next bits, from the top; zeros below
  int count_ = 0;
};

/// Decodes the entropy coded data of every scan without making pixels of them, and throws an Error where
/// codes, coefficients or the end of the data are not as they must be. For decoders that do not check this
/// themselves.
class JpegEntropyCheck {
 public:
  explicit JpegEntropyCheck(std::string_view name) : name_(name) {}

  void operator()(const JpegInfo& info, const JpegTables& tables, const JpegScan& scan) {
    scan_ = &scan;
    progressive_ = info.frame.progressive;
    EntropyBits bits(scan.data, name_);
    begin(info.frame, tables);
    for (std::int64_t mcu = 0; mcu < scan.mcus; ++mcu) {
      if (scan.restart != 0 && mcu != 0 && mcu % scan.restart == 0) {
        bits.restart();
        predictions_.fill(0);
        end_of_band_ = 0;
      }
      scan.count == 1 ? single(bits, mcu) : interleaved(bits, info.frame, mcu);
    }
    bits.finish();
  }

 private:
  void begin(const JpegFrame& frame, const JpegTables& tables) {
    predictions_.fill(0);
    end_of_band_ = 0;
    for (int i = 0; i < scan_->count; ++i) {
      const auto part = static_cast<std::size_t>(i);
      const auto& [component, dc, ac] = scan_->parts[part];
      const JpegComponent& c = frame.components[component];
      if (tables.dc[dc]) dc_[part] = HuffmanDecoder(*tables.dc[dc]);
      if (tables.ac[ac]) ac_[part] = HuffmanDecoder(*tables.ac[ac]);
      if (progressive_)
        nonzero_[component].resize(static_cast<std::size_t>(c.padded_wide) *
                                   static_cast<std::size_t>(c.padded_high));
      widths_[component] = {c.blocks_wide, c.padded_wide};
    }
  }

  void single(EntropyBits& bits, std::int64_t mcu) {
    const std::size_t component = scan_->parts[0].component;
    const auto [blocks, padded] = widths_[component];
    block(bits, 0, component, mcu / blocks * padded + mcu % blocks);
  }

  void interleaved(EntropyBits& bits, const JpegFrame& frame, std::int64_t mcu) {
    const std::int64_t row = mcu / frame.mcus_wide, column = mcu % frame.mcus_wide;
    for (int i = 0; i < scan_->count; ++i) {
      const std::size_t component = scan_->parts[static_cast<std::size_t>(i)].component;
      const JpegComponent& c = frame.components[component];
      for (int y = 0; y < c.v; ++y)
        for (int x = 0; x < c.h; ++x)
          block(bits, static_cast<std::size_t>(i), component,
                (row * c.v + y) * c.padded_wide + column * c.h + x);
    }
  }

  void block(EntropyBits& bits, std::size_t part, std::size_t component, std::int64_t index) {
    if (!progressive_) {
      dc_first(bits, part, component);
      sequential_ac(bits, ac_[part]);
    } else if (scan_->has_dc()) {
      scan_->refines() ? void(bits.bits(1)) : dc_first(bits, part, component);
    } else {
      std::uint64_t& nonzero = nonzero_[component][static_cast<std::size_t>(index)];
      scan_->refines() ? ac_refine(bits, ac_[part], nonzero) : ac_first(bits, ac_[part], nonzero);
    }
  }

  void dc_first(EntropyBits& bits, std::size_t part, std::size_t component) {
    int& prediction = predictions_[component];
    prediction += bits.signed_bits(bits.code(dc_[part]));
    if (prediction < -32768 || prediction > 32767) damaged();
  }

  void sequential_ac(EntropyBits& bits, const HuffmanDecoder& table) {
    for (int k = 1; k < 64; ++k) {
      const int symbol = bits.code(table), run = symbol >> 4, size = symbol & 15;
      if (size == 0 && run != 15) return;
      k += run;
      if (k > 63) damaged();
      bits.bits(size);
    }
  }

  void ac_first(EntropyBits& bits, const HuffmanDecoder& table, std::uint64_t& nonzero) {
    if (end_of_band_ > 0) {
      --end_of_band_;
      return;
    }
    for (int k = scan_->first; k <= scan_->last; ++k) {
      const int symbol = bits.code(table), run = symbol >> 4, size = symbol & 15;
      if (size == 0 && run != 15) {
        end_of_band_ = (1 << run) + bits.bits(run) - 1;
        return;
      }
      k += run;
      if (k > scan_->last) damaged();
      bits.bits(size);
      if (size != 0) nonzero |= std::uint64_t{1} << k;
    }
  }

  void ac_refine(EntropyBits& bits, const HuffmanDecoder& table, std::uint64_t& nonzero) {
    int k = scan_->first;
    while (end_of_band_ == 0 && k <= scan_->last) {
      const int symbol = bits.code(table), size = symbol & 15;
      int run = symbol >> 4;
      if (size > 1) damaged();
      if (size == 0 && run != 15) {
        end_of_band_ = (1 << run) + bits.bits(run);
        break;
      }
      bits.bits(size);  // the sign
      for (; k <= scan_->last; ++k) {
        if ((nonzero >> k & 1) != 0)
          bits.bits(1);
        else if (run-- == 0)
          break;
      }
      if (size != 0 && k > scan_->last) damaged();
      if (size != 0) nonzero |= std::uint64_t{1} << k;
      ++k;
    }
    if (end_of_band_ == 0) return;
    for (; k <= scan_->last; ++k) bits.bits(static_cast<int>(nonzero >> k & 1));
    --end_of_band_;
  }

  [[noreturn]] void damaged() const {
    fail(name_, ": damaged picture, the data of the pixels make no sense");
  }

  struct Widths {
    int blocks = 0, padded = 0;
  };

  std::string_view name_;
  const JpegScan* scan_ = nullptr;
  bool progressive_ = false;
  std::array<HuffmanDecoder, 4> dc_, ac_;
  std::array<std::vector<std::uint64_t>, 4> nonzero_;  // a bit a coefficient, as the AC scans have left it
  std::array<Widths, 4> widths_;
  std::array<int, 4> predictions_{};
  int end_of_band_ = 0;
};

}  // namespace pretext::detail
