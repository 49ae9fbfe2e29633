// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <sstream>

#include "op_case.hpp"
#include "poison.hpp"

// What the tests of the op table's values share between element types.
namespace test {

template <class T, Device D>
std::vector<Tensor<T, D>> arguments(const OpCase<T, D>& op) {
  std::vector<Tensor<T, D>> x;
  for (const naive::X& input : draw_inputs(op.inputs)) x.push_back(as<T, D>(input));
  return x;
}

/// What is wrong with y, or nothing.
template <class T>
std::string fault(const Tensor<T, Cpu>& y, const naive::Expected& expected) {
  std::ostringstream text;
  if (y.shape() != expected.value.shape())
    text << "shape " << y.shape() << ", not " << expected.value.shape();
  for (std::int64_t i = 0; text.str().empty() && i < y.size(); ++i) {
    const double is = static_cast<double>(y.data()[i]), should = expected.value.data()[i];
    // The plain loops round too, in double.
    const double unit = (std::numeric_limits<T>::epsilon() + std::numeric_limits<double>::epsilon()) / 2;
    const double allowed = unit * expected.length * expected.scale.data()[i];
    if (is != should && !(std::abs(is - should) <= allowed))
      text << "element " << i << " is " << is << ", off by " << is - should << " where " << allowed
           << " is allowed, from " << should;
  }
  return text.str();
}

/// Checks every op in poisoned memory against the plain loops.
template <class T, Device D = Cpu>
void check_values() {
  for (const auto& op : op_table<T, D>()) {
    INFO(op.name);
    const auto x = arguments(op);
    op.infer(x);
    poison_free_memory<D>();
    CHECK(fault(op.infer(x).template to<Cpu>(), op.expect(draw_inputs(op.inputs))) == "");
  }
}

/// Checks that a Var holds the bits that a Tensor gives.
template <class T, Device D = Cpu>
void check_recorded_values() {
  for (const auto& op : op_table<T, D>()) {
    INFO(op.name);
    Tape<D> tape;
    std::vector<Var<T, D>> vars;
    for (const auto& x : arguments(op)) vars.push_back(tape.leaf(x));
    const Tensor<T, Cpu> inferred = op.infer(arguments(op)).template to<Cpu>(),
                         recorded = op.record(vars).value().template to<Cpu>();
    REQUIRE(recorded.shape() == inferred.shape());
    CHECK(std::memcmp(recorded.data(), inferred.data(), static_cast<std::size_t>(inferred.bytes())) == 0);
  }
}

}  // namespace test
