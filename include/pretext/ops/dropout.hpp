// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "pretext/core/random.hpp"
#include "pretext/ops/op.hpp"

namespace pretext::ops {

/// Which elements a dropout keeps: a function of the key and the element's index, so that no mask is stored.
struct DropoutMask {
  DrawKey key;
  std::uint32_t dropped;  // of 2^32 draws

  /// The draws of elements 4 * block to 4 * block + 3.
  PRETEXT_HD Words draws(std::uint32_t block) const {
    return philox({{block, key.draw, key.step, static_cast<std::uint32_t>(Use::dropout)}}, key.seed);
  }
  PRETEXT_HD bool keeps(std::uint32_t draw) const { return draw >= dropped; }
};

/// y = x / (1 - rate) where an element is kept and 0 elsewhere; each is dropped with probability `rate`.
struct Dropout {
  static constexpr std::string_view name = "dropout";
  static constexpr std::size_t inputs = 1;

  double rate = 0.5;
  DrawKey key{};

  template <class T, Device D>
  struct Saved {};

  DropoutMask mask() const {
    require(rate >= 0 && rate <= 1, name, ": the rate must be 0 to 1, not ", rate);
    // One in 2^32 is kept even at rate 1, but its scale is 0 then.
    return {key, static_cast<std::uint32_t>(std::min(std::round(rate * 0x1p32), 0x1p32 - 1))};
  }
  double scale() const { return rate < 1 ? 1 / (1 - rate) : 0; }

  template <class T, Device D>
  Tensor<T, D> forward(const Tensor<T, D>& x, Saved<T, D>*) const {
    require(x.defined(), name, ": x is undefined");
    require(x.size() <= std::int64_t{1} << 34, name, ": x ", x.shape(), " has more than 2^34 elements");
    Tensor<T, D> y(x.shape());
    Kernel<Dropout, D>::forward(mask(), static_cast<Wide<T>>(scale()), x, y);
    return y;
  }

  template <class T, Device D>
  Grads<T, D, 1> backward(const Tensor<T, D>& dy, const Saved<T, D>&, Wanted<1>) const {
    return {forward(dy, static_cast<Saved<T, D>*>(nullptr))};
  }
};

}  // namespace pretext::ops
