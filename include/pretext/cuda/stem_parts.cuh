// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cuda/pointwise_backward.cuh"
#include "pretext/cuda/stem.hpp"

// What both passes of a stem share: the input rows of a tile in shared memory, and where windows are there.
namespace pretext::cuda::stem {

using namespace pointwise;

/// One pair of a window's taps: how many bytes after the window's begin, and which bits of it are taps.
struct Pair {
  unsigned offset, mask;
};

__device__ inline Pair pair_of(const StemTiles& tiles, int pair) {
  const int row = pair / tiles.pairs(), at = pair % tiles.pairs() * 2;
  if (row >= tiles.kh) return {0, 0};
  return {static_cast<unsigned>(row * tiles.pitch() + at) * 2,
          at + 1 < tiles.taps() ? 0xFFFFFFFF : 0x0000FFFF};
}

/// Which row of the weights lies at some depth; -1: none.
__device__ inline int weight_row(const StemTiles& tiles, int depth) {
  const int row = depth / 2 / tiles.pairs(), at = depth / 2 % tiles.pairs() * 2 + depth % 2;
  return row < tiles.kh && at < tiles.taps() ? row * tiles.taps() + at : -1;
}

/// The window of a tile's pixel: at how many bytes it begins.
__device__ inline unsigned window_of(const StemTiles& tiles, int pixel) {
  const int element = pixel / tiles.ow * tiles.stride * tiles.pitch() +
                      pixel % tiles.ow * tiles.stride * tiles.ci + tiles.first_window();
  return static_cast<unsigned>(2 * element + (element % 2 == 0 ? 0 : 2 * tiles.copy() - 2));
}

__device__ __forceinline__ unsigned load_pair(const unsigned char* windows, unsigned window, Pair pair) {
  return *reinterpret_cast<const unsigned*>(windows + window + pair.offset) & pair.mask;
}

/// Zeros in both copies of a tile's input, which stay around the pictures.
__device__ inline void clear_input(const StemTiles& tiles, unsigned char* input) {
  for (int i = static_cast<int>(threadIdx.x); i < tiles.input_bytes() / 16; i += static_cast<int>(blockDim.x))
    reinterpret_cast<uint4*>(input)[i] = make_uint4(0, 0, 0, 0);
}

template <int N>
__device__ __forceinline__ void load_input_by(const StemTiles& tiles, const bf16* x, int tile,
                                              unsigned char* input) {
  using Values = Pack<bf16, N>;
  const int width = tiles.w * tiles.ci, pieces = width / N, pitch = tiles.pitch(), copy = tiles.copy(),
            first = tile % tiles.tiles_a_picture() * tiles.rows * tiles.stride - tiles.padding;
  const bf16* const picture = x + std::int64_t{tile / tiles.tiles_a_picture()} * tiles.h * width;
  bf16* const begin = reinterpret_cast<bf16*>(input) + tiles.margin();
  const int threads = static_cast<int>(blockDim.x), all = tiles.input_rows() * pieces;
  for (int i = static_cast<int>(threadIdx.x); i < all; i += threads) {
    const int row = i / pieces, column = i % pieces * N, h = first + row;
    Values values = {}, shifted = {};
    if (h >= 0 && h < tiles.h) {
      const bf16* const from = picture + std::int64_t{h} * width + column;
      values = *reinterpret_cast<const Values*>(from);
#pragma unroll
      for (int k = 0; k + 1 < N; ++k) shifted.v[k] = values.v[k + 1];
      if (column + N < width) shifted.v[N - 1] = from[N];
    }
    bf16* const to = begin + row * pitch + column;
    *reinterpret_cast<Values*>(to) = values;
    *reinterpret_cast<Values*>(to + copy) = shifted;
    if (column == 0) to[copy - 1] = values.v[0];
  }
}

/// Loads the input rows of a tile, with zeros in place of those outside of the picture.
__device__ __forceinline__ void load_input(const StemTiles& tiles, const bf16* x, bool packs, int tile,
                                           unsigned char* input) {
  if (packs)
    load_input_by<8>(tiles, x, tile, input);
  else
    load_input_by<1>(tiles, x, tile, input);
}

}  // namespace pretext::cuda::stem
