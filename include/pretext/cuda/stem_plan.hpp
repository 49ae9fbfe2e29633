// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "pretext/cuda/pointwise_plan.hpp"
#include "pretext/ops/conv2d.hpp"

namespace pretext::cuda {

/// How a convolution of pictures of few channels is cut into tiles of `rows` whole rows of one picture's
/// output. Its depth are the taps of one kernel row after another, each padded to whole pairs of neighbours
/// in memory, and all to whole squares.
struct StemTiles {
  int n, h, w, ci, kh, kw, co, oh, ow, stride, padding;
  int rows = 0;    ///< of the output in a tile; none: it does not fit
  int blocks = 1;  ///< of threads

  explicit StemTiles(const ops::ConvShape& s)
      : n(static_cast<int>(s.n)),
        h(static_cast<int>(s.h)),
        w(static_cast<int>(s.w)),
        ci(static_cast<int>(s.ci)),
        kh(static_cast<int>(s.kh)),
        kw(static_cast<int>(s.kw)),
        co(static_cast<int>(s.co)),
        oh(static_cast<int>(s.oh)),
        ow(static_cast<int>(s.ow)),
        stride(static_cast<int>(s.window.stride)),
        padding(static_cast<int>(s.window.padding)) {}

  /// Whether the extents are what this is for, and small enough for int.
  static bool takes(const ops::ConvShape& s) {
    const auto within = [](std::int64_t low, std::int64_t v, std::int64_t high) {
      return low <= v && v <= high;
    };
    const std::int64_t most = std::int64_t{1} << 15;
    return s.groups == 1 && s.window.dilation == 1 && within(1, s.ci, 4) && within(8, s.co, 256) &&
           s.co % 8 == 0 && within(1, s.kh, 11) && within(1, s.kw, 11) && within(1, s.h, most) &&
           within(1, s.w, most) && within(1, s.window.stride, most) && within(0, s.window.padding, 1024) &&
           within(1, s.n, std::numeric_limits<int>::max() / (2 * s.oh));
  }

  bool fits() const { return rows > 0; }

  PRETEXT_HD int taps() const { return kw * ci; }  ///< of a kernel row
  PRETEXT_HD int pairs() const { return (taps() + 1) / 2; }
  PRETEXT_HD int depth() const { return (2 * kh * pairs() + 15) / 16 * 16; }

  PRETEXT_HD int tiles_a_picture() const { return (oh + rows - 1) / rows; }
  PRETEXT_HD int tiles() const { return n * tiles_a_picture(); }
  PRETEXT_HD int pixels() const { return rows * ow; }  ///< of the output in a tile, if it has all rows
  PRETEXT_HD int pixels_of(int tile) const {
    const int left = oh - tile % tiles_a_picture() * rows;
    return (left < rows ? left : rows) * ow;
  }
  /// Of the output: the first pixel of a tile.
  PRETEXT_HD std::int64_t first_pixel(int tile) const {
    return (std::int64_t{tile / tiles_a_picture()} * oh + tile % tiles_a_picture() * rows) * ow;
  }

  // The input rows of a tile in shared memory lie there twice, the second time one element to the left, so
  // that any two neighbours are one word of one of them.
  PRETEXT_HD int input_rows() const { return (rows - 1) * stride + kh; }
  /// Where the picture begins in a row.
  PRETEXT_HD int margin() const { return padding * ci / 8 * 8 + 8; }
  /// From where the picture begins to where the first window does.
  PRETEXT_HD int first_window() const { return margin() - padding * ci; }
  PRETEXT_HD int pitch() const {
    const int picture = margin() + (w * ci + 7) / 8 * 8,
              windows = first_window() + ((ow - 1) * stride + kw) * ci + 1;
    return ((picture > windows ? picture : windows) + 7) / 8 * 8;
  }
  /// From one copy to the other, in elements: half of all banks apart.
  PRETEXT_HD int copy() const { return (input_rows() * pitch() + 31) / 64 * 64 + 32; }
  PRETEXT_HD int input_bytes() const { return 4 * copy(); }

 protected:
  /// Takes the rows with which the blocks, at most so many on a multiprocessor for each of `shares`, end
  /// first: work(rows) says how long a tile takes, bytes(rows) what shared memory a block needs.
  template <class Plan>
  static void choose_rows(Plan& plan, int most_blocks, int shares) {
    for (int some = most_blocks; some > 0; --some) {
      const std::int64_t room = shared_memory() / some - (some - 1) * 512;
      const int slots = std::max(1, multiprocessors() * some / shares);
      std::int64_t least = std::numeric_limits<std::int64_t>::max();
      int best = 0;
      for (plan.rows = 1; plan.rows <= plan.oh; ++plan.rows) {
        if (plan.bytes() > room || (plan.rows > 1 && plan.pixels() > 1024)) break;
        const std::int64_t cost = (plan.tiles() + slots - 1) / slots * plan.work();
        if (cost < least) least = cost, best = plan.rows;
      }
      plan.rows = best;
      if (best == 0) continue;
      plan.blocks = std::min(plan.tiles(), slots);
      return;
    }
  }
};

/// Warps take parts of 32 pixels of a tile, in passes of 16 * squares output channels.
struct StemForwardPlan : StemTiles {
  static constexpr int part = 32, most_warps = 8;

  int squares = 1, passes = 1;  ///< at most 4 squares
  int warps = 0;

  explicit StemForwardPlan(const ops::ConvShape& s) : StemTiles(s) {
    const int all = (co + 15) / 16;
    passes = all;
    for (const int some : {2, 3, 4})
      if (const int n_passes = (all + some - 1) / some; n_passes * (some + 1) <= passes * (squares + 1))
        squares = some, passes = n_passes;
    choose_rows(*this, 2, 1);
    const int rounds = (parts() + most_warps - 1) / most_warps;
    warps = rounds == 0 ? 0 : (parts() + rounds - 1) / rounds;
  }

  PRETEXT_HD int width() const { return 16 * squares * passes; }
  PRETEXT_HD int parts() const { return (pixels() + part - 1) / part; }
  std::int64_t work() const { return std::int64_t{parts()} * part * co + 2 * input_rows() * w * ci + 8192; }
  /// Weights, where they are in the input, sums of each warp, input.
  int bytes() const {
    return depth() * (shared_pitch(width()) + 4) + most_warps * (8 * width() + 4) + input_bytes();
  }
};

/// A block of threads takes chunks of 64 pixels and a share of the depth, in squares; each of its warps takes
/// all of the share and 8 * columns output channels.
struct StemGradientPlan : StemTiles {
  static constexpr int chunk = 64, warps = 8;

  int columns, squares, shares;

  explicit StemGradientPlan(const ops::ConvShape& s) : StemTiles(s) {
    const int all = depth() / 16;
    columns = (co + 8 * warps - 1) / (8 * warps);
    const int most = columns == 1 ? 10 : columns == 2 ? 8 : 5;
    squares = all <= 2 ? 2 : all <= 5 ? 5 : most;
    shares = (all + squares - 1) / squares;
    choose_rows(*this, most_blocks(columns, squares), shares);
  }

  /// On a multiprocessor, for which there are enough registers.
  static constexpr int most_blocks(int of_columns, int of_squares) {
    return of_columns * of_squares <= 15 ? 2 : 1;
  }

  PRETEXT_HD int width() const { return 8 * warps * columns; }
  PRETEXT_HD int share() const { return 16 * squares; }
  PRETEXT_HD int chunks() const { return (pixels() + chunk - 1) / chunk; }
  PRETEXT_HD int chunks_of(int tile) const { return (pixels_of(tile) + chunk - 1) / chunk; }
  std::int64_t work() const {
    return std::int64_t{chunks()} * chunk * (co + share()) + 2 * input_rows() * w * ci + 8192;
  }
  /// dy twice and what its batch norm read, windows, maps of channels, where pixels and windows are, input.
  int bytes() const {
    return 3 * chunk * shared_pitch(width()) + chunk * shared_pitch(share()) + 20 * width() +
           4 * (chunks() * chunk + share()) + input_bytes();
  }
};

}  // namespace pretext::cuda
