// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "pretext/eval/linear_probe.hpp"

namespace pretext::eval {

/// How well something that does not see what is in the pictures answers a task.
struct Shortcut {
  std::string name;
  double accuracy = 0;
  double chance = 0;       ///< what the best constant answer scores
  std::int64_t count = 0;  ///< answers scored

  /// By how many deviations of chance the accuracy is above it.
  double excess() const {
    return (accuracy - chance) / std::sqrt(chance * (1 - chance) / static_cast<double>(count));
  }
};

/// What small probes see of inputs x[N, S, S, 3]: a row of numbers for each.
using Blind = Tensor<float, Cpu> (*)(const Tensor<float, Cpu>& x);

/// Mean and deviation of each channel, [N, 6]: a task that they answer is about brightness and colour. It is
/// solved by normalising each input by itself.
inline Tensor<float, Cpu> tile_statistics(const Tensor<float, Cpu>& x) {
  Tensor<float, Cpu> rows({x.dim(0), 6});
  const std::int64_t pixels = x.dim(1) * x.dim(2);
  for (std::int64_t n = 0; n < x.dim(0); ++n)
    for (std::int64_t c = 0; c < 3; ++c) {
      const float* from = x.data() + n * pixels * 3 + c;
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < pixels; ++i) {
        const auto v = static_cast<double>(from[3 * i]);
        sum += v;
        squares += v * v;
      }
      const double mean = sum / static_cast<double>(pixels);
      rows.data()[6 * n + 2 * c] = static_cast<float>(mean);
      rows.data()[6 * n + 2 * c + 1] =
          static_cast<float>(std::sqrt(std::max(0.0, squares / static_cast<double>(pixels) - mean * mean)));
    }
  return rows;
}

/// By how many pixels red and blue lie beside green along each axis, [N, 4], by least squares on the gradients:
/// lenses enlarge colours differently, so that the shift tells where in a photograph an input lay.
inline Tensor<float, Cpu> fringes(const Tensor<float, Cpu>& x) {
  const std::int64_t height = x.dim(1), width = x.dim(2);
  Tensor<float, Cpu> rows({x.dim(0), 4});
  for (std::int64_t n = 0; n < x.dim(0); ++n) {
    const auto at = [&](std::int64_t v, std::int64_t u, std::int64_t c) {
      return static_cast<double>(x.data()[((n * height + v) * width + u) * 3 + c]);
    };
    double xx = 1e-6, xy = 0, yy = 1e-6, right[2] = {0, 0}, down[2] = {0, 0};
    for (std::int64_t v = 1; v + 1 < height; ++v)
      for (std::int64_t u = 1; u + 1 < width; ++u) {
        const double gx = at(v, u + 1, 1) - at(v, u - 1, 1), gy = at(v + 1, u, 1) - at(v - 1, u, 1);
        xx += gx * gx;
        xy += gx * gy;
        yy += gy * gy;
        for (std::int64_t k = 0; k < 2; ++k) {
          // The difference without what changes slowly: a colour of its own is no shift.
          const auto differs = [&](std::int64_t dv, std::int64_t du) {
            return at(v + dv, u + du, 2 * k) - at(v + dv, u + du, 1);
          };
          const double d = differs(0, 0) - 0.25 * (differs(0, 1) + differs(0, -1) + differs(1, 0) + differs(-1, 0));
          right[k] += d * gx;
          down[k] += d * gy;
        }
      }
    const double determinant = xx * yy - xy * xy + 1e-9;
    for (std::int64_t k = 0; k < 2; ++k) {
      rows.data()[4 * n + 2 * k] = static_cast<float>((yy * right[k] - xy * down[k]) / determinant);
      rows.data()[4 * n + 2 * k + 1] = static_cast<float>((xx * down[k] - xy * right[k]) / determinant);
    }
  }
  return rows;
}

/// The logarithm of the mean squared second differences, straight and diagonal, [N, 2]: the same for an input
/// that is turned by whole quarters or mirrored, but not for one that was interpolated.
inline Tensor<float, Cpu> sharpness(const Tensor<float, Cpu>& x) {
  const std::int64_t height = x.dim(1), width = x.dim(2);
  Tensor<float, Cpu> rows({x.dim(0), 2});
  for (std::int64_t n = 0; n < x.dim(0); ++n) {
    const auto at = [&](std::int64_t v, std::int64_t u, std::int64_t c) {
      return static_cast<double>(x.data()[((n * height + v) * width + u) * 3 + c]);
    };
    double straight = 1e-12, diagonal = 1e-12;
    for (std::int64_t v = 1; v + 1 < height; ++v)
      for (std::int64_t u = 1; u + 1 < width; ++u)
        for (std::int64_t c = 0; c < 3; ++c) {
          const double s = at(v, u - 1, c) + at(v, u + 1, c) + at(v - 1, u, c) + at(v + 1, u, c) - 4 * at(v, u, c);
          const double d = at(v - 1, u - 1, c) + at(v - 1, u + 1, c) + at(v + 1, u - 1, c) + at(v + 1, u + 1, c) -
                           4 * at(v, u, c);
          straight += s * s;
          diagonal += d * d;
        }
    rows.data()[2 * n] = static_cast<float>(std::log(straight));
    rows.data()[2 * n + 1] = static_cast<float>(std::log(diagonal));
  }
  return rows;
}

namespace detail {

/// The pixels along one border of a patch, without what changes slowly along it, at length 1.
inline std::vector<float> border(const Tensor<float, Cpu>& x, std::int64_t n, int side) {
  const std::int64_t size = x.dim(1);
  const auto at = [&](std::int64_t i, std::int64_t c) {
    const std::int64_t v = side == 0 ? i : side == 1 ? i : side == 2 ? 0 : size - 1,
                       u = side == 0 ? 0 : side == 1 ? size - 1 : i;
    return x.data()[((n * size + v) * size + u) * 3 + c];
  };
  std::vector<float> profile;
  float squares = 1e-12F;
  for (std::int64_t i = 1; i + 1 < size; ++i)
    for (std::int64_t c = 0; c < 3; ++c) {
      profile.push_back(at(i, c) - 0.5F * (at(i - 1, c) + at(i + 1, c)));
      squares += profile.back() * profile.back();
    }
  for (float& value : profile) value /= std::sqrt(squares);
  return profile;
}

}  // namespace detail

/// How well the borders of the patches of each group go on into each other, [M, 2 group (group - 1)], of
/// shown[M * group, S, S, 3]: for each two, the first to the left of the second, and above it.
inline Tensor<float, Cpu> border_matches(const Tensor<float, Cpu>& shown, std::int64_t group) {
  const std::int64_t groups = shown.dim(0) / group, wide = 2 * group * (group - 1);
  Tensor<float, Cpu> rows({groups, wide});
  for (std::int64_t m = 0; m < groups; ++m) {
    std::vector<std::vector<float>> borders;  // [group, left right top bottom]
    for (std::int64_t i = 0; i < group; ++i)
      for (int side = 0; side < 4; ++side) borders.push_back(detail::border(shown, m * group + i, side));
    float* to = rows.data() + m * wide;
    for (std::int64_t i = 0; i < group; ++i)
      for (std::int64_t j = 0; j < group; ++j)
        for (int vertical = 0; vertical < 2 && i != j; ++vertical) {
          const auto& a = borders[static_cast<std::size_t>(4 * i + 1 + 2 * vertical)];
          const auto& b = borders[static_cast<std::size_t>(4 * j + 2 * vertical)];
          float sum = 0;
          for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
          *to++ = sum;
        }
  }
  return rows;
}

/// Rows and what each should be recognised as.
struct BlindRows {
  Tensor<float, Cpu> x;
  std::vector<int> labels;
};

/// Fits a linear classifier to some rows and scores others.
inline Shortcut find_shortcut(std::string name, const BlindRows& train, const BlindRows& test, int classes) {
  const auto probe = fit_linear_probe(train.x, Span<const int>(train.labels), classes);
  std::vector<std::int64_t> often(static_cast<std::size_t>(classes));
  for (const int label : train.labels) ++often[static_cast<std::size_t>(label)];
  const auto constant = static_cast<int>(std::max_element(often.begin(), often.end()) - often.begin());
  const std::vector<int> answers = probe.predict(test.x),
                         same(test.labels.size(), constant);
  return {std::move(name), accuracy(Span<const int>(answers), Span<const int>(test.labels)),
          accuracy(Span<const int>(same), Span<const int>(test.labels)),
          static_cast<std::int64_t>(test.labels.size())};
}

}  // namespace pretext::eval
