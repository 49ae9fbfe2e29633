// SPDX-License-Identifier: MIT
#include "pretext/tasks/colorization.hpp"

#include <numeric>

#include "pretext/cpu/soft_cross_entropy.hpp"
#include "pretext/cpu/upsample.hpp"
#include "pretext/models/colorization_net.hpp"
#include "task_checks.hpp"

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {

ColorizationOptions small(const data::Dataset& dataset) {
  return {.features = 16, .prior = ab_prior(dataset), .seed = 5, .short_side = 32};
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
  const auto batch = task.batch(dataset, plan({2, 5}), false);
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

TEST_CASE("the colours asked for are those of the pixels shown: one of a square, or their mean") {
  const auto dataset = data::shapes({.count = 6, .size = 75});
  Rng rng(1);
  auto options = small(dataset);
  options.short_side = 40;
  const auto batch_of = [&](int stride, AbSampling sampling, bool training) {
    options.stride = stride;
    options.sampling = sampling;
    return Colorization<>(options, rng).batch(dataset, plan({4, 2}, 3), training);
  };
  for (const bool training : {true, false}) {
    const auto all = batch_of(1, AbSampling::strided, training);
    REQUIRE(all.targets.shape() == Shape{2, 32, 32, 2});
    for (const int stride : {2, 4, 16}) {
      const auto strided = batch_of(stride, AbSampling::strided, training),
                 averaged = batch_of(stride, AbSampling::averaged, training);
      CHECK(values_of(strided.inputs) == values_of(all.inputs));
      CHECK(values_of(averaged.inputs) == values_of(all.inputs));
      const std::int64_t coarse = 32 / stride;
      REQUIRE(strided.targets.shape() == Shape{2, coarse, coarse, 2});
      for (std::int64_t i = 0; i < strided.targets.size(); ++i) {
        const std::int64_t c = i % 2, x = i / 2 % coarse, y = i / 2 / coarse;  // rows of both pictures
        double mean = 0;
        for (std::int64_t dy = 0; dy < stride; ++dy)
          for (std::int64_t dx = 0; dx < stride; ++dx)
            mean +=
                static_cast<double>(all.targets.data()[2 * ((y * stride + dy) * 32 + x * stride + dx) + c]);
        REQUIRE(strided.targets.data()[i] == all.targets.data()[2 * (y * stride * 32 + x * stride) + c]);
        REQUIRE(averaged.targets.data()[i] ==
                doctest::Approx(mean / (stride * stride)).epsilon(1e-3).scale(10));
      }
      for (const auto& batch : {strided, averaged})
        for (std::int64_t i = 0; i < batch.labels.size(); ++i)
          REQUIRE(batch.labels.data()[i] ==
                  nearest_ab_bin({batch.targets.data()[2 * i], batch.targets.data()[2 * i + 1]}));
    }
  }
}

TEST_CASE("the colours of a crop are those of its own pixels, where it shrinks the picture too") {
  // Noise of one hue: L and a are functions of each other, and neighbours say nothing.
  data::DatasetBuilder builder("green noise");
  Image picture(130, 110);
  Rng noise(1, Use::test);
  for (int i = 0; i < 130 * 110; ++i)
    picture.pixels()[3 * i + 1] = static_cast<std::uint8_t>(noise.below(256));
  builder.add(picture);
  const auto dataset = std::move(builder).build();
  Rng rng(1);
  const Colorization<> task(small(dataset), rng);
  for (std::int64_t epoch = 0; epoch < 30; ++epoch) {
    const auto batch = task.batch(dataset, plan({0}, epoch), epoch > 0);
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) {
        // a of pure green is about -86.2 / 87.7 times its L, above black.
        const float l = batch.inputs.data()[4 * y * 32 + 4 * x] + 50,
                    a = batch.targets.data()[(y * 8 + x) * 2];
        REQUIRE(l > 20);
        REQUIRE(std::abs(a + (l + 16) * 86.2F / 103.7F) < 1);
      }
  }
}

TEST_CASE("published crops are 176 of 256 pixels, at any place of the picture, mirrored half the time") {
  // Red tells the column, green the row.
  data::DatasetBuilder builder("map");
  Image picture(256, 300);
  for (int y = 0; y < 256; ++y)
    for (int x = 0; x < 300; ++x) {
      picture.at(y, x, 0) = static_cast<std::uint8_t>(x * 255 / 299);
      picture.at(y, x, 1) = static_cast<std::uint8_t>(y);
    }
  builder.add(picture);
  const auto dataset = std::move(builder).build();
  Rng rng(1);
  auto options = colorization_options(Variant::released);
  options.features = 4;
  options.prior = ab_prior(dataset);
  const Colorization<> task(options, rng);
  std::vector<float> tops;
  int mirrored_count = 0;
  for (std::int64_t epoch = 0; epoch < 40; ++epoch) {
    const auto batch = task.batch(dataset, plan({0}, epoch), true);
    REQUIRE(batch.inputs.shape() == Shape{1, 176, 176, 1});
    REQUIRE(batch.targets.shape() == Shape{1, 44, 44, 2});
    const auto place = [&](std::int64_t y, std::int64_t x) {
      float rgb[3] = {batch.inputs.data()[4 * (176 * y + x)] + 50, batch.targets.data()[2 * (44 * y + x)],
                      batch.targets.data()[2 * (44 * y + x) + 1]};
      LabToRgb{}(rgb[0], rgb[1], rgb[2]);
      return std::pair(255 * rgb[1], 299 * rgb[0]);
    };
    const auto first = place(0, 0), last = place(43, 43);
    CHECK(last.first - first.first == doctest::Approx(172).epsilon(0.01));
    CHECK(std::abs(last.second - first.second) == doctest::Approx(172).epsilon(0.02));
    mirrored_count += last.second < first.second ? 1 : 0;
    tops.push_back(first.first);
  }
  CHECK(kolmogorov(tops, -0.5F, 80.5F) < 1.95);
  CHECK(mirrored_count > 8);
  CHECK(mirrored_count < 32);
}

TEST_CASE("colorization draws the same whatever the batch, and learns") {
  const auto dataset = data::shapes({.count = 96});
  Rng rng(1);
  Colorization<> task(small(dataset), rng);
  auto moving = small(dataset);
  moving.short_side = 36;
  check_draws(Colorization<>(moving, rng), dataset, 1, 64);
  auto net = small_backbone(1);
  const auto batch = task.batch(dataset, plan({1, 2, 3}), false);
  const double error = task.ab_error(net, batch);
  check_learns(net, task, dataset, {.epochs = 20, .lr = 0.1, .share = 0.8, .accuracy = 0.03});
  CHECK(task.ab_error(net, batch) < error);

  auto options = small(dataset);
  options.weighting = ops::Weighting::gradient;
  options.grey = 5;
  options.neighbours = 10;
  Colorization<> released(options, rng);
  auto another = small_backbone(1);
  check_learns(another, released, dataset, {.epochs = 20, .lr = 0.1, .share = 0.85, .accuracy = 0.03});
}

TEST_CASE("a regression of colours learns more than the mean colour, the best of all constant answers") {
  const auto dataset = data::shapes({.count = 96});
  Rng rng(1);
  auto options = small(dataset);
  options.regression = true;
  Colorization<> other(options, rng);
  std::vector<std::int64_t> all(96);
  std::iota(all.begin(), all.end(), 0);
  const auto colors = other.batch(dataset, plan(all), false).targets;
  double sums[2] = {}, squares = 0;
  for (std::int64_t i = 0; i < colors.size(); ++i) {
    const auto v = static_cast<double>(colors.data()[i] / options.ab_scale);
    sums[i % 2] += v;
    squares += v * v;
  }
  const double n = static_cast<double>(colors.size() / 2);
  const double constant = (squares - (sums[0] * sums[0] + sums[1] * sums[1]) / n) / (2 * n);
  auto fresh = small_backbone(1);
  const auto after = check_learns(fresh, other, dataset, {.epochs = 20, .lr = 0.1, .share = 0.9});
  MESSAGE("squared error of the mean colour: ", constant);
  CHECK(after.loss < 0.95 * constant);
}

TEST_CASE("the published network learns it") {
  const auto dataset = data::shapes({.count = 48});
  Rng rng(1);
  auto options = small(dataset);
  options.features = 32;
  Colorization<> task(options, rng);
  auto net = models::colorization_net({.width = 8}, rng);
  check_learns(net, task, dataset, {.epochs = 20, .lr = 0.05, .share = 0.9, .accuracy = 0.02});
}

TEST_CASE("weights count on the loss or on the gradient, and grey pictures count nothing") {
  data::DatasetBuilder builder("a colour and a grey");
  Image picture(32, 32);
  for (int i = 0; i < 32 * 32 * 3; ++i) picture.pixels()[i] = i % 3 == 0 ? 200 : 40;
  builder.add(picture);
  std::fill_n(picture.pixels(), 32 * 32 * 3, std::uint8_t{90});
  builder.add(picture);
  const auto dataset = std::move(builder).build();
  auto net = small_backbone(1);
  const auto loss_of = [&](ColorizationOptions options, std::vector<std::int64_t> indices) {
    Rng rng(7);
    Colorization<> task(options, rng);
    return task.evaluate(net, task.batch(dataset, plan(std::move(indices)), false)).loss;
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
  auto net = small_backbone(1);
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
  REFUSED(o.short_side = 31, "pictures are scaled to a short side of 31, not 32 to 65536; crops are 32 x 32");
  REFUSED(o.size = 0, "crops of 0 x 0 pixels");
  auto eighth = with([](ColorizationOptions& o) { o.stride = 8; });
  auto net = small_backbone(1);
  CHECK_THROWS_WITH_AS(
      eighth.evaluate(net, eighth.batch(dataset, plan({0}), false)),
      doctest::Contains("last tap has 8 x 8 pixels for inputs [1, 32, 32, 1], but with stride "
                        "8 there are 4 x 4 colours"),
      Error);
  CHECK_THROWS_WITH_AS(
      eighth.colorize(net, dataset.image(0)),
      doctest::Contains("last tap has 8 x 8 pixels for a picture of 32 x 32, which is not one "
                        "for every 8 x 8"),
      Error);
  auto half = with([](ColorizationOptions& o) { o.stride = 2; });
  CHECK_THROWS_WITH_AS(half.colorize(net, dataset.image(0)), doctest::Contains("not one for every 2 x 2"),
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
  CHECK(paper.at("size") == "176");
  CHECK(paper.at("short_side") == "256");
  CHECK_THROWS_WITH_AS(colorization_options(Variant::revisited), doctest::Contains("no revisited variant"),
                       Error);
}
