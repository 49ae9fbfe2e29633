// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/autograd/tape.hpp"
#include "pretext/nn/visit.hpp"

namespace pretext::nn {

/// The number of learnt values of a network or layer, frozen ones included; buffers do not count.
template <class L>
std::int64_t count_parameters(L& net) {
  std::int64_t count = 0;
  net.each([&](const std::string&, auto& member) {
    if constexpr (is_param<decltype(member)>) count += member.value.size();
  });
  return count;
}

/// The multiplications, each with an addition, of a network's convolutions and fully connected layers for one
/// input x[1, ...]: found by a training pass over two that leaves no trace. Throws where the input does not
/// fit.
template <class T = float, Device D = Cpu, class L>
std::int64_t count_multiplications(L& net, const Shape& input) {
  Tape<D> tape(DrawKey(), true);
  net(tape.leaf(Tensor<T, D>::zeros(input.with(0, 2))));
  return tape.multiplications() / 2;
}

}  // namespace pretext::nn
