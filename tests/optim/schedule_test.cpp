// SPDX-License-Identifier: MIT
#include "pretext/optim/schedule.hpp"

#include "support.hpp"

namespace {

using namespace pretext;
using doctest::Approx;

TEST_CASE("a constant stays") {
  const optim::Schedule schedule = optim::Constant{0.3};
  for (const double epoch : {0.0, 0.5, 1000.0}) CHECK(schedule(epoch) == 0.3);
}

TEST_CASE("steps fall at every multiple of their length, not before") {
  const optim::Schedule schedule = optim::StepDecay{.lr = 1, .every = 2.5, .factor = 0.5};
  for (double epoch = 0; epoch < 20; epoch += 0.125)
    CHECK(schedule(epoch) == Approx(std::exp2(-std::floor(epoch / 2.5))));
}

TEST_CASE("milestones fall where they say: RotNet's released schedule") {
  const optim::Schedule schedule = optim::MultiStep{.lr = 0.1, .milestones = {60, 120, 160}, .factor = 0.2};
  CHECK(schedule(0) == Approx(0.1));
  CHECK(schedule(59.99) == Approx(0.1));
  CHECK(schedule(60) == Approx(0.02));
  CHECK(schedule(120) == Approx(0.004));
  CHECK(schedule(199) == Approx(0.0008));
}

TEST_CASE("a cosine follows its closed form at fractions of an epoch, and is level outside") {
  const optim::Schedule schedule = optim::Cosine{.lr = 2, .end = 110, .begin = 10, .last = 0.5};
  CHECK(schedule(0) == 2);
  CHECK(schedule(10) == 2);
  for (double epoch = 10; epoch <= 110; epoch += 0.75) {
    const double s = std::sin(3.141592653589793 * (epoch - 10) / 200);
    CHECK(schedule(epoch) == Approx(2 - 1.5 * s * s));
  }
  CHECK(schedule(60) == Approx(1.25));
  CHECK(schedule(500) == Approx(0.5));
}

TEST_CASE("a warm-up is a straight line that meets its schedule, which it then leaves alone") {
  const optim::Cosine cosine{.lr = 1, .end = 100, .begin = 5};
  const optim::Schedule schedule = optim::WarmUp{.schedule = cosine, .epochs = 5, .from = 0.1};
  for (double epoch = 0; epoch < 5; epoch += 0.25) CHECK(schedule(epoch) == Approx(0.1 + 0.9 * epoch / 5));
  CHECK(schedule(4.999999) == Approx(schedule(5)).epsilon(1e-5));
  for (const double epoch : {5.0, 20.0, 99.5, 120.0}) CHECK(schedule(epoch) == cosine(epoch));
}

TEST_CASE("a warm-up is straight also where its schedule already falls") {
  const optim::Cosine cosine{.lr = 1, .end = 10};
  const optim::Schedule schedule = optim::WarmUp{.schedule = cosine, .epochs = 4};
  for (double epoch = 0; epoch < 4; epoch += 0.5) CHECK(schedule(epoch) == Approx(cosine(4) * epoch / 4));
}

TEST_CASE("a warm-up of no length is its schedule") {
  const optim::Schedule schedule = optim::WarmUp{.schedule = optim::Constant{0.3}, .epochs = 0};
  CHECK(schedule(0) == 0.3);
}

TEST_CASE("a schedule of impossible length is refused") {
  CHECK_THROWS_AS((optim::StepDecay{.lr = 1, .every = 0}(1)), Error);
  CHECK_THROWS_AS((optim::Cosine{.lr = 1, .end = 5, .begin = 5}(1)), Error);
}

}  // namespace
