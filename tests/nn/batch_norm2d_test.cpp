// SPDX-License-Identifier: MIT
#include "pretext/nn/batch_norm2d.hpp"

#include "pretext/cpu/batch_norm.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/nn/freeze.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using Norm = nn::BatchNorm2d<Cpu, double>;
using X = Tensor<double, Cpu>;

// Channel 0 has mean 4 and unbiased variance 20 / 3, channel 1 has mean -1 and variance 0.
X two_channels() { return X::from({1, 2, 2, 2}, std::vector<double>{1, -1, 3, -1, 5, -1, 7, -1}); }

void train(Norm& norm) {
  Tape<Cpu> tape;
  norm(tape.constant(two_channels()));
}

TEST_CASE("training moves the running statistics by the momentum, towards the unbiased variance") {
  Norm norm({.channels = 2, .momentum = 0.25});
  train(norm);
  CHECK(norm.running_mean.value.data()[0] == doctest::Approx(1));
  CHECK(norm.running_mean.value.data()[1] == doctest::Approx(-0.25));
  CHECK(norm.running_var.value.data()[0] == doctest::Approx(0.75 + 0.25 * 20 / 3));
  CHECK(norm.running_var.value.data()[1] == doctest::Approx(0.75));
}

TEST_CASE("inference uses the running statistics, the weight and the bias") {
  Norm norm({.channels = 2, .epsilon = 0.5});
  norm.running_mean.value.fill(2);
  norm.running_var.value.fill(3.5);
  norm.weight.value.fill(6);
  norm.bias.value.fill(-1);
  const X y = norm(two_channels());
  for (std::int64_t i = 0; i < y.size(); ++i)
    CHECK(y.data()[i] == doctest::Approx((two_channels().data()[i] - 2) / 2 * 6 - 1));
}

TEST_CASE("a batch norm without weight and bias measures its batch even where nothing is differentiated") {
  Norm norm({.channels = 2, .momentum = 1, .affine = false});
  train(norm);
  CHECK(norm.running_mean.value.data()[0] == doctest::Approx(4));
}

TEST_CASE("frozen statistics stay, while a weight that is not frozen goes on learning") {
  Norm norm({.channels = 2});
  nn::freeze(norm, "running_mean");
  nn::freeze(norm, "running_var");
  Tape<Cpu> tape;
  const auto y = norm(tape.constant(two_channels()));
  tape.backward(y, X::full(y.shape(), 1));
  CHECK(norm.running_mean.value.data()[0] == 0);
  CHECK(norm.weight.grad.data()[0] == doctest::Approx(16).epsilon(1e-4));
  CHECK(norm.bias.grad.data()[0] == doctest::Approx(4));
}

TEST_CASE("many passes over one batch bring inference to what training computes") {
  Norm norm({.channels = 2, .momentum = 0.5});
  X batch({64, 1, 1, 2});
  Rng rng(1, Use::test);
  for (double& v : batch.span()) v = 3 + 2 * rng.normal();
  Var<double, Cpu> y;
  Tape<Cpu> tape;
  for (int i = 0; i < 60; ++i) y = norm(tape.constant(batch));
  const X inferred = norm(batch);
  // The running variance is the unbiased one: 64 / 63 of the batch's own.
  for (std::int64_t i = 0; i < inferred.size(); ++i)
    CHECK(inferred.data()[i] == doctest::Approx(y.value().data()[i] * std::sqrt(63.0 / 64)).epsilon(1e-5));
}

TEST_CASE("a batch norm that was moved from is refused in words") {
  Norm from({.channels = 2});
  const Norm to = std::move(from);
  Tape<Cpu> tape;
  CHECK_THROWS_WITH_AS(from(tape.constant(two_channels())),
                       "BatchNorm2d: it was moved from, and has no channels", Error);
}

}  // namespace
