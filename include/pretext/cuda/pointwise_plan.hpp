// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "pretext/core/config.hpp"
#include "pretext/cuda/context.hpp"

namespace pretext::cuda {

/// Bytes of shared memory that a block of threads can have.
inline std::int64_t shared_memory() {
  static const int bytes = [] {
    int most = 0;
    multiprocessors();
    check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), "asking the GPU");
    return most;
  }();
  return bytes;
}

/// Bytes from one row of so many channels, a multiple of 16, to the next in shared memory: an odd number of
/// pieces of 16 bytes, so that neighbours in eight rows lie in different banks.
PRETEXT_HD constexpr int shared_pitch(int channels) { return (channels / 8 + 1) * 16; }

/// How a forward pass is cut. Warps work by themselves, each on tiles of 32 rows and in passes of
/// 16 * squares output channels.
struct PointwiseForwardPlan {
  static constexpr int tile_rows = 32;

  std::int64_t rows = 0;
  int in = 0, out = 0;
  int depth = 0;                ///< input channels, in whole squares
  int squares = 2, passes = 1;  ///< 2, 4, 5 or 6 squares
  int warps = 0, blocks = 1;

  PointwiseForwardPlan(std::int64_t n, std::int64_t ci, std::int64_t co)
      : rows(n), in(static_cast<int>(ci)), out(static_cast<int>(co)), depth((in + 15) / 16 * 16) {
    const int all = (out + 15) / 16;
    passes = (all + 1) / 2;
    for (const int some : {4, 5, 6})
      if (const int n_passes = (all + some - 1) / some; n_passes * (some + 1) <= passes * (squares + 1))
        squares = some, passes = n_passes;
    warps = static_cast<int>(std::clamp<std::int64_t>((shared_memory() - bytes(0)) / (bytes(1) - bytes(0)), 0,
                                                      most_warps(squares)));
    if (warps > 4) warps -= warps % 4;
    blocks = static_cast<int>(std::clamp<std::int64_t>(tiles(), 1, multiprocessors()));
    warps = static_cast<int>(std::min<std::int64_t>(warps, (tiles() + blocks - 1) / blocks));
  }

  /// In a block, for which there are enough registers.
  static constexpr int most_warps(int squares) { return squares == 6 ? 8 : 12; }

  bool fits() const { return warps > 0; }
  int bytes() const { return bytes(warps); }
  PRETEXT_HD int width() const { return 16 * squares * passes; }
  PRETEXT_HD std::int64_t tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  /// A part comes from one warp: of tile `part`, and every parts()-th after it.
  PRETEXT_HD int parts() const { return warps * blocks; }
  PRETEXT_HD std::int64_t rows_of(int part) const {
    if (part >= tiles()) return 0;
    const std::int64_t last = (tiles() - 1 - part) / parts();
    const bool ragged = part + last * parts() == tiles() - 1;
    return (last + 1) * tile_rows - (ragged ? tiles() * tile_rows - rows : 0);
  }

 private:
  int bytes(int of_warps) const {
    return depth * (shared_pitch(width()) + 12) + of_warps * (8 * width() + tile_rows * shared_pitch(depth));
  }
};

/// How a backward pass is cut. A block of threads works on tiles of 64 rows; it takes a share of the input
/// channels, in 4 * squares_in squares, and all output channels, in 2 * squares_out squares.
struct PointwiseBackwardPlan {
  static constexpr int tile_rows = 64;

  std::int64_t rows = 0;
  int in = 0, out = 0;
  int shares = 1, share = 0;            ///< of the input channels
  int squares_in = 1, squares_out = 2;  ///< 1, 2 or 3, and 2, 3, 5, 6 or 8
  int blocks = 1;                       ///< of each share

  PointwiseBackwardPlan(std::int64_t n, std::int64_t ci, std::int64_t co)
      : rows(n), in(static_cast<int>(ci)), out(static_cast<int>(co)) {
    const int needed = (out + 31) / 32;
    squares_out = needed <= 2 ? 2 : needed == 4 ? 5 : needed == 7 ? 8 : needed;
    const int most = squares_out == 8 ? 128 : 192;
    shares = (in + most - 1) / most;
    share = (in / 8 + shares - 1) / shares * 8;
    squares_in = (share + 63) / 64;
    blocks = static_cast<int>(std::clamp<std::int64_t>(tiles(), 1, std::max(1, multiprocessors() / shares)));
  }

  bool fits() const { return bytes() <= shared_memory(); }
  PRETEXT_HD std::int64_t tiles() const { return (rows + tile_rows - 1) / tile_rows; }
  /// One matrix of weights, dy twice and what its batch norm read, x twice; maps of channels, and sums.
  int bytes() const {
    const int wide_in = 64 * squares_in, wide_out = 32 * squares_out;
    return (wide_in + 3 * tile_rows) * shared_pitch(wide_out) + 2 * tile_rows * shared_pitch(wide_in) +
           4 * (5 * wide_out + 7 * wide_in);
  }
};

}  // namespace pretext::cuda
