// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "naive.hpp"
#include "pretext/autograd/apply.hpp"

// One row of the op table, and how its arguments are drawn. It needs no kernel: a program that reads the
// table compiles op_table.hpp once for each element type and device, and the rest of it against this header.
namespace test {

using namespace pretext;

/// How the elements of an argument are drawn.
enum class Draw {
  uniform,   ///< in [-1, 1)
  shifted,   ///< in [99, 101): a large mean
  off_zero,  ///< at least 1/16 away from 0
  small,     ///< in [-1/32, 1/32)
  distinct,  ///< all of them at least 1/16 apart
  none       ///< there is no such argument
};

struct Input {
  Shape shape;
  Draw draw = Draw::uniform;
};

inline Input none() { return {{}, Draw::none}; }

/// An op with its options, how to draw what it is called on, and what it must give.
template <class T, Device D>
struct OpCase {
  std::string name;
  std::vector<Input> inputs;
  std::function<Var<T, D>(const std::vector<Var<T, D>>&)> record;
  std::function<Tensor<T, D>(const std::vector<Tensor<T, D>>&)> infer;
  std::function<naive::Expected(const std::vector<naive::X>&)> expect;
  bool large = false;  ///< spreads over many chunks; too much for finite differences
};

/// Every op in every shape that is worth a test. Defined in op_table.hpp.
template <class T, Device D>
std::vector<OpCase<T, D>> op_table();

/// The same values for the same input and stream, always; every value is exact in float.
inline naive::X draw(const Input& input, std::uint32_t stream) {
  if (input.draw == Draw::none) return {};
  naive::X x(input.shape);
  Rng rng(2024, Use::test, 0, stream);
  const Permutation order(static_cast<std::uint64_t>(x.size()), 2024, stream);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const float u = rng.uniform(-1, 1);
    const double grid = static_cast<double>(order(static_cast<std::uint64_t>(i))) / 16;
    x.data()[i] = input.draw == Draw::shifted    ? 100 + u
                  : input.draw == Draw::off_zero ? u + std::copysign(1.0F / 16, u)
                  : input.draw == Draw::small    ? u / 32
                  : input.draw == Draw::distinct ? grid - 2
                                                 : u;
  }
  return x;
}

/// The inputs of a case.
inline std::vector<naive::X> draw_inputs(const std::vector<Input>& inputs) {
  std::vector<naive::X> drawn;
  for (const Input& input : inputs) drawn.push_back(draw(input, static_cast<std::uint32_t>(drawn.size())));
  return drawn;
}

/// A gradient that reaches an output of the shape.
inline naive::X draw_gradient(const Shape& shape) { return draw({shape}, 1000); }

template <class T, Device D>
Tensor<T, D> as(const naive::X& x) {
  if (!x.defined()) return {};
  return Tensor<T, D>::from(x.shape(), std::vector<T>(x.span().begin(), x.span().end()));
}

/// Calls an op on as many inputs as it differentiates, and on the constants `rest` after them.
template <class Op, class... Rest>
auto calling(Op op, Rest... rest) {
  return [=](const auto& in) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) { return apply(op, in[i]..., rest...); }
    (std::make_index_sequence<Op::inputs>());
  };
}

}  // namespace test
