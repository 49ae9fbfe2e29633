// SPDX-License-Identifier: MIT
#include "pretext/nn/init.hpp"

#include "pretext/nn/conv2d.hpp"
#include "pretext/nn/linear.hpp"
#include "support.hpp"

namespace {

using namespace pretext;

/// Mean and standard deviation.
template <class T>
std::pair<double, double> moments(const Tensor<T, Cpu>& x) {
  double sum = 0, squares = 0;
  for (const T v : x.span())
    sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
  const auto n = static_cast<double>(x.size());
  return {sum / n, std::sqrt(squares / n - sum / n * (sum / n))};
}

TEST_CASE("weights are drawn with the deviation that their rule says") {
  Rng rng(1);
  const auto normal = moments(init::normal<float, Cpu>({20000}, 0.5, rng));
  CHECK(std::abs(normal.first) < 0.02);
  CHECK(normal.second == doctest::Approx(0.5).epsilon(0.02));
  CHECK(moments(init::he<float, Cpu>({20000}, 8, rng)).second == doctest::Approx(0.5).epsilon(0.02));
  const auto uniform = init::xavier<float, Cpu>({20000}, 20, 4, rng);
  CHECK(*std::ranges::max_element(uniform.span()) <= 0.5F);
  CHECK(*std::ranges::max_element(uniform.span()) > 0.499F);
  CHECK(*std::ranges::min_element(uniform.span()) >= -0.5F);
  CHECK(moments(uniform).second == doctest::Approx(0.5 / std::sqrt(3.0)).epsilon(0.02));
}

TEST_CASE("convolutions start with deviation sqrt(2 / (kernel^2 out)) and no offset") {
  Rng rng(1);
  nn::Conv2d<> conv({.in = 64, .out = 32, .kernel = 3}, rng);
  CHECK(moments(conv.weight.value).second == doctest::Approx(std::sqrt(2.0 / (9 * 32))).epsilon(0.02));
  for (const float v : conv.bias.value.span()) CHECK(v == 0);
}

TEST_CASE("the same seed draws the same weights in every element type") {
  Rng a(7), b(7);
  const auto narrow = init::normal<float, Cpu>({100}, 1, a);
  const auto wide = init::normal<double, Cpu>({100}, 1, b);
  for (std::int64_t i = 0; i < 100; ++i) CHECK(narrow.data()[i] == static_cast<float>(wide.data()[i]));
}

TEST_CASE("groups that do not divide the channels are refused") {
  Rng rng(1);
  CHECK_THROWS_WITH_AS(nn::Conv2d<>({.in = 4, .out = 6, .kernel = 1, .groups = 4}, rng),
                       "Conv2d: 4 groups do not divide 4 input and 6 output channels", Error);
}

}  // namespace
