// SPDX-License-Identifier: MIT
#include "pretext/tasks/exemplar.hpp"

#include "pretext/cpu/triplet_loss.hpp"
#include "pretext/models/exemplar_cnn.hpp"
#include "pretext/tasks/exemplar_triplet.hpp"
#include "task_checks.hpp"

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {

nn::Sequential<> backbone() {
  Rng rng(2);
  return models::nin({.blocks = 2, .width = 16}, rng);
}

}  // namespace

TEST_CASE("transformations are drawn evenly within the paper's ranges") {
  const ExemplarTransform transform{.blur = 1.5F};
  const Place place{40, 30, 24};
  std::map<std::string, std::vector<float>> drawn;
  for (std::uint32_t i = 0; i < 100000; ++i) {
    Rng rng(3, Use::views, 0, i);
    View view;
    transform(view, place, 32, rng);
    REQUIRE(view.clip);
    drawn["dx"].push_back((view.map.x(15.5F, 15.5F) - 40) / 24);
    drawn["dy"].push_back((view.map.y(15.5F, 15.5F) - 30) / 24);
    drawn["scale"].push_back(std::log(std::hypot(view.map.xx, view.map.yx) * 32 / 24));
    drawn["angle"].push_back(std::atan2(view.map.yx, view.map.xx) * 57.29578F);
    for (int c = 0; c < 3; ++c)
      drawn["contrast" + std::to_string(c)].push_back(std::log(view.color.m[5 * c]));
    for (const auto& [name, curve] : {std::pair("s", view.hsv.saturation), {"v", view.hsv.value}}) {
      drawn[std::string("power ") + name].push_back(std::log(curve.power));
      drawn[std::string("factor ") + name].push_back(std::log(curve.scale));
      drawn[std::string("shift ") + name].push_back(curve.shift);
    }
    drawn["hue"].push_back(view.hsv.hue);
    drawn["blur"].push_back(view.blur);
  }
  const auto check = [&](const std::string& name, float low, float high) {
    CAPTURE(name);
    CHECK(kolmogorov(drawn.at(name), low, high) < 1.95);
  };
  check("dx", -0.2F, 0.2F);
  check("dy", -0.2F, 0.2F);
  check("scale", std::log(0.7F), std::log(1.4F));
  check("angle", -20, 20);
  for (const char* c : {"0", "1", "2"}) check(std::string("contrast") + c, std::log(0.5F), std::log(2.0F));
  for (const std::string c : {"s", "v"}) {
    check("power " + c, std::log(0.25F), std::log(4.0F));
    check("factor " + c, std::log(0.7F), std::log(1.4F));
    check("shift " + c, -0.1F, 0.1F);
  }
  check("hue", -0.1F, 0.1F);
  check("blur", 0, 1.5F);
}

TEST_CASE("an exemplar that is not transformed is its patch, labelled by its number") {
  const auto dataset = data::shapes({.count = 40});
  const Seeds seeds = exemplar_seeds(dataset, {.count = 6, .smallest = 0.5F, .largest = 0.5F, .scales = 1});
  ExemplarOptions options{.features = 16, .normalization = {}, .size = 16};
  options.transform = {.translation = 0,
                       .scale_low = 1,
                       .scale_high = 1,
                       .rotation = 0,
                       .contrast_low = 1,
                       .contrast_high = 1,
                       .power_low = 1,
                       .power_high = 1,
                       .factor_low = 1,
                       .factor_high = 1,
                       .shift = 0,
                       .hue = 0};
  Rng rng(1);
  const Exemplar<> task(options, seeds.places, rng);
  const auto batch = task.batch(seeds.pictures, plan_of({4, 1}), true);
  REQUIRE(batch.inputs.shape() == Shape{2, 16, 16, 3});
  CHECK(values_of(batch.labels) == std::vector<std::int32_t>{4, 1});
  const Place place = seeds.places[1];
  const ImageView picture = seeds.pictures.image(1);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16; ++x)
      for (int c = 0; c < 3; ++c)
        REQUIRE(batch.inputs.data()[((16 + y) * 16 + x) * 3 + c] ==
                doctest::Approx(picture.at(static_cast<int>(place.y - 7.5F) + y,
                                           static_cast<int>(place.x - 7.5F) + x, c) /
                                255.0)
                    .epsilon(1e-3));
}

TEST_CASE("samples repeat after as many epochs as there are, and evaluation sees another one") {
  const Seeds seeds = exemplar_seeds(data::shapes({.count = 20}), {.count = 10});
  Rng rng(1);
  const Exemplar<> fixed({.features = 16, .samples = 3}, seeds.places, rng),
      fresh({.features = 16}, seeds.places, rng);
  const auto inputs = [&](const Exemplar<>& task, std::int64_t epoch, bool training) {
    return values_of(task.batch(seeds.pictures, plan_of({7}, epoch), training).inputs);
  };
  CHECK(inputs(fixed, 1, true) == inputs(fixed, 4, true));
  CHECK_FALSE(inputs(fixed, 1, true) == inputs(fixed, 2, true));
  CHECK_FALSE(inputs(fresh, 1, true) == inputs(fresh, 4, true));
  CHECK(inputs(fresh, 0, false) == inputs(fresh, 5, false));
  for (std::int64_t epoch = 0; epoch < 3; ++epoch)
    CHECK_FALSE(inputs(fixed, 0, false) == inputs(fixed, epoch, true));
}

TEST_CASE("the exemplar task draws the same whatever the batch, and learns") {
  const Seeds seeds = exemplar_seeds(data::shapes({.count = 64}), {.count = 32});
  Rng rng(1);
  Exemplar<> task({.features = 16, .seed = 3}, seeds.places, rng);
  check_draws(task, seeds.pictures, 1);
  auto net = backbone();
  check_learns(net, task, seeds.pictures, 60, 0.1, 0.9);
}

TEST_CASE("the published network learns exemplars, with dropout before the head") {
  const Seeds seeds = exemplar_seeds(data::shapes({.count = 40}), {.count = 16});
  Rng rng(1);
  Exemplar<> task({.features = 32, .seed = 3, .dropout = 0.5}, seeds.places, rng);
  auto net = models::exemplar_cnn({.convolutions = {16, 16}, .features = 32}, rng);
  const auto batch = task.batch(seeds.pictures, plan_of({0, 1, 2}), true);
  Tape<Cpu> one(1, 1), two(1, 2), again(1, 1);
  const float first = task.loss(net, one, batch).loss.value().item();
  CHECK(first == task.loss(net, again, batch).loss.value().item());
  CHECK(first != task.loss(net, two, batch).loss.value().item());
  check_learns(net, task, seeds.pictures, 60, 0.02, 0.98);
}

TEST_CASE("the triplet variant draws the same whatever the batch, and learns") {
  const auto dataset = data::shapes({.count = 32});
  for (const ops::Mining mining : {ops::Mining::semi_hard, ops::Mining::hard}) {
    Rng rng(1);
    ExemplarTripletOptions options{.features = 16, .seed = 3, .embedding = 24};
    options.crop.size = 24;
    options.crop.area_low = 0.3F;
    options.mining = mining;
    ExemplarTriplet<> task(options, rng);
    const auto batch = task.batch(dataset, plan_of({9, 2}), true);
    REQUIRE(batch.inputs.shape() == Shape{16, 24, 24, 3});
    for (int i = 0; i < 16; ++i) CHECK(batch.labels.data()[i] == i / 8);
    check_draws(task, dataset, 8);
    auto net = backbone();
    const auto embeddings = task.embed(net, batch.inputs);
    REQUIRE(embeddings.shape() == Shape{16, 24});
    for (std::int64_t i = 0; i < 16; ++i) {
      double length = 0;
      for (std::int64_t c = 0; c < 24; ++c) length += std::pow(embeddings.data()[i * 24 + c], 2);
      CHECK(length == doctest::Approx(1));
    }
    check_learns(net, task, dataset, 12, 0.05, 0.95);
  }
}

TEST_CASE("exemplars refuse what cannot be, and say why") {
  const auto dataset = data::shapes({.count = 20});
  const Seeds seeds = exemplar_seeds(dataset, {.count = 10});
  Rng rng(1);
  const Exemplar<> task({.features = 16}, seeds.places, rng);
  CHECK_THROWS_WITH_AS(task.batch(dataset, plan_of({1}), true),
                       doctest::Contains("has 20 pictures, but there are 10 seeds; use the pictures that "
                                         "exemplar_seeds() returns"),
                       Error);
  CHECK_THROWS_WITH_AS(Exemplar<>({.features = 16, .size = 0}, seeds.places, rng),
                       doctest::Contains("size must be positive, not 0"), Error);
}

TEST_CASE("exemplars have the variants that were published") {
  const auto paper = constants_of(exemplar_options(Variant::paper));
  CHECK(paper.at("classes") == "8000");
  CHECK(paper.at("samples") == "150");
  CHECK(paper.at("translation") == "0.2");
  CHECK_THROWS_WITH_AS(exemplar_options(Variant::released), doctest::Contains("no released variant"), Error);
  CHECK_THROWS_WITH_AS(exemplar_options(Variant::revisited), doctest::Contains("exemplar_triplet_options()"),
                       Error);
  const auto revisited = constants_of(exemplar_triplet_options(Variant::revisited));
  CHECK(revisited.at("views") == "8");
  CHECK(revisited.at("embedding") == "1000");
  CHECK(revisited.at("margin") == "0.5");
  CHECK(revisited.at("size") == "224");
  CHECK_THROWS_WITH_AS(exemplar_triplet_options(Variant::paper), doctest::Contains("only revisited"), Error);
}
