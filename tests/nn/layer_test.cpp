// SPDX-License-Identifier: MIT
#include "layer_table.hpp"

#include "poison.hpp"
#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/cpu/dropout.hpp"
#include "pretext/cpu/l2_normalize.hpp"
#include "pretext/cpu/linear.hpp"
#include "pretext/cpu/local_response_norm.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/nn/count.hpp"
#include "pretext/nn/freeze.hpp"
#include "pretext/nn/state.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X = Tensor<double, Cpu>;
using Layer = nn::AnyLayer<Cpu, double>;

/// Values in (-1, 1), all different and none near zero: steps of 1e-3 cross no kink and change no winner.
X spread(const Shape& shape) {
  X x(shape);
  const auto n = static_cast<double>(x.size());
  REQUIRE(n <= 200);
  const Permutation order(static_cast<std::uint64_t>(x.size()), 5, 0);
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = (2 * static_cast<double>(order(static_cast<std::uint64_t>(i))) + 1) / n - 1;
  return x;
}

/// Members that differ from their initial values, as a training step leaves them.
Layer trained(const test::LayerRow<>& row, std::uint64_t seed = 1) {
  Rng rng(seed);
  Layer layer = row.make(rng);
  layer.each([&](const std::string& name, auto& member) {
    for (double& v : member.value.span())
      v = name.ends_with("running_var") ? rng.uniform(0.5F, 2) : v + rng.uniform(-0.3F, 0.3F);
  });
  return layer;
}

bool equal(const X& a, const X& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.bytes())) == 0;
}

/// A training step whose loss is the sum of the outputs times fixed numbers.
struct Step {
  Layer& layer;
  X input, weights;

  Step(Layer& l, const test::LayerRow<>& row) : layer(l), input(spread(row.input)), weights(row.output) {
    Rng rng(3, Use::test);
    for (double& w : weights.span()) w = rng.uniform(0.5F, 1.5F) * (rng.chance(0.5F) ? 1 : -1);
  }

  X output() {
    Tape<Cpu> tape(7, 2);
    return layer(tape.leaf(input)).value();
  }

  double loss() {
    const X y = output();
    double sum = 0;
    for (std::int64_t i = 0; i < y.size(); ++i) sum += y.data()[i] * weights.data()[i];
    return sum;
  }

  /// Adds to the gradients of the parameters and returns that of the input.
  X backward() {
    Tape<Cpu> tape(7, 2);
    const auto x = tape.leaf(input);
    tape.backward(layer(x), weights.clone());
    return tape.gradient(x);
  }

  /// The largest error of a gradient, over all values of the input or of a parameter, relative to the largest
  /// derivative.
  double error(X& values, const X& gradient) {
    constexpr double step = 1e-3;
    double difference = 0, scale = 1e-3;
    for (std::int64_t i = 0; i < values.size(); ++i) {
      const double x = values.data()[i];
      const auto at = [&](double offset) { return values.data()[i] = x + offset, loss(); };
      const double numeric = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      values.data()[i] = x;
      const double d = std::abs(numeric - gradient.data()[i]);
      difference = d > difference || std::isnan(d) ? d : difference;
      scale = std::max(scale, std::abs(numeric));
    }
    return difference / scale;
  }
};

template <class F>
void for_each_row(F&& f) {
  for (const test::LayerRow<>& row : test::layer_table()) {
    CAPTURE(row.name);
    f(row);
  }
}

TEST_CASE("every layer gives the shape and has the members that its row says") {
  for_each_row([](const test::LayerRow<>& row) {
    Rng rng(1);
    Layer layer = row.make(rng);
    CHECK(layer(spread(row.input)).shape() == row.output);
    std::vector<std::string> members;
    std::int64_t learnt = 0;
    layer.each([&](const std::string& name, auto& member) {
      members.push_back(name);
      if (is_param<decltype(member)>) learnt += member.value.size();
    });
    CHECK(members == row.members);
    CHECK(nn::count_parameters(layer) == learnt);
  });
}

TEST_CASE("the gradient of every layer is exact in its input and in all of its parameters") {
  for_each_row([](const test::LayerRow<>& row) {
    Layer layer = trained(row);
    Step step(layer, row);
    const X gradient = step.backward();
    CHECK(step.error(step.input, gradient) < row.tolerance);
    nn::visit<Cpu, double>(layer, {.param = [&](const std::string& name, Param<double, Cpu>& p) {
                             CAPTURE(name);
                             REQUIRE(p.grad.defined());
                             const X own = std::exchange(p.grad, {});
                             CHECK(step.error(p.value, own) < row.tolerance);
                           }});
  });
}

TEST_CASE("a frozen layer keeps its members, takes no gradient, and hands the exact one to its input") {
  for_each_row([](const test::LayerRow<>& row) {
    Layer layer = trained(row);
    nn::freeze(layer);
    const std::uint64_t before = nn::hash_state(layer);
    Step step(layer, row);
    const X gradient = step.backward();
    CHECK(step.error(step.input, gradient) < row.tolerance);
    CHECK(nn::hash_state(layer) == before);
    for (const auto& p : nn::parameters<Cpu, double>(layer)) CHECK(!p.param->grad.defined());
    nn::unfreeze(layer);
    step.backward();
    for (const auto& p : nn::parameters<Cpu, double>(layer)) CHECK(p.param->grad.defined());
  });
}

TEST_CASE("a Tensor through a layer gives what a Var gives, as far as its row says, and changes nothing") {
  for_each_row([](const test::LayerRow<>& row) {
    Layer layer = trained(row);
    const std::uint64_t before = nn::hash_state(layer);
    Step step(layer, row);
    const X inferred = layer(step.input);
    CHECK(nn::hash_state(layer) == before);
    CHECK(equal(inferred, step.output()) == (row.inference == test::Inference::same));
    Layer frozen = trained(row);
    nn::freeze(frozen);
    CHECK(equal(inferred, Step(frozen, row).output()) == (row.inference != test::Inference::differs));
  });
}

TEST_CASE("a second backward pass adds to the gradients of the first") {
  for_each_row([](const test::LayerRow<>& row) {
    Layer layer = trained(row);
    Step step(layer, row);
    step.backward();
    std::vector<X> once;
    for (const auto& p : nn::parameters<Cpu, double>(layer)) once.push_back(p.param->grad.clone());
    step.backward();
    std::size_t i = 0;
    for (const auto& p : nn::parameters<Cpu, double>(layer)) {
      const X& first = once[i++];
      for (std::int64_t k = 0; k < first.size(); ++k)
        CHECK(p.param->grad.data()[k] == doctest::Approx(2 * first.data()[k]).epsilon(1e-12));
    }
  });
}

TEST_CASE("no layer reads memory that it has not written") {
  for_each_row([](const test::LayerRow<>& row) {
    Layer clean = trained(row), poisoned = trained(row);
    Step expected(clean, row), step(poisoned, row);
    const X inferred = clean(expected.input);
    const X gradient = expected.backward();
    test::poison_free_memory();
    CHECK(equal(poisoned(step.input), inferred));
    test::poison_free_memory();
    CHECK(equal(step.backward(), gradient));
    CHECK(nn::hash_state(poisoned) == nn::hash_state(clean));
    const auto a = nn::parameters<Cpu, double>(clean), b = nn::parameters<Cpu, double>(poisoned);
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(equal(a[i].param->grad, b[i].param->grad));
  });
}

TEST_CASE("a layer without inputs or outputs is refused by its name") {
  Rng rng(1);
  CHECK_THROWS_WITH_AS(nn::Conv2d<>({.in = 3, .out = 0, .kernel = 3}, rng),
                       "Conv2d: in, out and kernel must be at least 1, not 3, 0 and 3", Error);
  CHECK_THROWS_WITH_AS(nn::Linear<>({.in = -1, .out = 2}, rng),
                       "Linear: in and out must be at least 1, not -1 and 2", Error);
  CHECK_THROWS_WITH_AS(nn::BatchNorm2d<>({.channels = 0}), "BatchNorm2d: channels must be at least 1, not 0",
                       Error);
}

TEST_CASE("the state of a layer makes another one the same") {
  for_each_row([](const test::LayerRow<>& row) {
    Layer layer = trained(row, 1), other = trained(row, 2);
    if (!row.members.empty()) CHECK(nn::hash_state(other) != nn::hash_state(layer));
    nn::load_state(other, nn::save_state(layer));
    CHECK(nn::hash_state(other) == nn::hash_state(layer));
    CHECK(equal(other(spread(row.input)), layer(spread(row.input))));
  });
}

}  // namespace
