// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "op_table.hpp"

// What single ops promise beyond values and gradients.
using namespace test;

namespace {

using X = Tensor<float, Cpu>;
using XX = Tensor<double, Cpu>;

template <class T>
Tensor<T, Cpu> of(const Shape& shape, const std::vector<T>& values) {
  return Tensor<T, Cpu>::from(shape, values);
}

template <class T>
std::vector<T> values(const Tensor<T, Cpu>& x) {
  return {x.span().begin(), x.span().end()};
}

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// The gradient of x for a sum over the outputs of an op.
template <class Op>
X gradient(const Op& op, const X& x) {
  Tape<Cpu> tape;
  const auto leaf = tape.leaf(x);
  const auto y = apply(op, leaf);
  tape.backward(y, X::full(y.shape(), 1));
  return tape.gradient(leaf);
}

}  // namespace

TEST_CASE(
    "a training batch norm moves its running statistics: the variance unbiased, and only when recorded") {
  const XX x = of<double>({4, 2}, {1, 10, 2, 10, 3, 14, 6, 14});
  XX mean = of<double>({2}, {0, 4}), var = of<double>({2}, {1, 2});
  const ops::BatchNorm op{.momentum = 0.25};
  const XX inferred = apply(op, x, XX(), XX(), mean, var);
  CHECK(values(mean) == std::vector<double>{0, 4});
  CHECK(values(var) == std::vector<double>{1, 2});

  Tape<Cpu> tape;
  const auto y = apply(op, tape.leaf(x), XX(), XX(), mean, var);
  CHECK(values(y.value()) == values(inferred));
  CHECK(mean.data()[0] == doctest::Approx(0.25 * 3));
  CHECK(mean.data()[1] == doctest::Approx(0.75 * 4 + 0.25 * 12));
  CHECK(var.data()[0] == doctest::Approx(0.75 * 1 + 0.25 * 14.0 / 3));
  CHECK(var.data()[1] == doctest::Approx(0.75 * 2 + 0.25 * 16.0 / 3));
}

TEST_CASE("batch norm keeps its digits where the mean is far larger than the deviation") {
  constexpr std::int64_t rows = 40000;
  X x({rows, 3});
  Rng rng(5, Use::test);
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = (i % 3 == 0 ? 4096.0F : i % 3 == 1 ? -65536.0F : 0.0F) + rng.uniform(-1, 1);
  X mean = X::zeros({3}), var = X::zeros({3});
  Tape<Cpu> tape;
  apply(ops::BatchNorm{.momentum = 1}, tape.leaf(x), X(), X(), mean, var);
  const auto [expected_mean, expected_var] = naive::statistics(
      as<double, Cpu>(naive::X::from(x.shape(), std::vector<double>(x.span().begin(), x.span().end()))));
  for (std::int64_t c = 0; c < 3; ++c) {
    CHECK(mean.data()[c] == doctest::Approx(expected_mean.data()[c]).epsilon(1e-7));
    CHECK(var.data()[c] == doctest::Approx(expected_var.data()[c] * rows / (rows - 1)).epsilon(1e-5));
  }
}

TEST_CASE("batch norm gives a constant channel its beta") {
  const X x = X::full({2, 3, 3, 1}, 7),
          y = apply(ops::BatchNorm(), x, X::full({1}, 2), X::full({1}, 0.5), X(), X());
  for (float v : y.span()) CHECK(v == 0.5F);
}

TEST_CASE("max pooling: the first of equal values gets the gradient") {
  CHECK(values(gradient(ops::MaxPool2d{2, {.stride = 2}}, X::full({1, 2, 2, 1}, 3))) ==
        std::vector<float>{1, 0, 0, 0});
  const X all_low = X::full({1, 2, 2, 1}, -infinity);
  CHECK(values(gradient(ops::MaxPool2d{2, {.stride = 2}}, all_low)) == std::vector<float>{1, 0, 0, 0});
}

TEST_CASE("max pooling: not a number comes through and gets the gradient") {
  const X x = of<float>({1, 2, 2, 1}, {5, not_a_number, 9, -1});
  const ops::MaxPool2d pool{2, {.stride = 2}};
  CHECK(std::isnan(apply(pool, x).item()));
  CHECK(values(gradient(pool, x)) == std::vector<float>{0, 1, 0, 0});
}

TEST_CASE("max pooling: the border never wins, and a window of border alone gives -inf and no gradient") {
  const X x = X::full({1, 2, 2, 1}, -5);
  CHECK(values(apply(ops::MaxPool2d{3, {.stride = 1, .padding = 1}}, x)) == std::vector<float>(4, -5));
  const ops::MaxPool2d sparse{2, {.padding = 1, .dilation = 2}};
  const X pixel = X::full({1, 1, 1, 1}, 4);
  CHECK(apply(sparse, pixel).item() == -infinity);
  CHECK(gradient(sparse, pixel).item() == 0);
}

TEST_CASE("dropout keeps its share, scales it, and draws afresh for another key") {
  const X ones = X::full({400, 250}, 1);
  const X y = apply(ops::Dropout{0.3, {9, 4, 2}}, ones);
  const auto kept = std::ranges::count_if(y.span(), [](float v) { return v != 0; });
  // 100,000 draws: four standard deviations are 580.
  CHECK(std::abs(kept - 70000) < 580);
  for (float v : y.span()) REQUIRE((v == 0 || v == doctest::Approx(1 / 0.7)));
  for (const DrawKey& other : {DrawKey{8, 4, 2}, DrawKey{9, 5, 2}, DrawKey{9, 4, 3}}) {
    const X z = apply(ops::Dropout{0.3, other}, ones);
    std::int64_t same = 0;
    for (std::int64_t i = 0; i < y.size(); ++i) same += (y.data()[i] != 0) == (z.data()[i] != 0);
    // Independent masks agree with probability 0.58.
    CHECK(std::abs(same - 58000) < 640);
  }
}

TEST_CASE("cross-entropy stays finite and right for huge logits") {
  const auto loss = [](const XX& logits, std::int32_t label) {
    return apply(ops::SoftmaxCrossEntropy(), logits, of<std::int32_t>({1}, {label})).item();
  };
  CHECK(loss(of<double>({1, 3}, {1e30, -1e30, 0}), 0) == 0);
  CHECK(loss(of<double>({1, 3}, {1e4, 0, 0}), 1) == 1e4);
  CHECK(loss(of<double>({1, 2}, {700, 700}), 1) == doctest::Approx(std::log(2.0)));
  CHECK(loss(of<double>({1, 2}, {-1000, -1000}), 1) == doctest::Approx(std::log(2.0)));
  CHECK(loss(of<double>({1, 2}, {0, -std::numeric_limits<double>::infinity()}), 0) == 0);
  CHECK(std::isnan(loss(of<double>({1, 2}, {0, not_a_number}), 0)));
}

TEST_CASE("a reshape shares its memory, and so does its gradient") {
  const X x = X::zeros({2, 6});
  CHECK(apply(ops::Reshape{{3, 4}}, x).data() == x.data());
  CHECK(apply(ops::Flatten(), x.reshape({2, 3, 2})).data() == x.data());
}

TEST_CASE("window extents follow the rule of ceil mode: the last window starts before the end") {
  const ops::Window stride2{.stride = 2}, padded{.stride = 2, .padding = 1};
  CHECK(stride2.output("", 5, 2) == 2);
  CHECK(stride2.output("", 5, 2, true) == 3);
  CHECK(stride2.output("", 6, 3, true) == 3);
  CHECK(padded.output("", 5, 2, true) == 3);
  CHECK(padded.output("", 4, 3, true) == 3);
  CHECK(ops::Window{.stride = 3}.output("", 7, 1, true) == 3);
  CHECK(ops::Window{.stride = 5}.output("", 7, 2, true) == 2);
  CHECK(stride2.output("", 2, 3, true) == 1);
}

TEST_CASE("weights on the gradient alone leave the loss as if they were 1") {
  const Tensor<double, Cpu> logits = as<double, Cpu>(draw({{4, 5}}, 0)),
                            shares = as<double, Cpu>(draw({{4, 2}}, 1)),
                            weights = as<double, Cpu>(draw({{4}}, 2));
  const auto classes =
      Tensor<std::int32_t, Cpu>::from({4, 2}, std::vector<std::int32_t>{0, 1, 4, 2, 3, 3, 1, 0});
  const auto run = [&](ops::Weighting weighting, const Tensor<double, Cpu>& w) {
    Tape<Cpu> tape;
    const auto x = tape.leaf(logits);
    const auto loss = apply(ops::SoftCrossEntropy{weighting}, x, classes, shares, w);
    const double value = loss.value().item();
    tape.backward(loss);
    const auto g = tape.gradient(x);
    return std::pair(value, std::vector<double>(g.span().begin(), g.span().end()));
  };
  const auto on_loss = run(ops::Weighting::loss, weights),
             on_gradient = run(ops::Weighting::gradient, weights), none = run(ops::Weighting::loss, {});
  CHECK(on_gradient.first == none.first);
  CHECK(on_gradient.second == on_loss.second);
  CHECK(on_loss.first != none.first);
  CHECK(on_gradient.second != none.second);
}
