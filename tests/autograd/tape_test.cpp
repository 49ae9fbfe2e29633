// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "pretext/autograd/apply.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/loss.hpp"
#include "pretext/cpu/map.hpp"

using namespace pretext;
using doctest::Contains;

namespace {

using X = Tensor<double, Cpu>;

X of(const std::vector<double>& values) {
  return X::from({static_cast<std::int64_t>(values.size())}, values);
}
std::vector<double> values(const X& x) { return {x.span().begin(), x.span().end()}; }

}  // namespace

TEST_CASE("gradients of all uses of a value are added") {
  Tape<Cpu> tape;
  const auto x = tape.leaf(of({0.5, -1}));
  const auto twice = apply(ops::Add(), x, x);
  const auto sum = apply(ops::Add(), twice, x);
  const auto y = apply(ops::Add(), sum, twice);
  const X dy = of({1, 10});
  tape.backward(y, dy);
  CHECK(values(tape.gradient(x)) == std::vector<double>{5, 50});
  CHECK(values(dy) == std::vector<double>{1, 10});
}

TEST_CASE("values that the output does not depend on get no gradient") {
  Tape<Cpu> tape;
  const auto x = tape.leaf(of({1})), unused = tape.leaf(of({2}));
  const auto y = apply(ops::Tanh(), x);
  apply(ops::Add(), y, unused);
  tape.backward(y);
  CHECK(tape.gradient(x).item() == doctest::Approx(1 - std::tanh(1.0) * std::tanh(1.0)));
  CHECK_FALSE(tape.gradient(unused).defined());
}

TEST_CASE("parameters collect gradients over several tapes; frozen and undefined ones take none") {
  Param<double, Cpu> weight(X::full({2, 3}, 0.5)), bias;
  for (double times : {1, 2}) {
    Tape<Cpu> tape;
    const auto y = apply(ops::Linear(), tape.leaf(X::full({1, 3}, 2)), weight, bias);
    tape.backward(y, X::full({1, 2}, 1));
    for (double g : weight.grad.span()) CHECK(g == 2 * times);
  }
  CHECK_FALSE(bias.grad.defined());
  weight.trainable = false;
  weight.grad = {};
  Tape<Cpu> tape;
  const auto x = tape.leaf(X::full({1, 3}, 2));
  tape.backward(apply(ops::Linear(), x, weight, bias), X::full({1, 2}, 1));
  CHECK_FALSE(weight.grad.defined());
  CHECK(values(tape.gradient(x)) == std::vector<double>(3, 1));
}

TEST_CASE("a gradient that somebody else holds is not written to") {
  Param<double, Cpu> weight(X::full({1, 1}, 1));
  const auto step = [&] {
    Tape<Cpu> tape;
    tape.backward(apply(ops::Linear(), tape.constant(X::full({1, 1}, 3)), weight, Param<double, Cpu>()));
  };
  step();
  const X kept = weight.grad;
  step();
  CHECK(kept.item() == 3);
  CHECK(weight.grad.item() == 6);
}

TEST_CASE("misuse of a tape is refused in words") {
  Tape<Cpu> tape, other;
  const auto x = tape.leaf(of({1, 2})), far = other.leaf(of({1, 2}));
  const auto y = apply(ops::Tanh(), x);
  CHECK_THROWS_WITH_AS(tape.backward(y), "backward: the loss must have one element, but its shape is [2]",
                       Error);
  CHECK_THROWS_WITH_AS(tape.backward(y, of({1})), "backward: gradient [1] for an output [2]", Error);
  CHECK_THROWS_WITH_AS(tape.backward(tape.constant(of({1}))),
                       Contains("not computed from anything on this tape"), Error);
  CHECK_THROWS_WITH_AS(other.backward(y, of({1, 1})), Contains("not computed from anything on this tape"),
                       Error);
  CHECK_THROWS_WITH_AS(apply(ops::Add(), x, far), "apply: the inputs of one op are on different tapes",
                       Error);
  CHECK_THROWS_WITH_AS(tape.gradient(far), "gradient: not a leaf of this tape", Error);
  tape.backward(y, of({1, 1}));
  CHECK_THROWS_WITH_AS(tape.backward(y, of({1, 1})), Contains("clear() it and record anew"), Error);
}

TEST_CASE("what was recorded before a tape was cleared is refused") {
  Tape<Cpu> tape;
  const auto old = tape.leaf(of({1, 2}));
  const auto sum = apply(ops::Add(), old, old);
  tape.clear();
  const auto x = tape.leaf(of({3, 4})), y = apply(ops::Tanh(), x), z = apply(ops::Tanh(), y);
  CHECK_THROWS_WITH_AS(tape.backward(sum, of({1, 1})), Contains("not computed from anything on this tape"),
                       Error);
  CHECK_THROWS_WITH_AS(apply(ops::Add(), x, old), "apply: an input was recorded before its tape was cleared",
                       Error);
  CHECK_THROWS_WITH_AS(tape.gradient(old), "gradient: not a leaf of this tape", Error);
  tape.backward(z, of({1, 1}));
  CHECK(tape.gradient(x).defined());
}

TEST_CASE("clear starts another step on the same memory, and a steady step asks the system for nothing") {
  Param<float, Cpu> weight(Tensor<float, Cpu>::full({64, 64}, 0.01F));
  const auto labels = Tensor<std::int32_t, Cpu>::full({32}, 5);
  const auto x = Tensor<float, Cpu>::full({32, 64}, 1);
  Tape<Cpu> tape;
  std::size_t allocations = 0;
  for (std::uint32_t step = 0; step < 6; ++step) {
    auto h = tape.constant(x);
    for (int layer = 0; layer < 3; ++layer)
      h = apply(ops::Tanh(), apply(ops::Linear(), h, weight, Tensor<float, Cpu>()));
    tape.backward(apply(ops::SoftmaxCrossEntropy(), h, labels));
    weight.grad = {};
    tape.clear(step + 1);
    CHECK(tape.size() == 0);
    if (step == 1) allocations = allocator<Cpu>().use().allocations;
  }
  CHECK(allocator<Cpu>().use().allocations == allocations);
}

TEST_CASE("backward releases what an op kept as soon as it has passed it") {
  Tape<Cpu> tape;
  const std::size_t before = allocator<Cpu>().use().live;
  auto y = tape.leaf(X::full({1000}, 0.1));
  for (int i = 0; i < 20; ++i) y = apply(ops::Tanh(), y);
  const std::size_t recorded = allocator<Cpu>().use().live;
  tape.backward(y, X::full({1000}, 1));
  // The input, the last output and the input's gradient are left.
  CHECK(recorded - before > 20 * 8000);
  CHECK(allocator<Cpu>().use().live - before < 4 * 8000);
}

TEST_CASE("draws are counted within a step and start anew with the next") {
  Tape<Cpu> tape(42, 7);
  const DrawKey first = tape.next_draw(), second = tape.next_draw();
  CHECK(first.seed == 42);
  CHECK(first.step == 7);
  CHECK(first.draw == 0);
  CHECK(second.draw == 1);
  tape.clear(8);
  const DrawKey next = tape.next_draw();
  CHECK(next.step == 8);
  CHECK(next.draw == 0);
  CHECK(next.seed == 42);
}

TEST_CASE("a batch norm that trains on constants still moves its running statistics, and records nothing") {
  Tape<Cpu> tape;
  X mean = X::zeros({1}), var = X::zeros({1});
  const auto x = tape.constant(X::from({2, 1}, std::vector<double>{1, 3}));
  CHECK(apply(ops::BatchNorm{.momentum = 1}, x, X(), X(), mean, var).node == -1);
  CHECK(mean.item() == 2);
  CHECK(var.item() == 2);
}

TEST_CASE("an arena hands out aligned memory and uses it again after a reset") {
  Arena arena;
  std::vector<void*> first;
  for (std::size_t bytes : {std::size_t{1}, std::size_t{24}, std::size_t{100'000}, std::size_t{16}}) {
    void* memory = arena.allocate(bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % alignof(std::max_align_t) == 0);
    std::memset(memory, 0xAB, bytes);
    first.push_back(memory);
  }
  arena.reset();
  for (std::size_t i = 0;
       std::size_t bytes : {std::size_t{1}, std::size_t{24}, std::size_t{100'000}, std::size_t{16}})
    CHECK(arena.allocate(bytes) == first[i++]);
}
