// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "pretext/cpu/vector.hpp"
#include "pretext/image/gaussian.hpp"
#include "pretext/image/normalization.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::cpu {

/// Loops over pixels run in blocks of so many, a constant, so that compilers make vectors of them.
inline constexpr int pixel_block = 16;

/// Rows of a view in scratch memory: three planes of float, each row filled up to whole blocks.
class Tile {
 public:
  /// Room for [height, width] pixels; what was there is lost.
  void resize(int height, int width) {
    height_ = height;
    width_ = width;
    stride_ = (width + pixel_block - 1) / pixel_block * pixel_block;
    if (values_.size() < 3 * plane()) values_ = Tensor<float, Cpu>({3 * plane()});
  }

  int height() const { return height_; }
  int width() const { return width_; }
  /// Floats from row to row, and of one channel.
  std::int64_t stride() const { return stride_; }
  std::int64_t plane() const { return stride_ * height_; }

  float* row(int channel, int y) { return values_.data() + channel * plane() + y * stride_; }
  const float* row(int channel, int y) const { return values_.data() + channel * plane() + y * stride_; }

 private:
  int height_ = 0, width_ = 0;
  std::int64_t stride_ = 0;
  Tensor<float, Cpu> values_;
};

/// A step of color.hpp or lab.hpp on `count` pixels, whole blocks of them.
template <class Step>
struct ColorLoop {
  template <int Bytes>
  PRETEXT_INLINE static void run(const Step& step, float* const& red, float* const& green, float* const& blue,
                                 const std::int64_t& count) {
    const Step local = step;
    float* __restrict r = red, * __restrict g = green, * __restrict b = blue;
    for (std::int64_t block = 0; block < count; block += pixel_block)
      for (std::int64_t i = block; i < block + pixel_block; ++i) local(r[i], g[i], b[i]);
  }
};

/// to[i] = weight * from[i] for all i < count, or added to what is there.
template <bool Add, class T>
PRETEXT_INLINE void weigh(const T* source, float weight, std::int64_t count, float* out) {
  const T* __restrict from = source;
  float* __restrict to = out;
  constexpr int block = 2 * pixel_block;
  std::int64_t i = 0;
  for (; i + block <= count; i += block)
    for (int k = 0; k < block; ++k)
      to[i + k] = (Add ? to[i + k] : 0) + weight * static_cast<float>(from[i + k]);
  for (; i < count; ++i) to[i] = (Add ? to[i] : 0) + weight * static_cast<float>(from[i]);
}

/// One pass of a blur over one row: out = the sum of weight[k] * in[k].
struct BlurRow {
  template <int Bytes>
  PRETEXT_INLINE static void run(const Gaussian& g, const float* const* const& in, const std::int64_t& count,
                                 float* const& out) {
    weigh<false>(in[0], g.weight[0], count, out);
    for (int k = 1; k <= 2 * g.radius; ++k) weigh<true>(in[k], g.weight[k], count, out);
  }
};

/// Blurs a tile; `scratch` becomes the result of the first pass.
inline void blur(const Gaussian& g, Tile& tile, Tile& scratch) {
  const int width = tile.width(), height = tile.height();
  scratch.resize(height, width);
  std::vector<float> padded(static_cast<std::size_t>(tile.stride() + 2 * g.radius));
  const float* rows[2 * max_blur_radius + 1];
  for (int c = 0; c < 3; ++c) {
    for (int k = 0; k <= 2 * g.radius; ++k) rows[k] = padded.data() + k;
    for (int y = 0; y < height; ++y) {
      const float* row = tile.row(c, y);
      for (int x = -g.radius; x < static_cast<int>(tile.stride()) + g.radius; ++x)
        padded[static_cast<std::size_t>(x + g.radius)] = row[std::clamp(x, 0, width - 1)];
      dispatch<BlurRow>(g, &rows[0], tile.stride(), scratch.row(c, y));
    }
    for (int y = 0; y < height; ++y) {
      for (int k = 0; k <= 2 * g.radius; ++k)
        rows[k] = scratch.row(c, std::clamp(y + k - g.radius, 0, height - 1));
      dispatch<BlurRow>(g, &rows[0], tile.stride(), tile.row(c, y));
    }
  }
}

/// The sum of (value - centre)^Power over one row, in double: exact for a row of one value.
template <int Power>
double row_sum(const float* row, int width, double centre) {
  double sums[8] = {};
  for (int x = 0; x < width; ++x) {
    const double d = static_cast<double>(row[x]) - centre;
    sums[x & 7] += Power == 1 ? d : d * d;
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

inline TileMoments moments_of(const Tile& tile) {
  TileMoments m;
  const double count = static_cast<double>(tile.height()) * tile.width();
  for (int c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (int y = 0; y < tile.height(); ++y) sum += row_sum<1>(tile.row(c, y), tile.width(), 0);
    const double mean = sum / count;
    for (int y = 0; y < tile.height(); ++y) squares += row_sum<2>(tile.row(c, y), tile.width(), mean);
    m.mean[c] = static_cast<float>(mean);
    m.variance[c] = static_cast<float>(squares / count);
  }
  return m;
}

}  // namespace pretext::cpu
