// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "pretext/image/bytes.hpp"
#include "pretext/image/jpeg_types.hpp"

namespace pretext::detail {

/// Which bits of which coefficients the scans of a JPEG have coded so far, and whether one more scan may
/// follow.
class JpegProgression {
 public:
  JpegProgression() {
    for (auto& component : bits_left_) component.fill(unseen);
  }

  /// True once a scan has coded the component's DC coefficients.
  bool begun(std::size_t component) const { return bits_left_[component][0] != unseen; }

  /// Throws an Error at `in` unless the scan continues the ones before it; then counts it as done.
  void check(const ByteReader& in, bool progressive, const JpegScan& scan) {
    const int first = scan.first, last = scan.last, high = scan.high, low = scan.low;
    if (progressive) {
      in.expect(first <= last && last <= 63 && (first > 0 || last == 0) && (first == 0 || scan.count == 1),
                "a progressive scan of ", scan.count, " components codes the coefficients ", first, " to ",
                last);
      in.expect(low <= 13 && (high == 0 || high == low + 1), "a progressive scan goes from bit ", high,
                " to ", low);
    } else {
      in.expect(first == 0 && last == 63 && high == 0 && low == 0,
                "a sequential scan has progressive parameters");
    }
    for (int i = 0; i < scan.count; ++i) {
      const std::size_t component = scan.parts[static_cast<std::size_t>(i)].component;
      in.expect(first == 0 || begun(component), "a scan of component ", component,
                " comes before its DC scan");
      for (int k = first; k <= last; ++k) {
        auto& bits = bits_left_[component][static_cast<std::size_t>(k)];
        in.expect(high == 0 ? bits == unseen : bits == high, "a scan of component ", component,
                  " does not continue the one before it");
        bits = static_cast<std::int8_t>(low);
      }
    }
  }

 private:
  static constexpr std::int8_t unseen = -1;
  std::array<std::array<std::int8_t, 64>, 4> bits_left_{};
};

}  // namespace pretext::detail
