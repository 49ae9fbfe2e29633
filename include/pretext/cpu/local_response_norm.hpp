// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "pretext/cpu/elementary.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/ops/local_response_norm.hpp"

namespace pretext {
namespace cpu {

/// A window of `size` neighbours that slides over the channels of one pixel, with its scratch memory: put the
/// values into values(), take the sums over each window.
template <class T>
class Neighbours {
 public:
  /// `before` of the size neighbours come before the channel itself.
  Neighbours(std::int64_t channels, std::int64_t size, std::int64_t before)
      : size_(size),
        values_(count(channels + size - 1)),
        sums_(count(channels)),
        middle_(values_.data() + before) {}

  T* values() { return middle_; }

  const T* sums() {
    std::copy_n(values_.data(), sums_.size(), sums_.data());
    for (std::int64_t i = 1; i < size_; ++i)
      for (std::size_t c = 0; c < sums_.size(); ++c) sums_[c] += values_[c + count(i)];
    return sums_.data();
  }

 private:
  static std::size_t count(std::int64_t n) { return static_cast<std::size_t>(n); }

  std::int64_t size_;
  std::vector<T> values_, sums_;
  T* middle_;
};

}  // namespace cpu

template <>
struct Kernel<ops::LocalResponseNorm, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(const ops::LocalResponseNorm& op, const X<T>& x, X<T>& y) {
    each_pixel(x, [&](std::int64_t begin, std::int64_t end, std::int64_t channels) {
      Divisor<T> divisor(op, channels);
      for (std::int64_t i = begin; i < end; i += channels) {
        divisor.measure(x.data() + i);
        for (std::int64_t c = 0; c < channels; ++c) y.data()[i + c] = x.data()[i + c] * divisor.factors[c];
      }
    });
  }

  template <class T>
  static void backward(const ops::LocalResponseNorm& op, const X<T>& x, const X<T>& dy, X<T>& dx) {
    const T slope = static_cast<T>(op.slope());
    each_pixel(x, [&](std::int64_t begin, std::int64_t end, std::int64_t channels) {
      Divisor<T> divisor(op, channels);
      // A channel's gradient comes from all channels that see it: the mirrored window.
      cpu::Neighbours<T> pulls(channels, op.size, op.after());
      for (std::int64_t i = begin; i < end; i += channels) {
        const T *v = x.data() + i, *d = dy.data() + i;
        T* out = dx.data() + i;
        divisor.measure(v);
        for (std::int64_t c = 0; c < channels; ++c) out[c] = d[c] * divisor.factors[c];
        for (std::int64_t c = 0; c < channels; ++c) pulls.values()[c] = out[c] * v[c] / divisor.bases[c];
        const T* sums = pulls.sums();
        for (std::int64_t c = 0; c < channels; ++c) out[c] -= slope * v[c] * sums[c];
      }
    });
  }

 private:
  /// What the channels of one pixel are divided by: bases = k + alpha / size * (sums of squares), and
  /// factors = bases to the power of -beta; through the logarithm, as the general power costs many times
  /// more.
  template <class T>
  struct Divisor {
    const ops::LocalResponseNorm& op;
    cpu::Neighbours<T> squares;
    std::vector<T> bases, factors;

    Divisor(const ops::LocalResponseNorm& norm, std::int64_t channels)
        : op(norm),
          squares(channels, op.size, op.before()),
          bases(static_cast<std::size_t>(channels)),
          factors(bases) {}

    void measure(const T* x) {
      const T scale = static_cast<T>(op.scale()), k = static_cast<T>(op.k);
      for (std::size_t c = 0; c < bases.size(); ++c) squares.values()[c] = x[c] * x[c];
      const T* sums = squares.sums();
      for (std::size_t c = 0; c < bases.size(); ++c) factors[c] = bases[c] = scale * sums[c] + k;
      using Power = cpu::PowerRow<T>;
      cpu::dispatch<Power>(Power{factors.data(), std::ssize(factors), static_cast<T>(-op.beta)});
    }
  };

  template <class T, class F>
  static void each_pixel(const X<T>& x, F&& f) {
    const std::int64_t channels = std::max<std::int64_t>(1, x.dim(-1));
    parallel_for(
        x.size() / channels, std::max<std::int64_t>(1, cpu::chunk / channels),
        [&](std::int64_t begin, std::int64_t end) { f(begin * channels, end * channels, channels); });
  }
};

}  // namespace pretext
