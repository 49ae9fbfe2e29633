// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "pretext/core/span.hpp"
#include "pretext/data/dataset.hpp"
#include "pretext/image/lab.hpp"

// Colours as classes, after Zhang, Isola and Efros (ECCV 2016): the plane of a and b of CIE-Lab in squares of
// 10 x 10, of which 313 hold colours that a screen can show.
namespace pretext::tasks {

/// The chromatic part of a colour in CIE-Lab.
struct Ab {
  float a = 0, b = 0;
};

inline constexpr int ab_grid = 10, ab_bin_count = 313;

/// The bins with one a: their b goes from `low` to `high` by the grid.
struct AbColumn {
  int a, low, high;
};

inline constexpr AbColumn ab_columns[] = {{-90, 50, 90},   {-80, 20, 90},   {-70, 0, 90},    {-60, -20, 90},
                                          {-50, -30, 100}, {-40, -40, 100}, {-30, -50, 100}, {-20, -50, 100},
                                          {-10, -60, 100}, {0, -70, 100},   {10, -80, 90},   {20, -80, 90},
                                          {30, -90, 90},   {40, -100, 90},  {50, -100, 80},  {60, -110, 80},
                                          {70, -110, 80},  {80, -110, 70},  {90, -110, 70},  {100, -90, 0}};

namespace detail {

constexpr std::array<Ab, ab_bin_count> list_ab_bins() {
  std::array<Ab, ab_bin_count> bins{};
  std::size_t i = 0;
  for (const AbColumn& column : ab_columns)
    for (int b = column.low; b <= column.high; b += ab_grid)
      bins[i++] = {static_cast<float>(column.a), static_cast<float>(b)};
  return bins;
}

/// The number of the first bin of each column.
constexpr auto first_ab_bins() {
  std::array<std::int32_t, std::size(ab_columns)> first{};
  for (std::size_t i = 1; i < first.size(); ++i)
    first[i] = first[i - 1] + (ab_columns[i - 1].high - ab_columns[i - 1].low) / ab_grid + 1;
  return first;
}

inline float squared_distance(Ab x, Ab y) { return (x.a - y.a) * (x.a - y.a) + (x.b - y.b) * (x.b - y.b); }

}  // namespace detail

/// The centres of the bins, by a and then by b.
inline constexpr std::array<Ab, ab_bin_count> ab_bins = detail::list_ab_bins();

/// The bin whose centre is nearest; of two that are equally near, the first.
inline std::int32_t nearest_ab_bin(Ab color) {
  constexpr auto first = detail::first_ab_bins();
  const float across = std::ceil(color.a / ab_grid - 0.5F),
              up = std::ceil(color.b / ab_grid - 0.5F) * ab_grid;
  if (across >= -9 && across <= 10) {
    const auto i = static_cast<std::size_t>(across + 9);
    const AbColumn& column = ab_columns[i];
    if (up >= static_cast<float>(column.low) && up <= static_cast<float>(column.high))
      return first[i] + (static_cast<int>(up) - column.low) / ab_grid;
  }
  std::int32_t best = 0;
  for (std::int32_t q = 1; q < ab_bin_count; ++q)
    if (detail::squared_distance(color, ab_bins[static_cast<std::size_t>(q)]) <
        detail::squared_distance(color, ab_bins[static_cast<std::size_t>(best)]))
      best = q;
  return best;
}

/// bins[k] = the k bins nearest to a colour, nearest first, and shares[k] = what a Gaussian of deviation
/// `sigma` around the colour gives to each, made to sum to 1.
template <class T>
void encode_ab(Ab color, float sigma, Span<std::int32_t> bins, Span<T> shares) {
  const std::size_t k = bins.size();
  require(k >= 1 && k <= ab_bin_count && shares.size() == k, "encode_ab: ", k, " bins and ", shares.size(),
          " shares; expected as many of both, 1 to ", ab_bin_count);
  std::array<float, ab_bin_count> near;  // squared distances of the nearest so far, in order
  std::size_t found = 0;
  for (std::int32_t q = 0; q < ab_bin_count; ++q) {
    const float distance = detail::squared_distance(color, ab_bins[static_cast<std::size_t>(q)]);
    if (found == k && !(distance < near[k - 1])) continue;
    std::size_t at = found < k ? found++ : k - 1;
    for (; at > 0 && distance < near[at - 1]; --at) near[at] = near[at - 1], bins[at] = bins[at - 1];
    near[at] = distance;
    bins[at] = q;
  }
  double sum = 0;  // of shares of the nearest, so that colours far from all bins have a sum too
  const auto share = [&](std::size_t i) {
    return std::exp(-static_cast<double>(near[i] - near[0]) / (2.0 * static_cast<double>(sigma * sigma)));
  };
  for (std::size_t i = 0; i < k; ++i) sum += share(i);
  for (std::size_t i = 0; i < k; ++i) shares[i] = static_cast<T>(share(i) / sum);
}

/// The colour that one row of 313 logits stands for: the mean of the bins' centres under softmax(logits /
/// temperature), which lies between the mode (0) and the mean (1) of what is predicted.
template <class T>
Ab annealed_mean(const T* logits, double temperature) {
  double largest = static_cast<double>(logits[0]), sum = 0, a = 0, b = 0;
  for (int q = 1; q < ab_bin_count; ++q) largest = std::max(largest, static_cast<double>(logits[q]));
  for (std::size_t q = 0; q < ab_bin_count; ++q) {
    const double p = std::exp((static_cast<double>(logits[q]) - largest) / temperature);
    sum += p;
    a += p * static_cast<double>(ab_bins[q].a);
    b += p * static_cast<double>(ab_bins[q].b);
  }
  return {static_cast<float>(a / sum), static_cast<float>(b / sum)};
}

/// One number for each bin.
using AbValues = std::array<double, ab_bin_count>;

namespace detail {

/// Adds each pixel of a picture to the count of its nearest bin.
inline void count_ab(const ImageView& picture, std::array<std::int64_t, ab_bin_count>& counts) {
  constexpr std::int64_t lanes = 64;
  float r[lanes] = {}, g[lanes] = {}, b[lanes] = {};
  const std::int64_t pixels = std::int64_t{picture.height} * picture.width;
  const int step = picture.channels == 3 ? 1 : 0;
  for (std::int64_t first = 0; first < pixels; first += lanes) {
    const std::int64_t n = std::min(lanes, pixels - first);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::uint8_t* p = picture.pixels + (first + i) * picture.channels;
      r[i] = static_cast<float>(p[0]) * (1.0F / 255);
      g[i] = static_cast<float>(p[step]) * (1.0F / 255);
      b[i] = static_cast<float>(p[2 * step]) * (1.0F / 255);
    }
    for (std::int64_t i = 0; i < lanes; ++i) RgbToLab{}(r[i], g[i], b[i]);
    for (std::int64_t i = 0; i < n; ++i) ++counts[static_cast<std::size_t>(nearest_ab_bin({g[i], b[i]}))];
  }
}

}  // namespace detail

/// How often each bin is the nearest one to a pixel of the data set, as shares that sum to 1: one pass over
/// all pixels, the same for any number of threads.
inline AbValues ab_prior(const data::Dataset& dataset) {
  require(dataset.size() > 0, "ab_prior: data set ", dataset.name(), " has no pictures");
  const std::int64_t grain = (dataset.size() + 63) / 64;
  std::vector<std::array<std::int64_t, ab_bin_count>> parts(64);
  parallel_for(dataset.size(), grain, [&](std::int64_t begin, std::int64_t end) {
    auto& part = parts[static_cast<std::size_t>(begin / grain)];
    for (std::int64_t i = begin; i < end; ++i) detail::count_ab(dataset.image(i), part);
  });
  AbValues prior{};
  double sum = 0;
  for (std::size_t q = 0; q < prior.size(); ++q) {
    for (const auto& part : parts) prior[q] += static_cast<double>(part[q]);
    sum += prior[q];
  }
  for (double& p : prior) p /= sum;
  return prior;
}

/// What remains of the prior when each bin's share is spread over all bins by a Gaussian of deviation
/// `sigma`; sums to what it summed to.
inline AbValues smoothed(const AbValues& prior, double sigma) {
  AbValues result{};
  for (std::size_t q = 0; q < prior.size(); ++q) {
    if (prior[q] == 0) continue;
    AbValues kernel;
    double sum = 0;
    for (std::size_t r = 0; r < prior.size(); ++r) {
      const auto distance = static_cast<double>(detail::squared_distance(ab_bins[q], ab_bins[r]));
      sum += kernel[r] = sigma > 0 ? std::exp(-distance / (2 * sigma * sigma)) : q == r ? 1.0 : 0.0;
    }
    for (std::size_t r = 0; r < prior.size(); ++r) result[r] += prior[q] * kernel[r] / sum;
  }
  return result;
}

/// How much each bin counts, so that rare colours are learnt too: inverse to a mix of the prior, which is
/// smoothed first if `sigma` is not 0, and a share `uniform` of the uniform distribution, scaled so that the
/// mean over the (smoothed) prior is 1.
inline AbValues ab_weights(const AbValues& prior, double sigma = 5, double uniform = 0.5) {
  double sum = 0, mean = 0;
  for (const double p : prior) sum += p;
  require(std::abs(sum - 1) < 1e-6, "ab_weights: the prior sums to ", sum,
          ", not to 1; count it with ab_prior(dataset)");
  require(uniform > 0 && uniform <= 1, "ab_weights: the share of the uniform distribution must be above 0 ",
          "and at most 1, not ", uniform);
  const AbValues p = smoothed(prior, sigma);
  AbValues weights;
  for (std::size_t q = 0; q < p.size(); ++q) {
    weights[q] = 1 / ((1 - uniform) * p[q] + uniform / ab_bin_count);
    mean += p[q] * weights[q];
  }
  for (double& w : weights) w /= mean;
  return weights;
}

}  // namespace pretext::tasks
