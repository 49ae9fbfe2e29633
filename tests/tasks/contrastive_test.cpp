// SPDX-License-Identifier: MIT
#include "pretext/tasks/contrastive.hpp"

#include "task_checks.hpp"

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {

ContrastiveOptions small() {
  ContrastiveOptions o{.features = 16, .seed = 3, .embedding = 12, .temperature = 0.5};
  o.crop.size = 24;
  o.crop.area_low = 0.4F;
  o.blurred = 0.3F;
  return o;
}

nn::Sequential<> backbone() {
  Rng rng(2);
  return models::nin({.blocks = 2, .width = 16}, rng);
}

}  // namespace

TEST_CASE("two views of a picture point to each other, and differ") {
  const auto dataset = data::shapes({.count = 8});
  Rng rng(1);
  const Contrastive<> task(small(), rng);
  const auto batch = task.batch(dataset, plan_of({5, 0, 3}), true);
  REQUIRE(batch.inputs.shape() == Shape{6, 24, 24, 3});
  CHECK(values_of(batch.labels) == std::vector<std::int32_t>{1, 0, 3, 2, 5, 4});
  CHECK_FALSE(values_of(batch.inputs.rows(0, 1)) == values_of(batch.inputs.rows(1, 2)));
}

TEST_CASE("colours are changed, greyed and blurred as often as the options say") {
  const Image picture(32, 32);
  const ContrastiveViews program{};
  int jittered = 0, grey = 0, blurred = 0;
  std::vector<float> blurs;
  const int pictures = 50000;
  for (std::uint32_t i = 0; i < pictures; ++i) {
    View view[2];
    std::int32_t label[2];
    program({picture, 0, -1, true}, Rng(4, Use::views, 0, i), view, label);
    for (const View& v : view) {
      jittered += v.hsv.hue != 0 ? 1 : 0;
      grey += std::abs(v.color.m[0] - v.color.m[4]) < 1e-6F ? 1 : 0;
      blurred += v.blur > 0 ? 1 : 0;
      if (v.blur > 0) blurs.push_back(v.blur);
    }
  }
  const auto near = [&](int count, double share) {
    const double n = 2.0 * pictures;
    return std::abs(count - share * n) < 4 * std::sqrt(n * share * (1 - share));
  };
  CHECK(near(jittered, 0.8));
  CHECK(near(grey, 0.2));
  CHECK(near(blurred, 0.5));
  CHECK(kolmogorov(blurs, 0.1F, 2) < 1.95);
}

TEST_CASE("the loss is the normalised, temperature-scaled cross-entropy, computed by hand") {
  const auto dataset = data::shapes({.count = 8});
  Rng rng(1);
  Contrastive<> task(small(), rng);
  auto net = backbone();
  const auto batch = task.batch(dataset, plan_of({5, 0, 3}), false);
  const auto logits = task.logits(net, batch.inputs);
  double expected = 0;
  for (int i = 0; i < 6; ++i) {
    double sum = 0;
    for (int j = 0; j < 6; ++j) {
      if (j == i) continue;
      CHECK(std::abs(logits.data()[i * 6 + j]) <= 2.0001F);  // cosines by 0.5
      CHECK(logits.data()[i * 6 + j] == doctest::Approx(logits.data()[j * 6 + i]));
      sum += std::exp(static_cast<double>(logits.data()[i * 6 + j]));
    }
    expected += (std::log(sum) - static_cast<double>(logits.data()[i * 6 + (i ^ 1)])) / 6;
  }
  CHECK(task.evaluate(net, batch).loss == doctest::Approx(expected));
}

TEST_CASE("the contrastive task draws the same whatever the batch, and learns") {
  const auto dataset = data::shapes({.count = 64});
  Rng rng(1);
  Contrastive<> task(small(), rng);
  check_draws(task, dataset, 2);
  auto net = backbone();
  check_learns(net, task, dataset, 30, 0.05, 0.99);
  CHECK_THROWS_WITH_AS(Contrastive<>({.features = 16, .temperature = 0}, rng),
                       doctest::Contains("temperature must be positive"), Error);
}

TEST_CASE("the contrastive task has the paper's constants alone") {
  const auto paper = constants_of(contrastive_options(Variant::paper));
  CHECK(paper.at("temperature") == "0.1");
  CHECK(paper.at("embedding") == "128");
  CHECK_THROWS_WITH_AS(contrastive_options(Variant::revisited), doctest::Contains("only paper"), Error);
}
