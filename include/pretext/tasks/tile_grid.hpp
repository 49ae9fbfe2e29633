// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "pretext/core/error.hpp"
#include "pretext/core/random.hpp"
#include "pretext/image/view.hpp"

namespace pretext::tasks {

/// Square cells side by side, and in each a smaller tile that moves: what a network sees of them has gaps
/// between, so that no edge goes on from one tile to the next. Lengths are pixels.
struct TileGrid {
  int rows = 3, columns = 3;
  int tile = 64;          ///< side of a tile
  int gap = 21;           ///< between tiles on average: cells are tile + gap wide
  int jitter = 21;        ///< a tile lies at one of jitter + 1 places on each axis; at most the gap
  int channel_shift = 0;  ///< each colour channel is moved by up to so much more, within the jitter

  PRETEXT_HD int cell() const { return tile + gap; }
  PRETEXT_HD int cells() const { return rows * columns; }
  PRETEXT_HD int height() const { return rows * cell(); }
  PRETEXT_HD int width() const { return columns * cell(); }

  /// The tile of a cell, anywhere that its jitter allows; cells count row by row. `map` leads from the grid
  /// to the picture. No channel of two tiles ever shows the same pixel of the grid.
  PRETEXT_HD View tile_of(int number, const Affine& map, Rng& rng) const {
    const int first = (gap - jitter) / 2, last = first + jitter - channel_shift;
    const int x = rng.between(first, last), y = rng.between(first, last);
    View view{.map = map.after(corner(number, x, y))};
    for (int c = 0; c < 3 && channel_shift > 0; ++c) {
      view.shift_x[c] = static_cast<std::int8_t>(rng.between(0, channel_shift));
      view.shift_y[c] = static_cast<std::int8_t>(rng.between(0, channel_shift));
    }
    return view;
  }

  /// Throws where tiles cannot lie so; `task` says whose.
  void check(std::string_view task) const {
    require(rows >= 1 && columns >= 1 && rows <= 64 && columns <= 64, task, ": a grid of ", rows, " x ",
            columns, " cells; each must be 1 to 64");
    require(tile >= 1 && tile <= 4096, task, ": tiles must be 1 to 4096 pixels wide, not ", tile);
    require(gap >= 0 && gap <= 4096, task, ": the gap must be 0 to 4096 pixels, not ", gap);
    require(jitter >= 0 && jitter <= gap, task, ": tiles that move over ", jitter,
            " pixels would overlap; the jitter is at most the gap, which is ", gap);
    require(channel_shift >= 0 && channel_shift <= jitter && channel_shift < 128, task,
            ": a channel shift of ", channel_shift, " is not within the jitter, which is ", jitter,
            ", and below 128");
  }

 private:
  PRETEXT_HD Affine corner(int number, int x, int y) const {
    return moved(static_cast<float>(number % columns * cell() + x),
                 static_cast<float>(number / columns * cell() + y));
  }
};

}  // namespace pretext::tasks
