// SPDX-License-Identifier: MIT
#include "pretext/nn/dropout.hpp"

#include "pretext/cpu/dropout.hpp"
#include "support.hpp"

namespace {

using namespace pretext;
using X32 = Tensor<float, Cpu>;

std::vector<bool> kept(Tape<Cpu>& tape, double rate = 0.5) {
  nn::Dropout dropout{.rate = rate};
  const X32 y = dropout(tape.constant(X32::full({4096}, 1))).value();
  std::vector<bool> result;
  for (const float v : y.span()) result.push_back(v != 0);
  return result;
}

TEST_CASE("a mask is a function of the seed, the step and the layer's place on the tape") {
  Tape<Cpu> tape(1, 5), again(1, 5), other_step(1, 6), other_seed(2, 5);
  const auto first = kept(tape), second = kept(tape);
  CHECK(first != second);
  CHECK(first == kept(again));
  CHECK(second == kept(again));
  CHECK(first != kept(other_step));
  CHECK(first != kept(other_seed));
  other_step.clear(5);
  CHECK(first == kept(other_step));
}

TEST_CASE("the given share is dropped and the rest is scaled to keep the mean") {
  Tape<Cpu> tape;
  const auto mask = kept(tape, 0.25);
  CHECK(static_cast<double>(std::ranges::count(mask, true)) == doctest::Approx(0.75 * 4096).epsilon(0.03));
  const X32 y = nn::Dropout{.rate = 0.25}(tape.constant(X32::full({64}, 3))).value();
  for (const float v : y.span()) CHECK((v == 0 || v == doctest::Approx(4)));
}

TEST_CASE("inference drops nothing, and neither does a rate of zero") {
  const X32 x = X32::full({8}, 3);
  CHECK(nn::Dropout{.rate = 0.9}(x).data() == x.data());
  Tape<Cpu> tape;
  for (const bool keep : kept(tape, 0)) CHECK(keep);
}

TEST_CASE("a rate outside 0 to 1 is refused") {
  Tape<Cpu> tape;
  CHECK_THROWS_WITH_AS(kept(tape, 1.5), doctest::Contains("the rate must be 0 to 1, not 1.5"), Error);
}

}  // namespace
