// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <vector>

#include "pretext/core/thread_pool.hpp"
#include "pretext/ops/op.hpp"

// What a probe may know of inputs x[N, S, S, 3] without seeing what is in them: a row of numbers for each.
namespace pretext::eval {

namespace detail {

/// One input [H, W, 3].
struct InputPixels {
  const float* data;
  std::int64_t height, width;

  double operator()(std::int64_t v, std::int64_t u, std::int64_t c) const {
    return static_cast<double>(data[(v * width + u) * 3 + c]);
  }

  /// f(v, u) for each pixel that has neighbours on all sides.
  template <class F>
  void each_inner(F&& f) const {
    for (std::int64_t v = 1; v + 1 < height; ++v)
      for (std::int64_t u = 1; u + 1 < width; ++u) f(v, u);
  }
};

/// [N, width]: f(input, row) fills the row of each input.
template <class F>
Tensor<float, Cpu> blind_rows(const Tensor<float, Cpu>& x, std::int64_t width, const F& f) {
  ops::require_rank("blind features", "inputs", x, 4);
  require(x.dim(1) >= 3 && x.dim(2) >= 3 && x.dim(3) == 3, "blind features: inputs ", x.shape(),
          "; expected [N, H, W, 3] of 3 pixels or more");
  Tensor<float, Cpu> rows({x.dim(0), width});
  const std::int64_t pixels = x.dim(1) * x.dim(2) * 3;
  parallel_for(x.dim(0), 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n)
      f(InputPixels{x.data() + n * pixels, x.dim(1), x.dim(2)}, rows.data() + n * width);
  });
  return rows;
}

}  // namespace detail

/// Mean and deviation of each channel, [N, 6]: brightness and colour. Normalising each input by itself takes
/// them away, but for roundings, which tell how bright it was; so they are rounded to a thousandth.
inline Tensor<float, Cpu> tile_statistics(const Tensor<float, Cpu>& x) {
  const auto rounded = [](double value) { return static_cast<float>(std::round(1000 * value) / 1000); };
  return detail::blind_rows(x, 6, [&](const detail::InputPixels& at, float* row) {
    const auto pixels = static_cast<double>(at.height * at.width);
    for (std::int64_t c = 0; c < 3; ++c) {
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < at.height * at.width; ++i) {
        const auto value = static_cast<double>(at.data[3 * i + c]);
        sum += value;
        squares += value * value;
      }
      const double mean = sum / pixels, variance = squares / pixels - mean * mean;
      row[2 * c] = rounded(mean);
      row[2 * c + 1] = rounded(std::sqrt(variance > 0 ? variance : 0));
    }
  });
}

namespace detail {

/// Least squares of how another channel differs from green: by a part of green's own detail, since colours
/// have edges of different heights, and by a shift along its gradient.
struct FringeFit {
  double detail2 = 1e-9, detail_x = 0, detail_y = 0, xx = 1e-6, xy = 0, yy = 1e-6;
  double on_detail[2] = {0, 0}, on_x[2] = {0, 0}, on_y[2] = {0, 0};

  void add(const InputPixels& at, std::int64_t v, std::int64_t u) {
    const auto sharp = [&](std::int64_t c) {
      return at(v, u, c) - 0.25 * (at(v, u - 1, c) + at(v, u + 1, c) + at(v - 1, u, c) + at(v + 1, u, c));
    };
    const double gx = at(v, u + 1, 1) - at(v, u - 1, 1), gy = at(v + 1, u, 1) - at(v - 1, u, 1),
                 green = sharp(1);
    detail2 += green * green;
    detail_x += green * gx;
    detail_y += green * gy;
    xx += gx * gx;
    xy += gx * gy;
    yy += gy * gy;
    for (int k = 0; k < 2; ++k) {
      const double apart = sharp(2 * k) - green;
      on_detail[k] += apart * green;
      on_x[k] += apart * gx;
      on_y[k] += apart * gy;
    }
  }

  /// The shift of channel 2 k along both axes.
  void solve(int k, float* shift) const {
    // What detail explains is taken out of all products first.
    const double x2 = xx - detail_x * detail_x / detail2, y2 = yy - detail_y * detail_y / detail2,
                 both = xy - detail_x * detail_y / detail2;
    const double x = on_x[k] - detail_x * on_detail[k] / detail2,
                 y = on_y[k] - detail_y * on_detail[k] / detail2;
    const double determinant = x2 * y2 - both * both + 1e-9;
    shift[0] = static_cast<float>((y2 * x - both * y) / determinant);
    shift[1] = static_cast<float>((x2 * y - both * x) / determinant);
  }
};

}  // namespace detail

/// How far red and blue are shifted beside green along each axis, [N, 4], in a unit that is the same for all.
/// Lenses enlarge colours differently (chromatic aberration), so that it tells where in a photograph an input
/// lay.
inline Tensor<float, Cpu> color_fringes(const Tensor<float, Cpu>& x) {
  return detail::blind_rows(x, 4, [](const detail::InputPixels& at, float* row) {
    detail::FringeFit fit;
    at.each_inner([&](std::int64_t v, std::int64_t u) { fit.add(at, v, u); });
    for (int k = 0; k < 2; ++k) fit.solve(k, row + 2 * k);
  });
}

/// Logarithms of the summed squares of first differences, and of second ones straight and across, [N, 3]: the
/// same for an input that is turned by whole quarters or mirrored, but not for one that was interpolated.
inline Tensor<float, Cpu> sharpness(const Tensor<float, Cpu>& x) {
  return detail::blind_rows(x, 3, [](const detail::InputPixels& at, float* row) {
    double sums[3] = {1e-12, 1e-12, 1e-12};
    at.each_inner([&](std::int64_t v, std::int64_t u) {
      for (int c = 0; c < 3; ++c) {
        const double left = at(v, u - 1, c), right = at(v, u + 1, c), up = at(v - 1, u, c),
                     below = at(v + 1, u, c), four = 4 * at(v, u, c);
        const double straight = left + right + up + below - four;
        const double across =
            at(v - 1, u - 1, c) + at(v - 1, u + 1, c) + at(v + 1, u - 1, c) + at(v + 1, u + 1, c) - four;
        sums[0] += (right - left) * (right - left) + (below - up) * (below - up);
        sums[1] += straight * straight;
        sums[2] += across * across;
      }
    });
    for (int i = 0; i < 3; ++i) row[i] = static_cast<float>(std::log(sums[i]));
  });
}

/// How far apart each two of a group are, [M, group (group - 1) / 2], of rows x[M * group, L]: the sum of
/// absolute differences. Neighbours in a picture have similar statistics.
inline Tensor<float, Cpu> pair_distances(const Tensor<float, Cpu>& x, std::int64_t group) {
  ops::require_rank("pair distances", "x", x, 2);
  require(group >= 2 && x.dim(0) % group == 0, "pair distances: x ", x.shape(), " for groups of ", group);
  Tensor<float, Cpu> rows({x.dim(0) / group, group * (group - 1) / 2});
  float* to = rows.data();
  for (std::int64_t first = 0; first < x.dim(0); first += group)
    for (std::int64_t i = first; i < first + group; ++i)
      for (std::int64_t j = i + 1; j < first + group; ++j) {
        float sum = 0;
        for (std::int64_t k = 0; k < x.dim(1); ++k)
          sum += std::abs(x.data()[i * x.dim(1) + k] - x.data()[j * x.dim(1) + k]);
        *to++ = sum;
      }
  return rows;
}

/// The pixels along the four borders of each square input, [N, 4 * 3 (S - 2)], left, right, top and bottom:
/// second differences, since what changes slowly fits anywhere, scaled to length 1.
inline Tensor<float, Cpu> border_profiles(const Tensor<float, Cpu>& x) {
  ops::require_rank("border profiles", "inputs", x, 4);
  require(x.dim(1) == x.dim(2), "border profiles: inputs ", x.shape(), " are not square");
  const std::int64_t size = x.dim(1), length = 3 * (size - 2);
  return detail::blind_rows(x, 4 * length, [=](const detail::InputPixels& at, float* row) {
    for (int side = 0; side < 4; ++side) {
      const std::int64_t edge = side % 2 == 0 ? 0 : size - 1;
      const auto along = [&](std::int64_t i, int c) { return side < 2 ? at(i, edge, c) : at(edge, i, c); };
      float* const profile = row + side * length;
      double squares = 1e-12;
      for (std::int64_t i = 0; i < size - 2; ++i)
        for (int c = 0; c < 3; ++c) {
          const double value = along(i + 1, c) - 0.5 * (along(i, c) + along(i + 2, c));
          profile[3 * i + c] = static_cast<float>(value);
          squares += value * value;
        }
      for (std::int64_t i = 0; i < length; ++i) profile[i] /= static_cast<float>(std::sqrt(squares));
    }
  });
}

/// How well borders go on into each other, [M, 2 group (group - 1)], of border_profiles() [M * group, L]: for
/// each two of a group in both orders, the first to the left of the second, and above it.
inline Tensor<float, Cpu> border_matches(const Tensor<float, Cpu>& profiles, std::int64_t group) {
  ops::require_rank("border matches", "profiles", profiles, 2);
  require(group >= 2 && profiles.dim(0) % group == 0 && profiles.dim(1) % 4 == 0, "border matches: profiles ",
          profiles.shape(), " for groups of ", group);
  const std::int64_t groups = profiles.dim(0) / group, wide = 2 * group * (group - 1),
                     length = profiles.dim(1) / 4;
  Tensor<float, Cpu> rows({groups, wide});
  parallel_for(groups, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t m = begin; m < end; ++m) {
      float* to = rows.data() + m * wide;
      const auto border = [&](std::int64_t i, int side) {
        return profiles.data() + ((m * group + i) * 4 + side) * length;
      };
      for (std::int64_t i = 0; i < group; ++i)
        for (std::int64_t j = 0; j < group; ++j)
          for (int axis = 0; axis < 2 && i != j; ++axis) {
            const float *a = border(i, 2 * axis + 1), *b = border(j, 2 * axis);
            float sum = 0;
            for (std::int64_t k = 0; k < length; ++k) sum += a[k] * b[k];
            *to++ = sum;
          }
    }
  });
  return rows;
}

}  // namespace pretext::eval
