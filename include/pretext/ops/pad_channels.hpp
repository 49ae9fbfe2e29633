// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/ops/concat.hpp"

namespace pretext::ops {

/// y[..., before + C + after]: x[..., C] between so many channels of zeros. Negative numbers cut channels
/// off instead, so that an op and the one of the opposite numbers are each other's gradient.
struct PadChannels {
  static constexpr std::string_view name = "pad_channels";
  static constexpr std::size_t inputs = 1;

  std::int64_t before = 0, after = 0;

  template <class T, Device D>
  struct Saved {};

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>*) const {
    require(x.defined() && x.shape().rank() >= 1, name, ": x must be [..., C]");
    require(x.dim(-1) + std::min<std::int64_t>(0, before) + std::min<std::int64_t>(0, after) >= 0, name,
            ": x ", x.shape(), " has fewer channels than ", before, " and ", after, " cut off");
    return at_end(at_begin(x, before), after);
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>&, Wanted<1>) const {
    return {at_begin(at_end(dy, -after), -before)};
  }

 private:
  template <class T, Device D>
  static Tensor<T, D> at_begin(const Tensor<T, D>& x, std::int64_t count) {
    if (count > 0) return Concat{}.forward(zeros(x, count), x, static_cast<Concat::Saved<T, D>*>(nullptr));
    if (count == 0) return x;
    Tensor<T, D> none, y(x.shape().with(-1, x.dim(-1) + count));
    split(x, -count, none, y);
    return y;
  }

  template <class T, Device D>
  static Tensor<T, D> at_end(const Tensor<T, D>& x, std::int64_t count) {
    if (count > 0) return Concat{}.forward(x, zeros(x, count), static_cast<Concat::Saved<T, D>*>(nullptr));
    if (count == 0) return x;
    Tensor<T, D> none, y(x.shape().with(-1, x.dim(-1) + count));
    split(x, y.dim(-1), y, none);
    return y;
  }

  template <class T, Device D>
  static Tensor<T, D> zeros(const Tensor<T, D>& x, std::int64_t channels) {
    return Tensor<T, D>::zeros(x.shape().with(-1, channels));
  }

  /// The first channels of x, and the rest; undefined ones are not wanted.
  template <class T, Device D>
  static void split(const Tensor<T, D>& x, std::int64_t first, Tensor<T, D>& a, Tensor<T, D>& b) {
    const std::int64_t channels = x.dim(-1), rows = x.size() / std::max<std::int64_t>(1, channels);
    const ConcatShape shape{rows, first, channels - first};
    Kernel<Concat, D>::backward(shape, x, a, b);
  }
};

}  // namespace pretext::ops
