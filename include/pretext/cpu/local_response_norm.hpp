// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/cpu/array.hpp"
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
      : channels_(channels),
        size_(size),
        before_(before),
        values_(Row<T>::Zero(channels + size - 1)),
        sums_(channels) {}

  auto values() { return values_.segment(before_, channels_); }

  const Row<T>& sums() {
    sums_ = values_.head(channels_);
    for (std::int64_t i = 1; i < size_; ++i) sums_ += values_.segment(i, channels_);
    return sums_;
  }

 private:
  std::int64_t channels_, size_, before_;
  Row<T> values_, sums_;
};

}  // namespace cpu

template <>
struct Kernel<ops::LocalResponseNorm, Cpu> {
  template <class T>
  using X = Tensor<T, Cpu>;

  template <class T>
  static void forward(const ops::LocalResponseNorm& op, const X<T>& x, X<T>& y) {
    each_pixel(x, [&](std::int64_t begin, std::int64_t end, std::int64_t channels) {
      cpu::Neighbours<T> squares(channels, op.size, op.size / 2);
      for (std::int64_t i = begin; i < end; i += channels) {
        squares.values() = cpu::array(x.data() + i, channels).square();
        cpu::array(y.data() + i, channels) = cpu::array(x.data() + i, channels) * power(op, squares.sums());
      }
    });
  }

  template <class T>
  static void backward(const ops::LocalResponseNorm& op, const X<T>& x, const X<T>& dy, X<T>& dx) {
    const T slope = static_cast<T>(2 * op.beta * op.alpha / static_cast<double>(op.size));
    each_pixel(x, [&](std::int64_t begin, std::int64_t end, std::int64_t channels) {
      // A channel's gradient comes from all channels that see it: the mirrored window.
      cpu::Neighbours<T> squares(channels, op.size, op.size / 2), pulls(channels, op.size, (op.size - 1) / 2);
      cpu::Row<T> factors(channels);
      for (std::int64_t i = begin; i < end; i += channels) {
        const auto v = cpu::array(x.data() + i, channels), d = cpu::array(dy.data() + i, channels);
        squares.values() = v.square();
        const auto& sums = squares.sums();
        factors = power(op, sums);
        pulls.values() = d * v * factors / base(op, sums);
        cpu::array(dx.data() + i, channels) = d * factors - slope * v * pulls.sums();
      }
    });
  }

 private:
  /// k + alpha / size * sums
  template <class T>
  static auto base(const ops::LocalResponseNorm& op, const cpu::Row<T>& sums) {
    return static_cast<T>(op.alpha / static_cast<double>(op.size)) * sums + static_cast<T>(op.k);
  }

  /// The base to the power of -beta; through the logarithm, as the general power costs many times more.
  template <class T>
  static auto power(const ops::LocalResponseNorm& op, const cpu::Row<T>& sums) {
    return (static_cast<T>(-op.beta) * base(op, sums).log()).exp();
  }

  template <class T, class F>
  static void each_pixel(const X<T>& x, F&& f) {
    const std::int64_t channels = std::max<std::int64_t>(1, x.dim(-1));
    parallel_for(
        x.size() / channels, std::max<std::int64_t>(1, cpu::chunk / channels),
        [&](std::int64_t begin, std::int64_t end) { f(begin * channels, end * channels, channels); });
  }
};

}  // namespace pretext
