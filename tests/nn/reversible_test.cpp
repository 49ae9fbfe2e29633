// SPDX-License-Identifier: MIT
#include "pretext/nn/reversible.hpp"

#include "nn/step.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/batch_norm2d.hpp"
#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/dropout.hpp"
#include "pretext/nn/freeze.hpp"
#include "pretext/nn/recompute.hpp"
#include "pretext/nn/state.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X = Tensor<double, Cpu>;
using Halves = nn::Reversible<Cpu, double>;

constexpr std::int64_t half = 6;
const Shape both{3, 5, 4, 2 * half};

nn::Sequential<Cpu, double> function(Rng& rng, bool drop) {
  nn::Sequential<Cpu, double> f;
  f.add("bn", nn::BatchNorm2d<Cpu, double>({.channels = half})).add("relu", nn::Relu());
  if (drop) f.add("drop", nn::Dropout{.rate = 0.3});
  f.add("conv", nn::Conv2d<Cpu, double>({.in = half, .out = half, .kernel = 3, .padding = 1}, rng));
  return f;
}

Halves layer_of(int functions, bool store, bool drop = true) {
  Rng rng(1);
  Halves layer(store);
  for (int i = 0; i < functions; ++i) layer.add(function(rng, drop));
  return layer;
}

/// The largest difference relative to the largest value.
double off(const X& a, const X& b) {
  REQUIRE(a.shape() == b.shape());
  double difference = 0, scale = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a.data()[i] - b.data()[i]);
    if (!(d <= difference)) difference = d;
    scale = std::max(scale, std::abs(b.data()[i]));
  }
  return scale == 0 ? difference : difference / scale;
}

TEST_CASE("a reversible layer gives what one that stores gives: values, gradients, statistics and draws") {
  for (const int functions : {0, 1, 2, 5})
    for (const bool leaf : {true, false}) {
      if (functions == 0 && !leaf) continue;
      CAPTURE(functions);
      Halves stored = layer_of(functions, true), reversed = layer_of(functions, false);
      REQUIRE(nn::hash_state(stored) == nn::hash_state(reversed));
      const test::Step<double> expected(stored, both, leaf, 2), found(reversed, both, leaf, 2);
      CHECK(off(found.y, expected.y) == 0);
      if (leaf) CHECK(off(found.dx, expected.dx) < 1e-10);
      CHECK(found.draws == expected.draws);
      CHECK(nn::hash_state(stored) == nn::hash_state(reversed));
      const auto p = nn::parameters<Cpu, double>(stored), q = nn::parameters<Cpu, double>(reversed);
      REQUIRE(p.size() == q.size());
      for (std::size_t i = 0; i < p.size(); ++i) {
        CAPTURE(p[i].name);
        CHECK(p[i].name == q[i].name);
        REQUIRE(q[i].param->grad.defined());
        CHECK(off(q[i].param->grad, p[i].param->grad) < 1e-10);
      }
    }
}

TEST_CASE("a frozen function hands gradients on and gets none; a frozen layer of a constant keeps nothing") {
  Halves stored = layer_of(3, true), reversed = layer_of(3, false);
  for (Halves* layer : {&stored, &reversed}) nn::freeze(*layer, "1");
  const test::Step<double> expected(stored, both, true, 2), found(reversed, both, true, 2);
  CHECK(off(found.dx, expected.dx) < 1e-10);
  for (const auto& [name, p] : nn::parameters<Cpu, double>(reversed))
    CHECK(p->grad.defined() == !name.starts_with("1."));
  nn::freeze(reversed);
  Tape<Cpu> tape;
  CHECK(reversed(tape.constant(test::noise<double>({2, 3, 3, 2 * half}, 1))).node == -1);
}

TEST_CASE("activations take the same memory however many functions there are, kept and at the peak") {
  struct Use {
    double kept, peak;  // in units of the input
  };
  const auto use = [](int functions, bool store) {
    Halves layer = layer_of(functions, store, false);
    const X x = test::noise<double>({4, 32, 32, 2 * half}, 1);
    for (auto& [name, p] : nn::parameters<Cpu, double>(layer)) p->grad = X::zeros(p->value.shape());
    Tape<Cpu> tape;
    const std::size_t before = allocator<Cpu>().use().live;
    allocator<Cpu>().reset_peak();
    const auto units = [&](std::size_t bytes) {
      return static_cast<double>(bytes - before) / static_cast<double>(x.bytes());
    };
    Use used{};
    {
      const auto y = layer(tape.constant(x));
      used.kept = units(allocator<Cpu>().use().live);
      tape.backward(y, test::noise<double>(y.shape(), 2));
    }
    used.peak = units(allocator<Cpu>().use().peak);
    return used;
  };
  const Use two = use(2, false), eight = use(8, false), thirty = use(30, false);
  CHECK(two.kept < 1.5);
  CHECK(thirty.kept == doctest::Approx(two.kept).epsilon(0.01));
  // How many threads hold scratch memory at once differs from run to run.
  CHECK(eight.peak < 1.3 * two.peak);
  CHECK(thirty.peak < 1.3 * two.peak);
  CHECK(use(30, true).kept > 10 * thirty.kept);
}

TEST_CASE("a reversible layer counts the multiplications of its functions, and refuses odd channels") {
  Halves layer = layer_of(3, false);
  Tape<Cpu> tape;
  layer(tape.constant(test::noise<double>({2, 5, 4, 2 * half}, 1)));
  CHECK(tape.multiplications() == 3 * 2 * 5 * 4 * 9 * half * half);
  CHECK_THROWS_WITH_AS(layer(test::noise<double>({1, 2, 2, 3}, 1)),
                       "Reversible: x must be [..., C] with an even C, not [1, 2, 2, 3]", Error);
}

}  // namespace
