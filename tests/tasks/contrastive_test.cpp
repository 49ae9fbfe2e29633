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

}  // namespace

TEST_CASE("two views of a picture point to each other, and differ") {
  const auto dataset = data::shapes({.count = 8});
  Rng rng(1);
  const Contrastive<> task(small(), rng);
  const auto batch = task.batch(dataset, plan({5, 0, 3}), true);
  REQUIRE(batch.inputs.shape() == Shape{6, 24, 24, 3});
  CHECK(values_of(batch.labels) == std::vector<std::int32_t>{1, 0, 3, 2, 5, 4});
  CHECK_FALSE(values_of(batch.inputs.rows(0, 1)) == values_of(batch.inputs.rows(1, 2)));
}

TEST_CASE("colours are changed, greyed and blurred as often as the options say") {
  const Image picture(32, 32);
  const ContrastiveViews program{};
  int jittered = 0, grey = 0, blurred = 0;
  std::vector<float> blurs;
  const int pictures = 1'000'000;
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
  auto net = small_backbone();
  const auto batch = task.batch(dataset, plan({5, 0, 3}), false);
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

  auto options = small();
  options.jittered = options.grey = 0;  // colours tell much of these pictures
  Contrastive<> easy(options, rng);
  auto net = small_backbone();
  check_learns(net, easy, dataset,
               {.epochs = 30, .lr = 0.05, .share = 0.85, .accuracy = 0.3});  // chance: 1 / 127
}

TEST_CASE("a batch of one picture is no question: it trains nothing and scores nothing") {
  const auto dataset = data::shapes({.count = 5});
  Rng rng(1);
  Contrastive<> task(small(), rng);
  auto net = small_backbone();
  Tape<Cpu> tape(1);
  const auto one = task.batch(dataset, plan({2}), true);
  CHECK_THROWS_WITH_AS(task.loss(net, tape, one),
                       doctest::Contains("contrastive: a batch of one picture teaches nothing"), Error);
  CHECK(task.evaluate(net, one).count == 0);
  const auto all = train::evaluate(net, task, dataset, {.batch = 4});
  const auto four = task.evaluate(net, task.batch(dataset, plan({0, 1, 2, 3}), false));
  CHECK(all.count == 8);
  CHECK(all.correct == four.correct);
  CHECK(all.loss == doctest::Approx(four.loss));
}

TEST_CASE("a contrastive task that cannot be is refused in words") {
  const auto refused = [](auto change, const char* text) {
    auto options = small();
    change(options);
    Rng rng(1);
    CHECK_THROWS_WITH_AS(Contrastive<>(options, rng), doctest::Contains(text), Error);
  };
  using O = ContrastiveOptions;
  refused([](O& o) { o.temperature = 0; }, "temperature must be positive, not 0");
  refused([](O& o) { o.features = 0; },
          "contrastive: features must be the channels of the backbone's last tap");
  refused([](O& o) { o.embedding = 0; }, "contrastive: an embedding of 0 numbers");
  refused([](O& o) { o.grey = 1.1F; }, "contrastive: a probability of 1.1 of a change");
  refused([](O& o) { o.blur_low = 3; }, "contrastive: blurs of 3 to 2 pixels");
  refused([](O& o) { o.blur_high = 17; }, "contrastive: blurs of 0.1 to 17 pixels");
  refused([](O& o) { o.crop.area_low = 0; }, "contrastive: crops of 0 to 1 of a picture");
  refused([](O& o) { o.jitter.hue = 1; }, "contrastive: a hue that moves by up to 1 turns");
}

TEST_CASE("the contrastive task has the paper's constants alone") {
  const auto paper = constants_of(contrastive_options(Variant::paper));
  CHECK(paper.at("temperature") == "0.1");
  CHECK(paper.at("embedding") == "128");
  CHECK_THROWS_WITH_AS(contrastive_options(Variant::revisited), doctest::Contains("only paper"), Error);
}
