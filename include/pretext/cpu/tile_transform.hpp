// SPDX-License-Identifier: MIT
// Applies a transform of short lines to both axes of a small square, a vector of channels at a time:
//
//   for a vector of channels:
//     for each column of the square: load it, transform it           In x In -> Out x In
//     for each row: transform it, store it                           Out x In -> Out x Out
#pragma once

#include <algorithm>

#include "pretext/cpu/epilogue.hpp"
#include "pretext/cpu/toom_cook.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::cpu {

/// A small square in memory, whose elements hold channels side by side: element (y, x) begins at
/// data[origin + y * row + x * column]. What is not inside reads as 0 and is not written.
template <class S>
struct Square {
  S* data;
  std::int64_t origin, row, column;
  std::int64_t top = 0, bottom = 8, left = 0, right = 8;  ///< the elements inside

  /// Side by side: planes, or the taps of a kernel.
  static Square regular(S* data, std::int64_t step, std::int64_t side) {
    return {data, 0, side * step, step};
  }

  /// The square of a picture that begins at (y, x), and may hang over its borders.
  static Square of_picture(S* data, std::int64_t high, std::int64_t wide, std::int64_t channels,
                           std::int64_t y, std::int64_t x) {
    return {data, (y * wide + x) * channels, wide * channels, channels, -y, high - y, -x, wide - x};
  }

  Square<const S> read() const { return {data, origin, row, column, top, bottom, left, right}; }

  PRETEXT_INLINE bool inside(std::int64_t y, std::int64_t x) const {
    return top <= y && y < bottom && left <= x && x < right;
  }
  PRETEXT_INLINE S* at(std::int64_t y, std::int64_t x) const {
    return data + (origin + y * row + x * column);
  }
};

/// Memory for the planes of many tiles. Their distance is no multiple of a page, so that one tile's share of
/// all planes has room in the cache.
template <class S>
class Planes {
 public:
  Planes(std::int64_t count, std::int64_t size)
      : step_((size + 63) / 64 * 64 + 16), memory_({count * step_}) {}

  S* operator[](std::int64_t plane) { return memory_.data() + plane * step_; }

  /// The values of one tile, `offset` into each of side x side planes.
  Square<S> tile(std::int64_t offset, std::int64_t side) {
    return Square<S>::regular(memory_.data() + offset, step_, side);
  }

 private:
  std::int64_t step_;
  Tensor<S, Cpu> memory_;
};

/// What one square becomes, and how its channels are read and written.
template <class S>
struct TileJob {
  Square<const S> from;
  Square<S> to;
  std::int64_t channels;
  std::int64_t padded = 0;     ///< so many are written, zeros behind the channels; 0: only the channels
  std::int64_t to_panel = 0;   ///< distance of panels, where the results are written in panels
  const S* bias = nullptr;     ///< added to every result
  Source<S> source = nullptr;  ///< how elements are read; its x is not used
  Epilogue<S> epilogue{};      ///< what becomes of results then
  std::int64_t channel = 0;    ///< which of the epilogue's channels is the first of `to`
};

/// `Step` has the sides `in` and `out`, and apply(from, to, step) for one line.
template <class S, class Step>
struct TileTransform {
  static constexpr int in = Step::in, out = Step::out;
  static constexpr bool narrow_too = false;  // fast convolutions are not worth vectors of 16 bytes

  template <int Bytes>
  PRETEXT_INLINE static void run(const TileJob<S>& job) {
    constexpr std::int64_t n = lanes<S, Bytes>, panel = 2 * n;
    Vector<S, Bytes> tail[in * in], results[out * out];
    for (std::int64_t c = 0; c < std::max(job.channels, job.padded); c += n) {
      const std::int64_t there = job.channels - c,
                         to = job.to_panel == 0 ? c : c / panel * job.to_panel + c % panel;
      Square<const S> from = job.from;
      Square<S> target = job.to;
      from.origin += c;
      target.origin += to;
      if (there < n) {  // the last channels go through memory of their own
        gather<Bytes>(job, c, there, tail);
        from = Square<const S>::regular(reinterpret_cast<const S*>(tail), n, in);
        if (job.padded == 0) target = Square<S>::regular(reinterpret_cast<S*>(results), n, out);
      }
      transform<Bytes>(from, job, c, target);
      if (there < n && job.padded == 0) scatter<Bytes>(results, job, c, there);
    }
  }

 private:
  // One body for all jobs, as it is built for many steps: what is plain is normalised by 0, 1 and 0.
  template <int Bytes>
  PRETEXT_INLINE static void transform(const Square<const S>& from, const TileJob<S>& job, std::int64_t c,
                                       const Square<S>& to) {
    using V = Vector<S, Bytes>;
    const std::int64_t there = job.channels - c;
    V half[out * in], constant{};
    Normalized<V> of;
    of.scale += S(1);
    if constexpr (Step::evaluates)
      if (there >= lanes<S, Bytes> && !job.source.plain()) job.source.template load_channels<true>(of, c, 0);
    for (int x = 0; x < in; ++x) {
      V line[in];
      const bool inside = from.left <= x && x < from.right;
#pragma GCC unroll 8
      for (int y = 0; y < in; ++y) {
        line[y] = V{};
        if (!inside || y < from.top || y >= from.bottom) continue;
        load(line[y], from.at(y, x));
        if constexpr (Step::evaluates) of.evaluate(line[y]);
      }
      Step::apply(line, half + x, in);
    }
    if (job.bias != nullptr)
      load_lanes<false>(constant, job.bias + c, std::min<std::int64_t>(there, lanes<S, Bytes>));
    const ChannelEpilogue<S, Bytes> epilogue(job.epilogue, job.channel + c, there);
    const bool finishes = Step::finishes && !job.epilogue.empty();
    for (int y = 0; y < out; ++y) {
      V result[out];
      Step::apply(half + y * in, result, 1);
      for (int x = 0; x < out; ++x) {
        if (!to.inside(y, x)) continue;
        V v = result[x] + constant;
        if constexpr (Step::finishes)
          if (finishes && job.to.inside(y, x)) epilogue.finish(v, job.to.at(y, x) + c);
        store(to.at(y, x), v);
      }
    }
  }

  template <int Bytes>
  PRETEXT_INLINE static void gather(const TileJob<S>& job, std::int64_t c, std::int64_t there,
                                    Vector<S, Bytes>* to) {
    Normalized<Vector<S, Bytes>> of;
    if (there > 0 && !job.source.plain()) job.source.template load_channels<false>(of, c, there);
    for (int i = 0; i < in * in; ++i) {
      to[i] = Vector<S, Bytes>{};
      if (there <= 0 || !job.from.inside(i / in, i % in)) continue;
      load_lanes<false>(to[i], job.from.at(i / in, i % in) + c, there);
      if constexpr (Step::evaluates)
        if (!job.source.plain()) of.evaluate(to[i]);
    }
  }

  template <int Bytes>
  PRETEXT_INLINE static void scatter(const Vector<S, Bytes>* from, const TileJob<S>& job, std::int64_t c,
                                     std::int64_t there) {
    for (int i = 0; i < out * out; ++i)
      if (job.to.inside(i / out, i % out))
        store_lanes<false>(job.to.at(i / out, i % out) + c, from[i], there);
  }
};

}  // namespace pretext::cpu
