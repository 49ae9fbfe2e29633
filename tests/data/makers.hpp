// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

// Archives and files as the readers of data sets expect them, or wrong in one place.
namespace test {

/// Writes tar archives field by field, so that a test can make any field wrong.
class TarMaker {
 public:
  std::string bytes;

  TarMaker& add(const std::string& name, const std::string& content, char type = '0',
                const std::string& prefix = "") {
    std::string size(12, '\0');
    std::snprintf(size.data(), size.size(), "%011zo", content.size());
    return header(name, size, type, prefix).data(content);
  }

  TarMaker& header(const std::string& name, const std::string& size, char type,
                   const std::string& prefix = "") {
    std::string h(512, '\0');
    h.replace(0, std::min<std::size_t>(100, name.size()), name.substr(0, 100));
    h.replace(100, 8, "0000644", 8);
    h.replace(124, 12, size);
    h.replace(136, 12, "00000000000", 12);
    h[156] = type;
    h.replace(257, 8, "ustar\00000", 8);
    h.replace(345, prefix.size(), prefix);
    bytes += h;
    reseal(bytes.size() - 512);
    return *this;
  }

  TarMaker& data(const std::string& content) {
    bytes += content + std::string((512 - content.size() % 512) % 512, '\0');
    return *this;
  }

  TarMaker& pax(const std::string& key, const std::string& value) {
    const std::string tail = " " + key + "=" + value + "\n";
    std::size_t length = tail.size() + 1;
    while (std::to_string(length).size() + tail.size() != length) ++length;
    return add("pax", std::to_string(length) + tail, 'x');
  }

  std::string end() const { return bytes + std::string(1024, '\0'); }

  /// Writes the checksum of the header at this place again.
  void reseal(std::size_t at) {
    bytes.replace(at + 148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[at + i]);
    char field[8];
    std::snprintf(field, sizeof(field), "%06o", sum & 0777777);
    bytes.replace(at + 148, 7, field, 7);
  }
};

/// A gzip file with one member.
inline std::string gzip(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

/// One record of a CIFAR file: the label bytes, then three planes; pixel i of channel c has value number + 5c
/// + i.
inline std::string cifar_record(const std::string& labels, int number) {
  std::string record = labels;
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 1024; ++i) record += static_cast<char>(number + 5 * c + i);
  return record;
}

/// A picture of an STL-10 file: pixel (x, y) of channel c has value number + 7x + 3y + 50c.
inline std::string stl10_picture(int number) {
  std::string planes;
  for (int c = 0; c < 3; ++c)
    for (int x = 0; x < 96; ++x)
      for (int y = 0; y < 96; ++y) planes += static_cast<char>(number + 7 * x + 3 * y + 50 * c);
  return planes;
}

/// An IDX file of bytes: the dimensions as given, whatever the values.
inline std::string idx_file(const std::vector<std::uint32_t>& dims, const std::string& values) {
  std::string file{0, 0, 8, static_cast<char>(dims.size())};
  for (const std::uint32_t dim : dims)
    for (int shift = 24; shift >= 0; shift -= 8) file += static_cast<char>(dim >> shift & 255);
  return file + values;
}

}  // namespace test
