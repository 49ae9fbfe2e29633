// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "pretext/core/random.hpp"
#include "pretext/tensor/tensor.hpp"

namespace pretext::init {

/// Fills host memory by drawing each element in turn, then moves it to the device.
template <class T, Device D, class Draw>
Tensor<T, D> drawn(const Shape& shape, Draw&& draw) {
  std::vector<T> values(static_cast<std::size_t>(shape.size()));
  for (T& value : values) value = static_cast<T>(draw());
  return Tensor<T, D>::from(shape, values);
}

/// Uniform in [-bound, bound).
template <class T, Device D>
Tensor<T, D> uniform(const Shape& shape, double bound, Rng& rng) {
  return drawn<T, D>(shape, [&] { return bound * (2.0 * static_cast<double>(rng.uniform()) - 1.0); });
}

/// Normal with mean 0 and the given standard deviation.
template <class T, Device D>
Tensor<T, D> normal(const Shape& shape, double deviation, Rng& rng) {
  return drawn<T, D>(shape, [&] { return deviation * rng.normal(); });
}

/// Keeps the variance of ReLU networks: N(0, sqrt(2 / fan)) (He et al. 2015). RotNet takes the outgoing fan.
template <class T, Device D>
Tensor<T, D> he(const Shape& shape, std::int64_t fan, Rng& rng) {
  require(fan > 0, "init: fan must be positive, not ", fan);
  return normal<T, D>(shape, std::sqrt(2.0 / static_cast<double>(fan)), rng);
}

/// Uniform with bound sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010).
template <class T, Device D>
Tensor<T, D> xavier(const Shape& shape, std::int64_t fan_in, std::int64_t fan_out, Rng& rng) {
  require(fan_in > 0 && fan_out > 0, "init: fans must be positive, not ", fan_in, " and ", fan_out);
  return uniform<T, D>(shape, std::sqrt(6.0 / static_cast<double>(fan_in + fan_out)), rng);
}

}  // namespace pretext::init
