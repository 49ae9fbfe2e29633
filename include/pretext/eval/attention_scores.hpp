// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "pretext/eval/attention.hpp"
#include "pretext/eval/protocol.hpp"

namespace pretext::eval {

/// What the name of a measure ends with that compares maps of different pictures.
inline constexpr const char* by_chance = " by chance";

inline constexpr double undefined_score = std::numeric_limits<double>::quiet_NaN();

namespace detail {

inline void require_same_cells(Span<const float> a, Span<const float> b) {
  require(!a.empty() && a.size() == b.size(), "attention: maps of ", a.size(), " and ", b.size(),
          " cells cannot be compared");
}

/// The rank of each value less the mean rank; equal values share their mean rank.
inline std::vector<double> centred_ranks(Span<const float> values) {
  const std::size_t n = values.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return values[i] < values[j]; });
  std::vector<double> ranks(n);
  for (std::size_t first = 0, last = 0; first < n; first = last) {
    while (last < n && values[order[last]] == values[order[first]]) ++last;
    const double rank = 0.5 * (static_cast<double>(first + last) - static_cast<double>(n));
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

/// How much of each cell, 0 to 1, belongs to the `share` of all cells that are the largest: cells as large as
/// the last one in have equal parts.
inline std::vector<double> top_cells(Span<const float> map, double share) {
  require(!map.empty() && share > 0 && share <= 1, "attention: the top ", share, " of ", map.size(),
          " cells; expected a share above 0 and at most 1");
  const double room = share * static_cast<double>(map.size());
  std::vector<float> values(map.begin(), map.end());
  const auto last = values.begin() + static_cast<std::ptrdiff_t>(std::ceil(room)) - 1;
  std::nth_element(values.begin(), last, values.end(), [](float a, float b) { return a > b; });
  const float threshold = *last;
  const auto above = std::count_if(map.begin(), map.end(), [&](float v) { return v > threshold; }),
             tied = std::count(map.begin(), map.end(), threshold);
  const double part = (room - static_cast<double>(above)) / static_cast<double>(tied);
  std::vector<double> weights;
  for (const float value : map) weights.push_back(value > threshold ? 1 : value == threshold ? part : 0);
  return weights;
}

}  // namespace detail

/// Spearman's rank correlation of two maps over the same cells, -1 to 1; equal values share their mean rank.
/// NaN where a map is constant.
inline double rank_correlation(Span<const float> a, Span<const float> b) {
  detail::require_same_cells(a, b);
  const std::vector<double> p = detail::centred_ranks(a), q = detail::centred_ranks(b);
  const double across = std::inner_product(p.begin(), p.end(), q.begin(), 0.0),
               of_a = std::inner_product(p.begin(), p.end(), p.begin(), 0.0),
               of_b = std::inner_product(q.begin(), q.end(), q.begin(), 0.0);
  return of_a > 0 && of_b > 0 ? across / std::sqrt(of_a * of_b) : undefined_score;
}

/// How much of the top `share` of the cells of one map is in that of the other, 0 to 1: about `share` for
/// maps that have nothing to do with each other. Cells count in part where ties or a share that is no whole
/// number of cells ask for it.
inline double top_overlap(Span<const float> a, Span<const float> b, double share = 0.1) {
  detail::require_same_cells(a, b);
  const std::vector<double> p = detail::top_cells(a, share), q = detail::top_cells(b, share);
  double common = 0;
  for (std::size_t i = 0; i < p.size(); ++i) common += std::min(p[i], q[i]);
  return common / (share * static_cast<double>(p.size()));
}

/// How much of the sum of a map >= 0 lies in the top `share` of its cells: from `share` for a constant map to
/// 1 for a single spot. Cells count in part as in top_overlap(). NaN for a map of zeros.
inline double concentration(Span<const float> map, double share = 0.1) {
  const std::vector<double> weights = detail::top_cells(map, share);
  const double inside = std::inner_product(map.begin(), map.end(), weights.begin(), 0.0),
               all = std::accumulate(map.begin(), map.end(), 0.0);
  return all > 0 ? inside / all : undefined_score;
}

/// sum |a - b| / sum (a + b) of two maps >= 0: 0 for equal maps, 1 for maps without a cell in common. NaN for
/// two maps of zeros.
inline double map_difference(Span<const float> a, Span<const float> b) {
  detail::require_same_cells(a, b);
  double apart = 0, all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += std::abs(static_cast<double>(a[i]) - b[i]);
    all += static_cast<double>(a[i]) + b[i];
  }
  return all > 0 ? apart / all : undefined_score;
}

/// A number that maps are measured by, for every picture of a set.
struct AttentionScore {
  std::string measure{};
  std::vector<double> of_picture{};  ///< NaN where it is not defined

  /// Over the pictures for which it is defined; count 0 and NaN where there are none.
  Spread over_pictures() const {
    std::vector<double> defined;
    for (const double value : of_picture)
      if (std::isfinite(value)) defined.push_back(value);
    if (!defined.empty()) return spread(defined);
    return {0, undefined_score, undefined_score, {undefined_score, undefined_score}};
  }
};

namespace detail {

inline Span<const float> map_of(const Tensor<float, Cpu>& maps, std::int64_t i) {
  const auto cells = static_cast<std::size_t>(maps.shape().row_size());
  return {maps.data() + i * maps.shape().row_size(), cells};
}

/// score(a, b) of maps of the same pictures, then "by chance": of maps of different ones, each picture's and
/// the next one's.
template <class Score>
void add_pairs(std::vector<AttentionScore>& scores, const std::string& measure, const Tensor<float, Cpu>& a,
               const Tensor<float, Cpu>& b, Score&& score) {
  const std::int64_t n = a.dim(0);
  AttentionScore same{.measure = measure}, other{.measure = measure + by_chance};
  for (std::int64_t i = 0; i < n; ++i) {
    same.of_picture.push_back(score(map_of(a, i), map_of(b, i)));
    other.of_picture.push_back(n > 1 ? score(map_of(a, i), map_of(b, (i + 1) % n)) : undefined_score);
  }
  scores.push_back(std::move(same));
  scores.push_back(std::move(other));
}

}  // namespace detail

/// What a map of each picture says by itself: its concentration; and its equivariance error, the mean over
/// the three turns of map_difference() between the map of the turned picture, turned back, and that of the
/// picture, with the same between different pictures, "by chance", to compare with.
inline std::vector<AttentionScore> attention_scores(const Attention& network, double share = 0.1) {
  const Tensor<float, Cpu>& upright = network.maps[0];
  std::vector<AttentionScore> scores{{.measure = "concentration"}};
  for (std::int64_t i = 0; i < upright.dim(0); ++i)
    scores[0].of_picture.push_back(concentration(detail::map_of(upright, i), share));
  std::vector<AttentionScore> turns;
  for (int k = 1; k < 4; ++k)
    detail::add_pairs(turns, "equivariance error", turned(network.maps[static_cast<std::size_t>(k)], 4 - k),
                      upright, map_difference);
  for (std::size_t kind = 0; kind < 2; ++kind) {
    AttentionScore mean = turns[kind];
    for (std::size_t i = 0; i < mean.of_picture.size(); ++i)
      mean.of_picture[i] =
          (turns[kind].of_picture[i] + turns[kind + 2].of_picture[i] + turns[kind + 4].of_picture[i]) / 3;
    scores.push_back(std::move(mean));
  }
  return scores;
}

/// How far a network attends to what another does: rank_correlation() and top_overlap() with its maps of the
/// same pictures and, "by chance", of the next ones. Maps of two sizes are first drawn at the larger one.
inline std::vector<AttentionScore> attention_agreement(const Attention& network, const Attention& reference,
                                                       double share = 0.1) {
  Tensor<float, Cpu> a = network.maps[0], b = reference.maps[0];
  require(a.dim(0) == b.dim(0), "attention: maps of ", a.dim(0), " pictures and of ", b.dim(0));
  if (a.shape() != b.shape()) {
    const std::int64_t height = std::max(a.dim(1), b.dim(1)), width = std::max(a.dim(2), b.dim(2));
    a = resize_maps(a, height, width);
    b = resize_maps(b, height, width);
  }
  std::vector<AttentionScore> scores;
  detail::add_pairs(scores, "rank correlation", a, b, rank_correlation);
  detail::add_pairs(scores, "top overlap", a, b, [&](auto p, auto q) { return top_overlap(p, q, share); });
  return scores;
}

}  // namespace pretext::eval
