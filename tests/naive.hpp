// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <functional>
#include <limits>

#include "pretext/ops/batch_norm.hpp"
#include "pretext/ops/concat.hpp"
#include "pretext/ops/conv2d.hpp"
#include "pretext/ops/dropout.hpp"
#include "pretext/ops/l2_normalize.hpp"
#include "pretext/ops/local_response_norm.hpp"
#include "pretext/ops/pad_channels.hpp"
#include "pretext/ops/pool.hpp"
#include "pretext/ops/triplet_loss.hpp"

// What the ops mean, as plain loops in double that share nothing with the kernels.
namespace test::naive {

using namespace pretext;
using X = Tensor<double, Cpu>;

/// An op's values, and for each a bound on what rounding may do: a correct kernel is off by at most
/// `length` * `scale` units of its element type's precision. `length` is how many terms are summed and
/// `scale` the sum of their magnitudes.
struct Expected {
  X value, scale;
  double length = 0;

  explicit Expected(const Shape& shape, double terms = 0)
      : value(X::zeros(shape)), scale(X::zeros(shape)), length(terms) {}

  void add(std::int64_t i, double term) {
    value.data()[i] += term;
    scale.data()[i] += std::abs(term);
  }
  void multiply(std::int64_t i, double factor) {
    value.data()[i] *= factor;
    scale.data()[i] *= std::abs(factor);
  }
};

/// Element (n, y, x, c) of a picture.
inline std::int64_t at(const Shape& s, std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
  return ((n * s[1] + y) * s[2] + x) * s[3] + c;
}

/// Calls f(n, y, x, c) for all elements of a picture.
template <class F>
void each_element(const Shape& s, F&& f) {
  for (std::int64_t n = 0; n < s[0]; ++n)
    for (std::int64_t y = 0; y < s[1]; ++y)
      for (std::int64_t x = 0; x < s[2]; ++x)
        for (std::int64_t c = 0; c < s[3]; ++c) f(n, y, x, c);
}

/// y = f(x...) element by element, exact to `length` units.
template <class F, class... Xs>
Expected elementwise(double length, F&& f, const X& x, const Xs&... more) {
  Expected e(x.shape(), length);
  for (std::int64_t i = 0; i < x.size(); ++i) e.add(i, f(x.data()[i], more.data()[i]...));
  return e;
}

inline Expected conv2d(const ops::Conv2d& op, const X& x, const X& w, const X& bias) {
  const std::int64_t stride = op.window.stride, padding = op.window.padding, dilation = op.window.dilation;
  const auto extent = [&](int axis) {
    return (x.dim(axis) + 2 * padding - dilation * (w.dim(axis - 1) - 1) - 1) / stride + 1;
  };
  const std::int64_t width = w.dim(3) / op.groups;
  Expected e({x.dim(0), extent(1), extent(2), w.dim(3)},
             static_cast<double>(w.dim(0) * w.dim(1) * w.dim(2) + 2));
  each_element(e.value.shape(), [&](auto n, auto oy, auto ox, auto co) {
    const std::int64_t out = at(e.value.shape(), n, oy, ox, co);
    if (bias.defined()) e.add(out, bias.data()[co]);
    for (std::int64_t ky = 0; ky < w.dim(0); ++ky)
      for (std::int64_t kx = 0; kx < w.dim(1); ++kx)
        for (std::int64_t ci = 0; ci < w.dim(2); ++ci) {
          const std::int64_t y = oy * stride - padding + ky * dilation,
                             z = ox * stride - padding + kx * dilation;
          if (y < 0 || y >= x.dim(1) || z < 0 || z >= x.dim(2)) continue;
          e.add(out, x.data()[at(x.shape(), n, y, z, co / width * w.dim(2) + ci)] *
                         w.data()[at(w.shape(), ky, kx, ci, co)]);
        }
  });
  return e;
}

inline Expected linear(const X& x, const X& w, const X& bias) {
  Expected e({x.dim(0), w.dim(0)}, static_cast<double>(x.dim(1) + 2));
  for (std::int64_t n = 0; n < x.dim(0); ++n)
    for (std::int64_t o = 0; o < w.dim(0); ++o) {
      if (bias.defined()) e.add(n * w.dim(0) + o, bias.data()[o]);
      for (std::int64_t i = 0; i < x.dim(1); ++i)
        e.add(n * w.dim(0) + o, x.data()[n * x.dim(1) + i] * w.data()[o * x.dim(1) + i]);
    }
  return e;
}

/// How many windows there are along one axis, by trying them one after the other.
inline std::int64_t windows(std::int64_t extent, std::int64_t kernel, const ops::Window& w, bool ceil) {
  std::int64_t count = 0;
  for (std::int64_t start = -w.padding;; start += w.stride, ++count) {
    const bool whole = start + w.dilation * (kernel - 1) < extent + w.padding;
    // A window may hang over the end if the one before did not reach it, but must start before the end.
    const bool hangs = ceil && start < extent &&
                       (count == 0 || start - w.stride + w.dilation * (kernel - 1) + 1 < extent + w.padding);
    if (!whole && !hangs) return count;
  }
}

/// Calls f(output element, n, y, x, c) for every tap of every window, on the border too.
template <class Op, class F>
Expected pool(const Op& op, const X& x, F&& f) {
  const Shape& s = x.shape();
  Expected e({s[0], windows(s[1], op.kernel, op.window, op.ceil),
              windows(s[2], op.kernel, op.window, op.ceil), s[3]});
  each_element(e.value.shape(), [&](auto n, auto oy, auto ox, auto c) {
    for (std::int64_t ky = 0; ky < op.kernel; ++ky)
      for (std::int64_t kx = 0; kx < op.kernel; ++kx)
        f(e, at(e.value.shape(), n, oy, ox, c), n,
          oy * op.window.stride - op.window.padding + ky * op.window.dilation,
          ox * op.window.stride - op.window.padding + kx * op.window.dilation, c);
  });
  return e;
}

inline bool inside(const X& x, std::int64_t row, std::int64_t column, std::int64_t border = 0) {
  return row >= -border && row < x.dim(1) + border && column >= -border && column < x.dim(2) + border;
}

inline Expected max_pool(const ops::MaxPool2d& op, const X& x) {
  Expected e = pool(op, x, [](auto&&...) {});
  e.value.fill(-std::numeric_limits<double>::infinity());
  pool(op, x, [&](auto&, auto out, auto n, auto row, auto column, auto c) {
    if (!inside(x, row, column)) return;
    double& best = e.value.data()[out];
    best = std::max(best, x.data()[at(x.shape(), n, row, column, c)]);
  });
  return e;
}

inline Expected avg_pool(const ops::AvgPool2d& op, const X& x) {
  const Expected counts = pool(op, x, [&](Expected& e, auto out, auto, auto row, auto column, auto) {
    e.add(out, inside(x, row, column, op.count_padding ? op.window.padding : 0));
  });
  Expected e = pool(op, x, [&](Expected& sums, auto out, auto n, auto row, auto column, auto c) {
    if (inside(x, row, column)) sums.add(out, x.data()[at(x.shape(), n, row, column, c)]);
  });
  for (std::int64_t i = 0; i < e.value.size(); ++i) e.multiply(i, 1 / counts.value.data()[i]);
  e.length = static_cast<double>(op.kernel * op.kernel + 2);
  return e;
}

inline Expected global_avg_pool(const X& x) {
  const double pixels = static_cast<double>(x.dim(1) * x.dim(2));
  Expected e({x.dim(0), x.dim(3)}, pixels + 2);
  each_element(x.shape(), [&](auto n, auto y, auto z, auto c) {
    e.add(n * x.dim(3) + c, x.data()[at(x.shape(), n, y, z, c)] / pixels);
  });
  return e;
}

inline Expected batch_norm_with(double epsilon, const X& x, const X& gamma, const X& beta, const X& mean,
                                const X& var) {
  const std::int64_t channels = x.dim(-1);
  Expected e(x.shape(), 8);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const std::int64_t c = i % channels;
    e.add(i, x.data()[i]);
    e.add(i, -mean.data()[c]);
    e.multiply(i, (gamma.defined() ? gamma.data()[c] : 1) / std::sqrt(var.data()[c] + epsilon));
    if (beta.defined()) e.add(i, beta.data()[c]);
  }
  return e;
}

/// The mean and the biased variance of each channel.
inline std::pair<X, X> statistics(const X& x) {
  const std::int64_t channels = x.dim(-1);
  const double rows = static_cast<double>(x.size() / channels);
  X mean = X::zeros({channels}), var = X::zeros({channels});
  for (std::int64_t i = 0; i < x.size(); ++i) mean.data()[i % channels] += x.data()[i] / rows;
  for (std::int64_t i = 0; i < x.size(); ++i)
    var.data()[i % channels] += std::pow(x.data()[i] - mean.data()[i % channels], 2) / rows;
  return {mean, var};
}

inline Expected batch_norm(const ops::BatchNorm& op, const X& x, const X& gamma, const X& beta) {
  const auto [mean, var] = statistics(x);
  Expected e = batch_norm_with(op.epsilon, x, gamma, beta, mean, var);
  e.length = 16 + static_cast<double>(std::min<std::int64_t>(128, x.size() / x.dim(-1)));
  return e;
}

inline Expected local_response_norm(const ops::LocalResponseNorm& op, const X& x) {
  const std::int64_t channels = x.dim(-1);
  Expected e(x.shape(), static_cast<double>(op.size + 16));
  for (std::int64_t i = 0; i < x.size(); ++i) {
    double sum = 0;
    const std::int64_t c = i % channels;
    for (std::int64_t j = c - op.size / 2; j <= c + (op.size - 1) / 2; ++j)
      if (j >= 0 && j < channels) sum += std::pow(x.data()[i - c + j], 2);
    e.add(i, x.data()[i] / std::pow(op.k + op.alpha / static_cast<double>(op.size) * sum, op.beta));
  }
  return e;
}

inline Expected dropout(const ops::Dropout& op, const X& x) {
  Expected e(x.shape(), 3);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const auto block = static_cast<std::uint32_t>(i / 4);
    const Words words =
        philox({{block, op.key.draw, op.key.step, static_cast<std::uint32_t>(Use::dropout)}}, op.key.seed);
    if (words.w[i % 4] * 0x1p-32 >= op.rate) e.add(i, x.data()[i] / (1 - op.rate));
  }
  return e;
}

inline Expected upsample(std::int64_t factor, const X& x) {
  const Shape& s = x.shape();
  Expected e({s[0], factor * s[1], factor * s[2], s[3]});
  each_element(e.value.shape(), [&](std::int64_t n, std::int64_t y, std::int64_t u, std::int64_t c) {
    e.add(at(e.value.shape(), n, y, u, c), x.data()[at(s, n, y / factor, u / factor, c)]);
  });
  return e;
}

inline Expected pad_channels(const ops::PadChannels& op, const X& x) {
  const std::int64_t from = x.dim(-1), to = op.before + from + op.after;
  Expected e(x.shape().with(-1, to));
  for (std::int64_t i = 0; i < e.value.size(); ++i) {
    const std::int64_t channel = i % to - op.before;
    e.add(i, 0 <= channel && channel < from ? x.data()[i / to * from + channel] : 0);
  }
  return e;
}

inline Expected concat(int axis, const X& a, const X& b) {
  const Shape &s = a.shape(), &t = b.shape();
  const int k = axis < 0 ? axis + s.rank() : axis;
  Expected e(s.with(k, s[k] + t[k]));
  std::int64_t inner = 1;
  for (int i = k + 1; i < s.rank(); ++i) inner *= s[i];
  for (std::int64_t i = 0; i < e.value.size(); ++i) {
    const std::int64_t along = i / inner % (s[k] + t[k]), outer = i / inner / (s[k] + t[k]);
    e.add(i, along < s[k] ? a.data()[(outer * s[k] + along) * inner + i % inner]
                          : b.data()[(outer * t[k] + along - s[k]) * inner + i % inner]);
  }
  return e;
}

inline Expected gather(const X& x, const std::vector<std::int32_t>& index) {
  const std::int64_t row = x.shape().row_size();
  Expected e(x.shape().with(0, static_cast<std::int64_t>(index.size())));
  for (std::int64_t i = 0; i < e.value.size(); ++i)
    e.add(i, x.data()[index[static_cast<std::size_t>(i / row)] * row + i % row]);
  return e;
}

inline Expected softmax_cross_entropy(double smoothing, const X& x, const std::vector<std::int32_t>& labels) {
  const std::int64_t n = x.dim(0), classes = x.dim(1);
  Expected e({1}, static_cast<double>(classes + 8));
  for (std::int64_t i = 0; i < n; ++i) {
    const double* row = x.data() + i * classes;
    const double largest = *std::max_element(row, row + classes);
    double sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(row[c] - largest);
    for (std::int64_t c = 0; c < classes; ++c) {
      const double target = smoothing / static_cast<double>(classes) +
                            (c == labels[static_cast<std::size_t>(i)] ? 1 - smoothing : 0);
      e.add(0, target * (largest - row[c] + std::log(sum)) / static_cast<double>(n));
    }
    e.scale.data()[0] += (1 + 2 * std::abs(largest)) / static_cast<double>(n);
  }
  return e;
}

inline Expected soft_cross_entropy(const X& x, const std::vector<std::int32_t>& classes, const X& shares,
                                   const X& weights) {
  const std::int64_t n = x.dim(0), columns = x.dim(1), k = shares.dim(1);
  Expected e({1}, static_cast<double>(columns + k + 8));
  for (std::int64_t i = 0; i < n; ++i) {
    const double* row = x.data() + i * columns;
    const double scale = (weights.defined() ? weights.data()[i] : 1) / static_cast<double>(n);
    double sum = 0;
    for (std::int64_t c = 0; c < columns; ++c) sum += std::exp(row[c]);
    for (std::int64_t j = i * k; j < (i + 1) * k; ++j)
      e.add(0, scale * shares.data()[j] * (std::log(sum) - row[classes[static_cast<std::size_t>(j)]]));
    e.scale.data()[0] += 3 * std::abs(scale);
  }
  return e;
}

inline Expected triplet_loss(const ops::TripletLoss& op, const X& x,
                             const std::vector<std::int32_t>& labels) {
  const auto n = static_cast<std::int64_t>(labels.size());
  const auto label = [&](std::int64_t i) { return labels[static_cast<std::size_t>(i)]; };
  const auto distance = [&](std::int64_t i, std::int64_t j) {
    double sum = 0;
    for (std::int64_t c = 0; c < x.dim(1); ++c)
      sum += std::pow(x.data()[i * x.dim(1) + c] - x.data()[j * x.dim(1) + c], 2);
    return sum;
  };
  std::vector<double> terms;
  for (std::int64_t a = 0; a < n; ++a) {
    std::vector<double> positives, negatives;
    for (std::int64_t j = 0; j < n; ++j)
      if (j != a) (label(j) == label(a) ? positives : negatives).push_back(distance(a, j));
    if (positives.empty() || negatives.empty()) continue;
    std::sort(positives.begin(), positives.end());
    std::sort(negatives.begin(), negatives.end());
    if (op.mining == ops::Mining::hard) positives = {positives.back()};
    for (const double p : positives) {
      const auto beyond = std::upper_bound(negatives.begin(), negatives.end(), p);
      const double q = op.mining == ops::Mining::hard ? negatives.front()
                       : beyond == negatives.end()    ? negatives.back()
                                                      : *beyond;
      terms.push_back(std::max(0.0, op.margin + p - q));
    }
  }
  Expected e({1}, static_cast<double>(x.dim(1) + 8));
  for (const double term : terms) e.add(0, term / static_cast<double>(terms.size()));
  e.scale.data()[0] += 8.0 * static_cast<double>(x.dim(1));
  return e;
}

inline Expected mean_squared_error(const X& x, const X& target) {
  Expected e({1}, static_cast<double>(x.size() + 4));
  for (std::int64_t i = 0; i < x.size(); ++i)
    e.add(0, std::pow(x.data()[i] - target.data()[i], 2) / static_cast<double>(x.size()));
  return e;
}

inline Expected l2_normalize(double epsilon, const X& x) {
  const std::int64_t columns = x.dim(-1);
  Expected e(x.shape(), static_cast<double>(columns + 6));
  for (std::int64_t i = 0; i < x.size(); ++i) {
    double squares = 0;
    for (std::int64_t c = 0; c < columns; ++c) squares += std::pow(x.data()[i / columns * columns + c], 2);
    e.add(i, x.data()[i] / std::max(std::sqrt(squares), epsilon));
  }
  return e;
}

}  // namespace test::naive
