// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <limits>

#include "pretext/autograd/tape.hpp"
#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// What a training step of a network takes, forward and backward, without its loss and its optimiser: both
/// grow with the batch as straight lines do.
struct StepCost {
  double seconds = 0, seconds_each = 0;
  double bytes = 0, bytes_each = 0;      ///< the most that tensors hold at once, beside parameters and inputs
  std::int64_t smaller = 0, larger = 0;  ///< the batches that it was measured at

  double seconds_of(std::int64_t batch) const { return seconds + seconds_each * static_cast<double>(batch); }
  double bytes_of(std::int64_t batch) const { return bytes + bytes_each * static_cast<double>(batch); }
};

namespace detail {

/// One step on a batch of zeros: the fastest of some, and its most memory. Leaves no gradients.
template <class T, Device D, class L>
StepCost measure_step(L& net, const Shape& input, std::int64_t batch, int rounds) {
  static_assert(std::same_as<D, Cpu>, "a GPU's steps end after the calls that start them");
  const Tensor<T, D> x = Tensor<T, D>::zeros(input.with(0, batch));
  const auto drop_gradients = [params = parameters<D, T>(net)] {
    for (const auto& p : params) p.param->grad = {};
  };
  drop_gradients();
  StepCost cost{.seconds = std::numeric_limits<double>::infinity()};
  for (int round = 0; round < rounds; ++round) {
    allocator<D>().reset_peak();
    const auto held = static_cast<double>(allocator<D>().use().live);
    const auto start = std::chrono::steady_clock::now();
    Tape<D> tape(DrawKey(), true);
    const auto y = net(tape.constant(x));
    tape.backward(y, Tensor<T, D>::full(y.shape(), T(1)));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    cost.seconds = std::min(cost.seconds, taken.count());
    cost.bytes = static_cast<double>(allocator<D>().use().peak) - held;
    drop_gradients();
  }
  return cost;
}

}  // namespace detail

/// Predicts steps of any batch on this machine from two of inputs x[1, ...] that are as small as they may be
/// where activations, as in large ones, leave the caches: some seconds of work. Gradients that the network's
/// parameters have are dropped.
template <class T = float, Device D = Cpu, class L>
StepCost predict_step(L& net, const Shape& input) {
  constexpr double beyond_caches = 128 << 20;
  const double two = detail::measure_step<T, D>(net, input, 2, 2).bytes,
               four = detail::measure_step<T, D>(net, input, 4, 2).bytes;
  const double pictures = beyond_caches / std::max(1.0, (four - two) / 2);
  const auto small = 2 * std::clamp<std::int64_t>(static_cast<std::int64_t>(pictures) / 2, 1, 64);
  const StepCost a = detail::measure_step<T, D>(net, input, small, 3),
                 b = detail::measure_step<T, D>(net, input, 2 * small, 3);
  const auto line = [&](double at_small, double at_large, double& start, double& slope) {
    slope = std::max(0.0, at_large - at_small) / static_cast<double>(small);
    start = std::max(0.0, at_small - slope * static_cast<double>(small));
  };
  StepCost cost{.smaller = small, .larger = 2 * small};
  line(a.seconds, b.seconds, cost.seconds, cost.seconds_each);
  line(a.bytes, b.bytes, cost.bytes, cost.bytes_each);
  return cost;
}

}  // namespace pretext::nn
