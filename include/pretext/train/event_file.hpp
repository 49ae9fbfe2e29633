// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>

#include "pretext/core/crc32c.hpp"
#include "pretext/core/protobuf.hpp"
#include "pretext/core/span.hpp"
#include "pretext/image/codec.hpp"
#include "pretext/train/append_file.hpp"

namespace pretext::train {
namespace detail {

inline std::timespec wall_time() {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

/// A name that no earlier file of the folder has, and that sorts behind them: TensorBoard reads in that
/// order.
inline std::string event_file_name() {
  const std::timespec now = wall_time();
  char name[64];
  std::snprintf(name, sizeof name, "events.out.tfevents.%010lld.%09ld", static_cast<long long>(now.tv_sec),
                now.tv_nsec);
  return name;
}

template <class Number>
std::string_view raw(const Number& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

/// How TensorFlow hides a checksum among what is summed.
inline std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t sum = crc32c(bytes);
  return (sum >> 15 | sum << 17) + 0xA282EAD8U;
}

/// The HistogramProto of the finite values among some; empty where there are none.
inline ProtobufMessage histogram_of(Span<const float> values) {
  constexpr std::size_t buckets = 64;
  double low = INFINITY, high = -INFINITY, sum = 0, squares = 0, count = 0;
  for (const float v : values) {
    if (!std::isfinite(v)) continue;
    const double x = static_cast<double>(v);
    low = std::min(low, x), high = std::max(high, x);
    sum += x, squares += x * x, ++count;
  }
  ProtobufMessage histogram;
  if (count == 0) return histogram;
  const double width = std::max((high - low) / buckets, 1e-12);
  std::array<double, buckets> limits{}, counts{};
  for (std::size_t i = 0; i < buckets; ++i) limits[i] = low + width * static_cast<double>(i + 1);
  for (const float v : values)
    if (std::isfinite(v))
      ++counts[std::min(buckets - 1, static_cast<std::size_t>((static_cast<double>(v) - low) / width))];
  return histogram.real64(1, low)
      .real64(2, high)
      .real64(3, count)
      .real64(4, sum)
      .real64(5, squares)
      .text(6, raw(limits))
      .text(7, raw(counts));
}

}  // namespace detail

/// Numbers, pictures and histograms as TensorBoard reads them, in a file of its own. Each record is written
/// in one call of the system, with checksums: after a kill the file holds whole records and at most one torn
/// one at its end, which TensorBoard leaves out.
class EventFile {
 public:
  /// Makes the folder and begins a file in it. Of files that were there before, TensorBoard forgets what lies
  /// behind `step`, where training goes on.
  EventFile(const std::filesystem::path& folder, std::int64_t step)
      : file_((std::filesystem::create_directories(folder), folder / detail::event_file_name())) {
    write(event(0).text(3, "brain.Event:2"));
    if (step > 0) write(event(step + 1).message(7, ProtobufMessage().integer(1, 1)));  // a session starts
  }

  void scalar(std::string_view tag, std::int64_t step, double value) {
    add(step, ProtobufMessage().text(1, tag).real(2, static_cast<float>(value)));
  }

  void image(std::string_view tag, std::int64_t step, const ImageView& picture) {
    const std::vector<std::uint8_t> png = encode_png(picture);
    ProtobufMessage image;
    image.integer(1, picture.height).integer(2, picture.width).integer(3, picture.channels);
    image.text(4, {reinterpret_cast<const char*>(png.data()), png.size()});
    add(step, ProtobufMessage().text(1, tag).message(4, image));
  }

  /// How the finite ones of some values are spread.
  void histogram(std::string_view tag, std::int64_t step, Span<const float> values) {
    const ProtobufMessage histogram = detail::histogram_of(values);
    if (!histogram.bytes().empty()) add(step, ProtobufMessage().text(1, tag).message(5, histogram));
  }

  /// Brings what was written to the disk.
  void sync() { file_.sync(); }

 private:
  static ProtobufMessage event(std::int64_t step) {
    const std::timespec now = detail::wall_time();
    ProtobufMessage event;
    event.real64(1, static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec));
    return event.integer(2, step);
  }

  void add(std::int64_t step, const ProtobufMessage& value) {
    write(event(step).message(5, ProtobufMessage().message(1, value)));
  }

  // length, its checksum, the event, its checksum
  void write(const ProtobufMessage& event) {
    const std::string_view bytes = event.bytes();
    const std::uint64_t length = bytes.size();
    std::string record(detail::raw(length));
    record += detail::raw(detail::masked_crc(record));
    record += bytes;
    record += detail::raw(detail::masked_crc(bytes));
    file_.append(record);
  }

  AppendFile file_;
};

}  // namespace pretext::train
