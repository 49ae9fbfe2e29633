// SPDX-License-Identifier: MIT
#pragma once

#include "noise.hpp"
#include "poison.hpp"
#include "pretext/autograd/tape.hpp"

namespace test {

/// All that a training step of a layer leaves behind, for an input that is a leaf or a constant.
template <class T>
struct Step {
  pretext::Tensor<T, pretext::Cpu> y{}, dx{};
  std::uint32_t draws = 0;

  Step(auto& layer, const pretext::Shape& input, bool leaf, std::uint32_t number) {
    poison_free_memory();
    const auto x = noise<T>(input, 1);
    pretext::Tape<pretext::Cpu> tape(7, number);
    const auto in = leaf ? tape.leaf(x) : tape.constant(x);
    const auto out = layer(in);
    y = out.value();
    draws = tape.next_draw().draw;
    tape.backward(out, noise<T>(y.shape(), 2));
    if (leaf) dx = tape.gradient(in);
  }
};

}  // namespace test
