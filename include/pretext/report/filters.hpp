// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "pretext/report/grid.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::report {

/// How filters become pictures.
struct FilterOptions {
  std::vector<float> scale{};  // one a filter, such as a batch norm's gamma / sqrt(variance + eps); empty: 1
  bool one_range = false;      // one brightness scale for all filters, so that their strengths compare
};

/// The filters of a first layer, weight [KH, KW, 1 or 3, Co], as Co pictures [KH, KW, 3]: zero is middle
/// grey, and the largest magnitude of the filter (or of all, with one_range) black or white. A weight that is
/// not finite is drawn as zero.
inline std::vector<Image> filter_pictures(const Tensor<float, Cpu>& weight,
                                          const FilterOptions& options = {}) {
  require(weight.defined() && weight.shape().rank() == 4 && (weight.dim(2) == 1 || weight.dim(2) == 3),
          "filters: weight ", weight.shape(),
          " must be [KH, KW, 1 or 3, Co], as of a layer that reads pictures");
  const auto count = static_cast<std::size_t>(weight.dim(3));
  require(options.scale.empty() || options.scale.size() == count, "filters: ", count, " filters, but ",
          options.scale.size(), " scales");
  const auto value = [&](std::size_t i) {
    const float v = weight.data()[i] * (options.scale.empty() ? 1.0F : options.scale[i % count]);
    return std::isfinite(v) ? v : 0.0F;
  };
  std::vector<float> largest(count, 0.0F);
  const auto size = static_cast<std::size_t>(weight.size());
  for (std::size_t i = 0; i < size; ++i)
    largest[i % count] = std::max(largest[i % count], std::abs(value(i)));
  if (options.one_range && count > 0) std::ranges::fill(largest, std::ranges::max(largest));

  const int height = narrow<int>(weight.dim(0), "filters: height"),
            width = narrow<int>(weight.dim(1), "filters: width");
  std::vector<Image> pictures(count, Image(height, width, 3));
  const std::size_t channels = static_cast<std::size_t>(weight.dim(2));
  for (std::size_t i = 0; i < size; ++i) {
    const float share = largest[i % count] > 0 ? value(i) / largest[i % count] : 0.0F;
    const auto level = static_cast<std::uint8_t>(std::lround(127.5F + 127.5F * share));
    const std::size_t pixel = i / count / channels, channel = i / count % channels;
    std::fill_n(pictures[i % count].pixels() + 3 * pixel + channel, channels == 1 ? 3 : 1, level);
  }
  return pictures;
}

/// filter_pictures() side by side in one picture.
inline Image filter_grid(const Tensor<float, Cpu>& weight, const FilterOptions& options = {},
                         const GridOptions& layout = {.columns = 16, .cell = 40, .gap = 4}) {
  return grid(filter_pictures(weight, options), layout);
}

}  // namespace pretext::report
