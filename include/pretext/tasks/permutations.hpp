// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "pretext/core/random.hpp"
#include "pretext/core/span.hpp"
#include "pretext/core/thread_pool.hpp"

namespace pretext::tasks {

/// What stands at each of the nine places of a puzzle: element p is the tile that place p shows. Tiles and
/// places count from the top left, row by row.
using TilePermutation = std::array<std::uint8_t, 9>;

/// At how many of the nine places two permutations differ: their Hamming distance.
inline int distance(const TilePermutation& a, const TilePermutation& b) {
  int differ = 0;
  for (std::size_t p = 0; p < 9; ++p) differ += a[p] != b[p] ? 1 : 0;
  return differ;
}

/// Which of the remaining permutations joins a set next: the one with the largest mean distance to those in
/// it, or with the largest least distance, among equals by the mean.
enum class Spacing : std::uint8_t { max_avg, max_min };

inline const char* to_string(Spacing spacing) { return spacing == Spacing::max_avg ? "max_avg" : "max_min"; }

struct PermutationOptions {
  std::int64_t count = 1000;  ///< 1 to 10,000
  Spacing spacing = Spacing::max_avg;
  std::uint64_t seed = 0;  ///< of the first one; the others follow from it
};

/// The distances between all pairs of a set.
struct PermutationSpread {
  double mean = 0;
  int least = 9;
};

inline PermutationSpread spread_of(Span<const TilePermutation> set) {
  PermutationSpread spread;
  std::int64_t sum = 0, pairs = 0;
  for (std::size_t i = 0; i < set.size(); ++i)
    for (std::size_t j = 0; j < i; ++j, ++pairs) {
      const int d = distance(set[i], set[j]);
      sum += d;
      spread.least = std::min(spread.least, d);
    }
  if (pairs > 0) spread.mean = static_cast<double>(sum) / static_cast<double>(pairs);
  return spread;
}

namespace detail {

/// Of all permutations in the order of a dictionary, the one of this number.
inline TilePermutation nth_permutation(std::size_t number) {
  std::uint8_t left[9] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  TilePermutation result{};
  std::size_t count = 362880;  // of those that begin as this one
  for (std::size_t p = 0; p < 9; ++p) {
    count /= 9 - p;
    const std::size_t k = number / count % (9 - p);
    result[p] = left[k];
    for (std::size_t i = k; i < 8; ++i) left[i] = left[i + 1];
  }
  return result;
}

/// All 9! permutations, the distances of each to those chosen so far, and the choice of the next one.
class PermutationChooser {
 public:
  explicit PermutationChooser(Spacing spacing)
      : spacing_(spacing),
        tiles_(9 * count),
        least_(count, 9),
        sum_(count, 0),
        best_(static_cast<std::size_t>(blocks)) {
    for (std::size_t i = 0; i < count; ++i) {
      const TilePermutation permutation = nth_permutation(i);
      for (std::size_t p = 0; p < 9; ++p) tiles_[p * count + i] = permutation[p];
    }
  }

  static constexpr std::size_t count = 362880;

  /// Takes note of one more chosen permutation; returns the next, the first of equals.
  std::size_t after(std::size_t chosen) {
    const TilePermutation with = nth_permutation(chosen);
    parallel_for(blocks, 81, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) best_[static_cast<std::size_t>(b)] = update(b, with);
    });
    const auto best = std::max_element(best_.begin(), best_.end());
    auto at = static_cast<std::size_t>(best - best_.begin()) * block;
    while (score(at) != *best) ++at;
    return at;
  }

 private:
  static constexpr std::int64_t block = 64, blocks = static_cast<std::int64_t>(count) / block;

  /// What the next one has most of; 0 for one that is chosen already. Sums stay below 9 * 10,000.
  std::uint32_t score(std::size_t i) const {
    const std::uint32_t least = least_[i];
    return least == 0 ? 0 : sum_[i] + (spacing_ == Spacing::max_min ? least << 20 : 0);
  }

  /// The best score of a block. Loops of fixed lengths, which become vectors.
  std::uint32_t update(std::int64_t b, const TilePermutation& with) {
    const auto first = static_cast<std::size_t>(b * block);
    std::uint8_t differ[block] = {}, *const least = least_.data() + first;
    std::uint32_t* const sum = sum_.data() + first;
    for (std::size_t p = 0; p < 9; ++p) {
      const std::uint8_t *tile = tiles_.data() + p * count + first, other = with[p];
      for (int i = 0; i < block; ++i) differ[i] = static_cast<std::uint8_t>(differ[i] + (tile[i] != other));
    }
    for (int i = 0; i < block; ++i) least[i] = std::min(least[i], differ[i]);
    for (int i = 0; i < block; ++i) sum[i] += differ[i];
    const std::uint32_t shift = spacing_ == Spacing::max_min ? 20 : 0, mask = shift == 0 ? 0 : ~0U;
    std::uint32_t best = 0;
    for (int i = 0; i < block; ++i) {
      const std::uint32_t of_least = (std::uint32_t{least[i]} << shift) & mask,
                          free = least[i] == 0 ? 0 : ~0U;
      best = std::max(best, (of_least + sum[i]) & free);
    }
    return best;
  }

  Spacing spacing_;
  std::vector<std::uint8_t> tiles_, least_;  // tiles_[place, permutation]
  std::vector<std::uint32_t> sum_;
  std::vector<std::uint32_t> best_;  // score of each block
};

}  // namespace detail

/// As many as a set may have: Goyal et al. (ICCV 2019) go as far.
inline constexpr std::int64_t most_permutations = 10000;

/// A set of permutations that are far apart, so that no two puzzles look alike (Noroozi and Favaro, ECCV
/// 2016): the first at random, then greedily by the spacing. A function of the options alone; a set is the
/// beginning of every larger one.
inline std::vector<TilePermutation> tile_permutations(const PermutationOptions& options) {
  require(options.count >= 1 && options.count <= most_permutations,
          "permutations: their number must be 1 to ", most_permutations, ", not ", options.count);
  detail::PermutationChooser chooser(options.spacing);
  std::vector<TilePermutation> set;
  std::size_t next = Rng(options.seed, Use::permutations).below(detail::PermutationChooser::count);
  while (true) {
    set.push_back(detail::nth_permutation(next));
    if (static_cast<std::int64_t>(set.size()) == options.count) return set;
    next = chooser.after(next);
  }
}

}  // namespace pretext::tasks
