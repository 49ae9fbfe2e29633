// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "op_case.hpp"
#include "poison.hpp"
#include "pretext/autograd/gradcheck.hpp"
#include "pretext/cpu/map.hpp"

using namespace test;

namespace {

/// The gradients of a case with respect to its inputs, as doubles, from a fixed gradient of its output.
template <class T>
std::vector<naive::X> gradients(const OpCase<T, Cpu>& op) {
  Tape<Cpu> tape;
  std::vector<Var<T, Cpu>> x;
  for (const naive::X& input : draw_inputs(op.inputs)) x.push_back(tape.leaf(as<T, Cpu>(input)));
  const Var<T, Cpu> y = op.record(x);
  tape.backward(y, as<T, Cpu>(draw_gradient(y.shape())));
  std::vector<naive::X> result;
  for (const auto& input : x) {
    const Tensor<T, Cpu> g = tape.gradient(input);
    result.push_back(!input.value().defined()
                         ? naive::X()
                         : naive::X::from(g.shape(), std::vector<double>(g.span().begin(), g.span().end())));
  }
  return result;
}

}  // namespace

TEST_CASE("every gradient is that of finite differences, at all coordinates") {
  double worst = 0;
  for (const auto& op : op_table<double, Cpu>()) {
    if (op.large) continue;
    INFO(op.name);
    poison_free_memory();
    const double error = gradcheck(op.record, draw_inputs(op.inputs));
    CHECK(error < 1e-8);
    worst = std::max(worst, error);
  }
  MESSAGE("worst relative error of a gradient: ", worst);
}

TEST_CASE("a gradient in float is that in double, but for rounding") {
  const auto in_double = op_table<double, Cpu>();
  const auto in_float = op_table<float, Cpu>();
  for (std::size_t i = 0; i < in_double.size(); ++i) {
    INFO(in_double[i].name);
    const auto expected = gradients(in_double[i]);
    poison_free_memory();
    const auto found = gradients(in_float[i]);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      double largest = 1e-3, difference = 0;
      for (std::int64_t j = 0; j < expected[k].size(); ++j) {
        largest = std::max(largest, std::abs(expected[k].data()[j]));
        const double d = std::abs(found[k].data()[j] - expected[k].data()[j]);
        difference = d <= difference ? difference : d;
      }
      CHECK(difference <= 1e-4 * largest);
    }
  }
}
