// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "pretext/core/config.hpp"
#include "pretext/cuda/context.hpp"

namespace pretext::cuda {

/// How sums over the rows of a matrix are cut into blocks of threads: a block takes a tile of neighbouring
/// columns and a chunk of the rows. One wave of blocks fills the GPU, so that no block waits for another.
/// Tiles are narrow, a line of the cache, as the last block of each adds up what all its chunks left.
struct ColumnTiles {
  static constexpr int threads = 768;
  static constexpr std::int64_t most_groups = 128;  // of several chunks
  static constexpr int most_packs = 8;              // in a tile, of several elements each

  std::int64_t rows, columns;
  std::int64_t chunk_rows;  ///< in each chunk but the last
  int width;                ///< packs in a tile; a pack is what one thread loads at once
  int tile_columns;         ///< elements in these; the last tile may have fewer
  int groups, chunks;

  /// For packs of so many elements, which divides the columns; there is at least one column.
  ColumnTiles(std::int64_t n, std::int64_t c, int pack) : rows(n), columns(c) {
    const std::int64_t packs = columns / pack, most = pack == 1 ? 64 : most_packs;
    const std::int64_t tiles = (packs + most - 1) / most;
    width = static_cast<int>((packs + tiles - 1) / tiles);
    tile_columns = width * pack;
    groups = static_cast<int>((packs + width - 1) / width);
    const std::int64_t fill = groups > most_groups ? 1 : multiprocessors() / groups;
    const std::int64_t worth = (rows + 4 * lanes() - 1) / (4 * lanes());
    const std::int64_t wanted = std::max<std::int64_t>(1, std::min(fill, worth));
    chunk_rows = std::max<std::int64_t>(1, (rows + wanted - 1) / wanted);
    chunks = static_cast<int>(std::max<std::int64_t>(1, (rows + chunk_rows - 1) / chunk_rows));
  }

  /// Rows that a block takes at once.
  int lanes() const { return threads / width; }
  /// Numbers in the scratch memory of sums of two quantities.
  std::int64_t scratch_size() const { return 2 * chunks * part_columns(); }
  /// Columns of all tiles, were they whole.
  PRETEXT_HD std::int64_t part_columns() const { return std::int64_t{groups} * tile_columns; }
};

/// Elements that a thread can load at once from each of these matrices of so many columns: 16 bytes of them,
/// or one.
template <class T>
int pack_of(std::int64_t columns, const T* a, const T* b = nullptr) {
  constexpr int whole = static_cast<int>(16 / sizeof(T));
  const auto aligned = [](const T* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; };
  return columns % whole == 0 && aligned(a) && aligned(b) ? whole : 1;
}

}  // namespace pretext::cuda
