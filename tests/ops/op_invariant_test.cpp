// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>

#include "op_case.hpp"
#include "poison.hpp"
#include "pretext/cpu/map.hpp"

using namespace test;

namespace {

using X = Tensor<float, Cpu>;
using Bits = std::vector<std::vector<float>>;

bool same_bits(const Bits& a, const Bits& b) {
  const auto same = [](float p, float q) {
    return std::bit_cast<std::uint32_t>(p) == std::bit_cast<std::uint32_t>(q);
  };
  return std::ranges::equal(a, b,
                            [&](const auto& x, const auto& y) { return std::ranges::equal(x, y, same); });
}

std::vector<float> bits(const X& x) { return {x.span().begin(), x.span().end()}; }

/// One forward and backward of a case, in poisoned memory.
struct Run {
  Tape<Cpu> tape;
  std::vector<Var<float, Cpu>> x;
  Var<float, Cpu> y;
  X dy;

  /// Input `constant` takes part without a gradient; `uses` is how often the op is called on the same inputs.
  explicit Run(const OpCase<float, Cpu>& op, std::size_t constant = 99, int uses = 1) {
    for (const naive::X& input : draw_inputs(op.inputs)) {
      const X value = as<float, Cpu>(input);
      x.push_back(value.defined() && x.size() != constant ? tape.leaf(value) : tape.constant(value));
    }
    poison_free_memory();
    y = op.record(x);
    for (int use = 1; use < uses; ++use) y = apply(ops::Add(), y, op.record(x));
    dy = as<float, Cpu>(draw_gradient(y.shape()));
    if (y.node < 0) return;
    poison_free_memory();
    tape.backward(y, dy.clone());
  }

  Bits inputs() const {
    Bits all;
    for (const auto& input : x) all.push_back(bits(input.value()));
    return all;
  }
  Bits gradients() const {
    Bits all;
    for (const auto& input : x)
      all.push_back(input.node < 0 ? std::vector<float>() : bits(tape.gradient(input)));
    return all;
  }
  Bits results() const {
    Bits all = gradients();
    all.push_back(bits(y.value()));
    return all;
  }
};

}  // namespace

TEST_CASE("values and gradients have the same bits for 1, 2, 4 and 8 threads") {
  const auto table = op_table<float, Cpu>();
  const int before = thread_pool().threads();
  std::vector<Bits> expected;
  for (int threads : {1, 2, 4, 8}) {
    set_num_threads(threads);
    for (std::size_t i = 0; i < table.size(); ++i) {
      INFO(table[i].name, ", ", threads, " threads");
      const Bits found = Run(table[i]).results();
      if (threads == 1) expected.push_back(found);
      CHECK(same_bits(found, expected[i]));
    }
  }
  set_num_threads(before);
}

TEST_CASE("an input that is used twice gets the sum of both gradients") {
  for (const auto& op : op_table<float, Cpu>()) {
    INFO(op.name);
    Bits once = Run(op).gradients();
    for (auto& gradient : once)
      for (float& g : gradient) g *= 2;
    CHECK(same_bits(Run(op, 99, 2).gradients(), once));
  }
}

TEST_CASE("a constant input gets no gradient and changes no other") {
  for (const auto& op : op_table<float, Cpu>()) {
    INFO(op.name);
    for (std::size_t k = 0; k < op.inputs.size(); ++k) {
      Bits expected = Run(op).gradients();
      expected[k].clear();
      CHECK(same_bits(Run(op, k).gradients(), expected));
    }
  }
}

TEST_CASE("an op on constants alone gives a constant and records nothing") {
  for (const auto& op : op_table<float, Cpu>()) {
    INFO(op.name);
    Tape<Cpu> tape;
    std::vector<Var<float, Cpu>> x;
    for (const naive::X& input : draw_inputs(op.inputs)) x.push_back(tape.constant(as<float, Cpu>(input)));
    CHECK(op.record(x).node == -1);
    CHECK(tape.size() == 0);
  }
}

TEST_CASE("no op writes to its inputs, and a second backward gives the same bits") {
  for (const auto& op : op_table<float, Cpu>()) {
    INFO(op.name);
    Bits before;
    for (const naive::X& input : draw_inputs(op.inputs)) before.push_back(bits(as<float, Cpu>(input)));
    const Run run(op), again(op);
    CHECK(same_bits(run.inputs(), before));
    CHECK(same_bits(run.results(), again.results()));
  }
}
