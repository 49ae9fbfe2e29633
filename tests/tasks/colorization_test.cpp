// SPDX-License-Identifier: MIT
#include "pretext/tasks/colorization.hpp"

#include "pretext/cpu/soft_cross_entropy.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/models/colorization_net.hpp"
#include "task_checks.hpp"

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {

ColorizationOptions small(const data::Dataset& dataset) {
  return {.features = 16, .prior = ab_prior(dataset), .seed = 5};
}

nn::Sequential<> backbone() {
  Rng rng(2);
  return models::nin({.blocks = 2, .width = 16, .channels = 1}, rng);
}

/// L, a and b of a pixel.
std::array<float, 3> lab(const ImageView& picture, int y, int x) {
  float v[3];
  for (int c = 0; c < 3; ++c) v[c] = static_cast<float>(picture.at(y, x, c)) / 255;
  RgbToLab{}(v[0], v[1], v[2]);
  return {v[0], v[1], v[2]};
}

}  // namespace

TEST_CASE("colorization shows L less 50, and asks for the a and b of every fourth pixel") {
  const auto dataset = data::shapes({.count = 6});
  Rng rng(1);
  const Colorization<> task(small(dataset), rng);
  const auto batch = task.batch(dataset, plan_of({2, 5}), false);
  REQUIRE(batch.inputs.shape() == Shape{2, 32, 32, 1});
  REQUIRE(batch.targets.shape() == Shape{2, 8, 8, 2});
  REQUIRE(batch.labels.shape() == Shape{128});
  const ImageView picture = dataset.image(5);
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      REQUIRE(batch.inputs.data()[(32 + y) * 32 + x] ==
              doctest::Approx(lab(picture, y, x)[0] - 50).epsilon(1e-4));
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) {
      const std::int64_t i = (8 + y) * 8 + x;
      const auto color = lab(picture, 4 * y, 4 * x);
      for (int c = 0; c < 2; ++c)
        REQUIRE(std::abs(batch.targets.data()[2 * i + c] - color[static_cast<std::size_t>(1 + c)]) < 1e-2F);
      REQUIRE(batch.labels.data()[i] ==
              nearest_ab_bin({batch.targets.data()[2 * i], batch.targets.data()[2 * i + 1]}));
    }
}

TEST_CASE("averaged colours are those of 4 x 4 pixels") {
  data::DatasetBuilder builder("blocks");
  Image picture(32, 32);
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x) picture.at(y, x, (y / 4 + x / 4) % 3) = 200;
  builder.add(picture);
  const auto dataset = std::move(builder).build();
  Rng rng(1);
  auto options = small(dataset);
  options.sampling = AbSampling::averaged;
  const auto batch = Colorization<>(options, rng).batch(dataset, plan_of({0}), false);
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x)
      for (int c = 0; c < 2; ++c)
        REQUIRE(std::abs(batch.targets.data()[(y * 8 + x) * 2 + c] -
                         lab(picture, 4 * y + 1, 4 * x + 2)[static_cast<std::size_t>(1 + c)]) < 1e-2F);
}

TEST_CASE("the colours of a training crop lie where its lightness does") {
  // Green grows to the right: L and a are functions of each other.
  data::DatasetBuilder builder("slope");
  Image picture(48, 48);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 48; ++x) picture.at(y, x, 1) = static_cast<std::uint8_t>(5 * x + 5);
  builder.add(picture);
  const auto dataset = std::move(builder).build();
  Rng rng(1);
  const Colorization<> task(small(dataset), rng);
  for (std::int64_t epoch = 0; epoch < 30; ++epoch) {
    const auto batch = task.batch(dataset, plan_of({0}, epoch), true);
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) {
        // a of pure green is about -86.2 / 87.7 times its L, above black.
        const float l = batch.inputs.data()[4 * y * 32 + 4 * x] + 50,
                    a = batch.targets.data()[(y * 8 + x) * 2];
        if (l > 20) REQUIRE(std::abs(a + (l + 16) * 86.2F / 103.7F) < 3);
      }
  }
}

TEST_CASE("colorization draws the same whatever the batch, and learns") {
  const auto dataset = data::shapes({.count = 96});
  Rng rng(1);
  Colorization<> task(small(dataset), rng);
  check_draws(task, dataset, 1);
  auto net = backbone();
  const auto batch = task.batch(dataset, plan_of({1, 2, 3}), false);
  const double error = task.ab_error(net, batch);
  check_learns(net, task, dataset, 10, 0.05, 0.9);
  CHECK(task.ab_error(net, batch) < error);

  for (const bool regression : {true, false}) {
    auto options = small(dataset);
    options.regression = regression;
    options.weighting = ops::Weighting::gradient;
    options.grey = 5;
    options.neighbours = 10;
    Colorization<> other(options, rng);
    auto fresh = backbone();
    check_learns(fresh, other, dataset, 10, 0.05, 0.9);
  }
}

TEST_CASE("the published network learns it") {
  const auto dataset = data::shapes({.count = 48});
  Rng rng(1);
  auto options = small(dataset);
  options.features = 32;
  Colorization<> task(options, rng);
  auto net = models::colorization_net({.width = 8}, rng);
  check_learns(net, task, dataset, 6, 0.05, 0.97);
}

TEST_CASE("weights count on the loss or on the gradient, and grey pictures count nothing") {
  data::DatasetBuilder builder("a colour and a grey");
  Image picture(32, 32);
  for (int i = 0; i < 32 * 32 * 3; ++i) picture.pixels()[i] = i % 3 == 0 ? 200 : 40;
  builder.add(picture);
  std::fill_n(picture.pixels(), 32 * 32 * 3, std::uint8_t{90});
  builder.add(picture);
  const auto dataset = std::move(builder).build();
  auto net = backbone();
  const auto loss_of = [&](ColorizationOptions options, std::vector<std::int64_t> indices) {
    Rng rng(7);
    Colorization<> task(options, rng);
    return task.evaluate(net, task.batch(dataset, plan_of(std::move(indices)), false)).loss;
  };
  auto options = small(dataset);
  options.prior_sigma = 0;  // both bins have half of the pixels: their weight is 1
  const double weighted = loss_of(options, {0});
  options.weighting = ops::Weighting::gradient;
  const double reported = loss_of(options, {0});
  options.rebalance = false;
  CHECK(loss_of(options, {0}) == doctest::Approx(reported));
  options.weighting = ops::Weighting::loss;
  CHECK(loss_of(options, {0}) == doctest::Approx(reported));
  CHECK(weighted == doctest::Approx(reported));
  options.rebalance = true;
  options.prior_sigma = 5;  // where the Gaussian takes from both bins, both weigh less than 1
  CHECK(loss_of(options, {0}) < 0.5 * reported);
  options.rebalance = false;
  options.grey = 5;
  CHECK(loss_of(options, {1}) == 0);
  CHECK(loss_of(options, {0, 1}) == doctest::Approx(reported / 2));
}

TEST_CASE("a colourised picture keeps its lightness and takes the colours of the map, enlarged") {
  const auto dataset = data::shapes({.count = 3});
  auto net = backbone();
  for (const bool regression : {true, false}) {
    Rng rng(1);
    auto options = small(dataset);
    options.regression = regression;
    Colorization<> task(options, rng);
    task.each([&](const std::string& name, auto& member) {
      if (name == "weight") member.value.fill(0);
      if (name == "bias" && regression) member.value.data()[0] = 0.2F, member.value.data()[1] = 0.4F;
      if (name == "bias" && !regression) member.value.data()[nearest_ab_bin({10, 20})] = 100;
    });
    const ImageView picture = dataset.image(1);
    const Image image = task.colorize(net, picture);
    int compared = 0;
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x) {
        const auto was = lab(picture, y, x), is = lab(image, y, x);
        if (was[0] < 25 || was[0] > 75) continue;  // where a screen can show (10, 20)
        ++compared;
        REQUIRE(std::abs(was[0] - is[0]) < 0.6F);
        REQUIRE(std::abs(is[1] - 10) < 1);
        REQUIRE(std::abs(is[2] - 20) < 1);
      }
    CHECK(compared > 100);
    const Image odd = task.colorize(net, Image(33, 21));
    CHECK(odd.height() == 33);
    CHECK(odd.width() == 21);
  }
}

TEST_CASE("colorization refuses what cannot be, and says why") {
  const auto dataset = data::shapes({.count = 4});
  Rng rng(1);
  const auto with = [&](auto change) {
    auto options = small(dataset);
    change(options);
    return Colorization<>(options, rng);
  };
#define REFUSED(change, text) \
  CHECK_THROWS_WITH_AS(with([](ColorizationOptions& o) { change; }), doctest::Contains(text), Error)
  REFUSED(o.features = 0, "features must be the channels of the backbone's last tap");
  REFUSED(o.stride = 5, "stride 5 does not divide the size 32");
  REFUSED(o.prior = {}, "count it with ab_prior");
  REFUSED(o.neighbours = 314, "neighbours must be 1 to 313, not 314");
  REFUSED(o.temperature = 0, "must be positive");
  auto eighth = with([](ColorizationOptions& o) { o.stride = 8; });
  auto net = backbone();
  CHECK_THROWS_WITH_AS(
      eighth.evaluate(net, eighth.batch(dataset, plan_of({0}), false)),
      doctest::Contains("last tap has 8 x 8 pixels for inputs [1, 32, 32, 1], but with stride "
                        "8 there are 4 x 4 colours"),
      Error);
}

TEST_CASE("the variants of colorization differ where paper and code do") {
  const auto paper = constants_of(colorization_options(Variant::paper)),
             released = constants_of(colorization_options(Variant::released));
  std::vector<std::string> different;
  for (const auto& [name, value] : paper)
    if (released.at(name) != value) different.push_back(name);
  CHECK(different == std::vector<std::string>{"grey", "neighbours", "weighting"});
  CHECK(paper.at("neighbours") == "5");
  CHECK(released.at("neighbours") == "10");
  CHECK(paper.at("temperature") == "0.38");
  CHECK_THROWS_WITH_AS(colorization_options(Variant::revisited), doctest::Contains("no revisited variant"),
                       Error);
}
