// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "pretext/core/error.hpp"
#include "pretext/core/span.hpp"
#include "pretext/image/color.hpp"
#include "pretext/image/image.hpp"

namespace pretext {

/// Where the colours of many pictures lie: their mean, and the orthonormal axes of largest variance, first to
/// last.
struct ColorAxes {
  float mean[3] = {0.5F, 0.5F, 0.5F};
  float axis[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

  bool operator==(const ColorAxes&) const = default;

  /// Multiplies the distance from the mean along each axis by its factor: contrast as Exemplar-CNN changes it
  /// (Dosovitskiy et al., NIPS 2014).
  PRETEXT_HD ColorMatrix contrast(const float (&factor)[3]) const {
    ColorMatrix result;
    for (int row = 0; row < 3; ++row) {
      result.m[4 * row + 3] = mean[row];
      for (int c = 0; c < 3; ++c) {
        float sum = 0;
        for (int k = 0; k < 3; ++k) sum += factor[k] * axis[k][row] * axis[k][c];
        result.m[4 * row + c] = sum;
        result.m[4 * row + 3] -= sum * mean[c];
      }
    }
    return result;
  }
};

namespace detail {

/// Sums over the pixels of pictures: their number, the channels and the products of channels.
struct ColorSums {
  double count = 0, sum[3] = {0, 0, 0}, product[3][3] = {};

  void add(const ImageView& picture) {
    const int step = picture.channels == 3 ? 1 : 0;
    const std::int64_t pixels = std::int64_t{picture.height} * picture.width;
    for (int y = 0; y < picture.height; ++y) {
      std::uint64_t sums[3] = {}, products[3][3] = {};
      for (int x = 0; x < picture.width; ++x) {
        const std::uint8_t* p = picture.pixels + (std::int64_t{y} * picture.width + x) * picture.channels;
        for (int a = 0; a < 3; ++a) {
          sums[a] += p[a * step];
          for (int b = 0; b <= a; ++b)
            products[a][b] += static_cast<std::uint64_t>(p[a * step]) * p[b * step];
        }
      }
      for (int a = 0; a < 3; ++a) {
        sum[a] += static_cast<double>(sums[a]);
        for (int b = 0; b <= a; ++b) product[a][b] += static_cast<double>(products[a][b]);
      }
    }
    count += static_cast<double>(pixels);
  }
};

/// One rotation of Jacobi's: makes m[p][q] zero, and turns the columns of v along.
inline void rotate(double (&m)[3][3], double (&v)[3][3], int p, int q) {
  if (m[p][q] == 0) return;
  const double angle = 0.5 * std::atan2(2 * m[p][q], m[q][q] - m[p][p]), c = std::cos(angle),
               s = std::sin(angle);
  const auto turn = [&](double& a, double& b) {
    const double x = a;
    a = c * x - s * b;
    b = s * x + c * b;
  };
  for (int k = 0; k < 3; ++k) turn(m[k][p], m[k][q]);
  for (int k = 0; k < 3; ++k) turn(m[p][k], m[q][k]);
  for (int k = 0; k < 3; ++k) turn(v[k][p], v[k][q]);
}

}  // namespace detail

/// The axes of the colours of all pixels of the pictures, by the eigenvectors of their covariance.
inline ColorAxes color_axes(Span<const ImageView> pictures) {
  detail::ColorSums sums;
  for (const ImageView& picture : pictures) sums.add(picture);
  require(sums.count > 0, "color_axes: there are no pixels");
  double m[3][3], v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b <= a; ++b)
      m[a][b] = m[b][a] =
          sums.product[a][b] / sums.count - sums.sum[a] / sums.count * (sums.sum[b] / sums.count);
  for (int sweep = 0; sweep < 12; ++sweep)
    for (const auto& [p, q] : {std::array{0, 1}, std::array{0, 2}, std::array{1, 2}})
      detail::rotate(m, v, p, q);
  int order[3] = {0, 1, 2};
  std::sort(order, order + 3, [&](int a, int b) { return m[a][a] > m[b][b]; });
  ColorAxes axes;
  for (int c = 0; c < 3; ++c) {
    axes.mean[c] = static_cast<float>(sums.sum[c] / sums.count / 255);
    for (int k = 0; k < 3; ++k) axes.axis[k][c] = static_cast<float>(v[c][order[k]]);
  }
  return axes;
}

}  // namespace pretext
