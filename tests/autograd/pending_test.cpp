// SPDX-License-Identifier: MIT
#include "pretext/autograd/pending.hpp"

#include "noise.hpp"
#include "poison.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/pool.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X = Tensor<double, Cpu>;
using P = Pending<double, Cpu>;

double furthest(const X& a, const X& b) {
  REQUIRE(a.shape() == b.shape());
  double most = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a.data()[i] - b.data()[i]);
    if (!(d <= most)) most = d;
  }
  return most;
}

constexpr std::int64_t channels = 11;

/// Layers for maps [2, 5, 6, channels], called with tensors or with what may wait.
struct Layers {
  Param<double, Cpu> weight{test::noise<double>({3, 3, channels, channels}, 1)},
      bias{test::noise<double>({channels}, 2)}, none, gamma{test::noise<double>({channels}, 3)},
      beta{test::noise<double>({channels}, 4)};
  X mean = test::noise<double>({channels}, 5), var = X::full({channels}, 0.7);

  auto conv(const auto& x) { return apply(ops::Conv2d{{.padding = 1}}, x, weight, bias); }
  auto bare(const auto& x) { return apply(ops::Conv2d{{.padding = 1}}, x, weight, none); }
  auto norm(const auto& x) { return apply(ops::BatchNormInference{}, x, gamma, beta, mean, var); }
  auto relu(const auto& x) { return apply(ops::Relu{}, x); }
  auto add(const auto& a, const auto& b) { return apply(ops::Add{}, a, b); }
  auto add_relu(const auto& a, const auto& b) { return apply(ops::Add{.relu = true}, a, b); }
  auto pool(const auto& x) { return apply(ops::AvgPool2d{.kernel = 3, .window = {.padding = 1}}, x); }
};

/// Ways through the layers: f(layers, x).
template <class X>
std::vector<std::pair<std::string, std::function<X(Layers&, const X&)>>> ways() {
  return {
      {"conv norm relu", [](Layers& l, const X& x) { return l.relu(l.norm(l.conv(x))); }},
      {"conv relu", [](Layers& l, const X& x) { return l.relu(l.conv(x)); }},
      {"bare conv relu norm", [](Layers& l, const X& x) { return l.norm(l.relu(l.bare(x))); }},
      {"conv norm norm relu relu",
       [](Layers& l, const X& x) { return l.relu(l.relu(l.norm(l.norm(l.conv(x))))); }},
      {"norm relu conv", [](Layers& l, const X& x) { return l.conv(l.relu(l.norm(x))); }},
      {"relu", [](Layers& l, const X& x) { return l.relu(x); }},
      {"conv norm + x", [](Layers& l, const X& x) { return l.add(l.norm(l.conv(x)), x); }},
      {"residual block",
       [](Layers& l, const X& x) {
         const X a = l.relu(l.norm(l.bare(x)));
         return l.add_relu(l.norm(l.conv(l.relu(l.norm(l.conv(a))))), a);
       }},
      {"residual block with a shortcut",
       [](Layers& l, const X& x) {
         return l.add_relu(l.norm(l.conv(l.relu(l.conv(x)))), l.norm(l.bare(x)));
       }},
      {"x + conv", [](Layers& l, const X& x) { return l.add_relu(l.norm(x), l.conv(x)); }},
      {"conv relu + conv", [](Layers& l, const X& x) { return l.add(l.relu(l.conv(x)), l.conv(x)); }},
      {"conv + itself",
       [](Layers& l, const X& x) {
         const X z = l.conv(x);
         return l.add(z, z);
       }},
      {"conv + its relu",
       [](Layers& l, const X& x) {
         const X z = l.conv(x);
         return l.add(z, l.relu(z));
       }},
      {"conv + x + x norm relu",
       [](Layers& l, const X& x) { return l.relu(l.norm(l.add(l.add(l.conv(x), x), x))); }},
      {"pre-activation",
       [](Layers& l, const X& x) {
         const X y = l.add(l.conv(l.relu(l.norm(x))), x);
         return l.add(l.conv(l.relu(l.norm(y))), y);
       }},
      {"norm + norm", [](Layers& l, const X& x) { return l.add_relu(l.norm(x), l.relu(l.norm(x))); }},
      {"pool of conv norm relu", [](Layers& l, const X& x) { return l.pool(l.relu(l.norm(l.conv(x)))); }},
  };
}

TEST_CASE("what waits gives what is computed step by step, by every way through a network") {
  const auto at_once = ways<X>();
  const auto waiting = ways<P>();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    CAPTURE(waiting[i].first);
    Layers layers;
    const X x = test::noise<double>({2, 5, 6, channels}, 9);
    const X expected = at_once[i].second(layers, x);
    test::poison_free_memory();
    const P y = waiting[i].second(layers, x);
    CHECK(y.shape() == expected.shape());
    CHECK(furthest(y, expected) < 1e-13);
  }
}

TEST_CASE("a value that was read on the way is right, and so is what comes of it") {
  Layers layers;
  const X x = test::noise<double>({2, 5, 6, channels}, 9);
  const X z = layers.conv(x), n = layers.norm(z), y = layers.relu(n);
  const P waiting = layers.conv(P(x));
  CHECK(furthest(waiting, z) < 1e-13);
  const P normalized = layers.norm(waiting), cut = layers.relu(normalized);
  CHECK(furthest(normalized, n) < 1e-13);
  CHECK(furthest(cut, y) < 1e-13);
  CHECK(furthest(waiting, z) < 1e-13);
}

TEST_CASE("a value is computed once for all copies") {
  Layers layers;
  const P y = layers.relu(layers.norm(layers.conv(P(test::noise<double>({2, 5, 6, channels}, 9)))));
  const P copy = y;
  CHECK(copy.value().data() == y.value().data());
  CHECK(y.operand().x.data() == y.value().data());
}

TEST_CASE("batch norm, addition and relu after a convolution take no memory of their own") {
  set_num_threads(
      1);  // whether a second one comes in time for a piece of the work decides how much lies side by side
  Layers layers;
  const X x = test::noise<double>({4, 32, 32, channels}, 9);
  const auto peak_of = [](auto&& f) {
    allocator<Cpu>().reset_peak();
    const std::size_t before = allocator<Cpu>().use().live;
    f();
    return allocator<Cpu>().use().peak - before;
  };
  const std::size_t alone = peak_of([&] { layers.conv(x); });
  const auto small = static_cast<std::size_t>(x.bytes()) / 8;
  CHECK(peak_of([&] { layers.add_relu(layers.norm(layers.conv(P(x))), P(x)).value(); }) < alone + small);
  CHECK(peak_of([&] { layers.add_relu(layers.norm(layers.conv(x)), x); }) > alone + small);
  set_num_threads(2);
}

TEST_CASE("nothing is computed that nobody reads, and shapes are looked at before") {
  Layers layers;
  test::poison_free_memory();
  const P x = test::noise<double>({2, 5, 6, channels}, 9);
  const std::size_t live = allocator<Cpu>().use().live;
  const P y = layers.relu(layers.conv(x));
  CHECK(allocator<Cpu>().use().live == live);
  CHECK(y.dim(3) == channels);
  CHECK_THROWS_WITH_AS(layers.conv(P(test::noise<double>({2, 5, 6, 3}, 9))),
                       doctest::Contains("conv2d: x [2, 5, 6, 3]"), Error);
  CHECK_THROWS_WITH_AS(layers.norm(P(test::noise<double>({2, 5, 6, 3}, 9))),
                       "batch_norm_inference: gamma must have shape [3], not [11]", Error);
  CHECK_THROWS_WITH_AS(layers.add(layers.conv(x), P(test::noise<double>({2, 5, 6, 3}, 9))),
                       "add: b must have shape [2, 5, 6, 11], not [2, 5, 6, 3]", Error);
}

}  // namespace
