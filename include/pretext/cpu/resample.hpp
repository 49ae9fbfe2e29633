// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "pretext/cpu/tile.hpp"

namespace pretext::cpu {

/// What each position along one axis of an upright map is the mean of: as Sampler says it, once for a whole
/// axis.
class AxisWeights {
 public:
  /// Positions 0 to `drawn` of pixels at scale * position + offset, of `size` there are.
  void build(float scale, float offset, int samples, int drawn, std::int32_t size) {
    stride_ = 2 * samples;
    count_ = 0;
    first_ = size;
    last_ = -1;
    const int whole_blocks = (drawn + 3) / 4 * 4;  // what is read with the last position is there too
    pixels_.assign(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(whole_blocks), {0, 0});
    for (int x = 0; x < drawn; ++x) {
      WeightedPixel* at = pixels_.data() + std::int64_t{x} * stride_;
      const int n = weighted_pixels(scale, offset, samples, x, size, at);
      count_ = std::max(count_, n);
      if (n == 0) continue;
      first_ = std::min(first_, at[0].index);
      last_ = std::max(last_, at[n - 1].index);
    }
    for (WeightedPixel& pixel : pixels_)
      if (pixel.weight == 0) pixel.index = first_;
  }

  /// False where nothing is inside: all is black.
  bool any() const { return count_ > 0; }
  /// The range of pixels that take part anywhere.
  std::int32_t first() const { return first_; }
  std::int32_t last() const { return last_; }

  /// The largest number of pixels in a mean; where there are fewer, pixels of weight 0 follow.
  int count() const { return count_; }
  const WeightedPixel* at(int position) const { return pixels_.data() + std::int64_t{position} * stride_; }

 private:
  std::vector<WeightedPixel> pixels_;
  int stride_ = 0, count_ = 0;
  std::int32_t first_ = 0, last_ = -1;
};

/// One row of the tile that an upright map draws: a mean of rows of the picture, then of its columns.
struct UprightRow {
  using Pixel = Vector<float, 16>;  // three channels, and a fourth number that nobody reads

  template <int Count>
  PRETEXT_INLINE static void mean(const WeightedPixel* w, int count, const float* from, Pixel& sum) {
    sum = Pixel{};
    for (int k = 0; k < (Count == 0 ? count : Count); ++k) {
      Pixel rgb;
      load(rgb, from + 3 * std::int64_t{w[k].index});
      sum += rgb * w[k].weight;
    }
  }

  /// `Count` pixels a mean, or any number where it is 0; four means at a time, to three planes.
  template <int Count>
  PRETEXT_INLINE static void columns(const AxisWeights& x, const float* source, float* const (&out)[3],
                                     int width) {
    const int count = x.count();
    const float* from = source - 3 * std::int64_t{x.first()};
    for (int at = 0; at < width; at += 4) {
      Pixel a, b, c, d;
      mean<Count>(x.at(at), count, from, a);
      mean<Count>(x.at(at + 1), count, from, b);
      mean<Count>(x.at(at + 2), count, from, c);
      mean<Count>(x.at(at + 3), count, from, d);
      const Pixel rg_ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                  rg_cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
                  b_ab = __builtin_shufflevector(a, b, 2, 6, 2, 6),
                  b_cd = __builtin_shufflevector(c, d, 2, 6, 2, 6);
      const Pixel red = __builtin_shufflevector(rg_ab, rg_cd, 0, 1, 4, 5),
                  green = __builtin_shufflevector(rg_ab, rg_cd, 2, 3, 6, 7),
                  blue = __builtin_shufflevector(b_ab, b_cd, 0, 1, 4, 5);
      store(out[0] + at, red);
      store(out[1] + at, green);
      store(out[2] + at, blue);
    }
  }

  /// `source` has room for the columns that take part, 3 floats each, and one more float.
  template <int Bytes>
  PRETEXT_INLINE static void run(const ImageView& picture, const AxisWeights& x, const AxisWeights& y,
                                 const int& row, float* const& source, float* const (&out)[3],
                                 const int& width) {
    const std::int64_t channels = picture.channels, pixels = x.last() - x.first() + 1;
    const WeightedPixel* rows = y.at(row);
    for (int k = 0; k < y.count(); ++k) {
      const std::uint8_t* from =
          picture.pixels + (std::int64_t{rows[k].index} * picture.width + x.first()) * channels;
      if (k == 0)
        weigh<false>(from, rows[k].weight, pixels * channels, source);
      else if (rows[k].weight != 0)
        weigh<true>(from, rows[k].weight, pixels * channels, source);
    }
    if (channels == 1)
      for (std::int64_t i = pixels - 1; i >= 0; --i)
        source[3 * i] = source[3 * i + 1] = source[3 * i + 2] = source[i];
    if (x.count() == 1)
      columns<1>(x, source, out, width);
    else if (x.count() == 2)
      columns<2>(x, source, out, width);
    else
      columns<0>(x, source, out, width);
  }
};

}  // namespace pretext::cpu
