// SPDX-License-Identifier: MIT
#include "pretext/eval/attention_scores.hpp"

#include <limits>

#include "eval_data.hpp"
#include "pretext/cpu/conv2d.hpp"
#include "pretext/nn/conv2d.hpp"

namespace {

using namespace pretext;
using doctest::Approx;
using eval::Attention;
using eval::AttentionScore;
using X = Tensor<float, Cpu>;

/// A convolution without bias whose weight [KH, KW, in, out] is given.
nn::Conv2d<> convolution(const X& weight) {
  Rng rng(1);
  nn::Conv2d<> layer({.in = weight.dim(2),
                      .out = weight.dim(3),
                      .kernel = weight.dim(0),
                      .padding = weight.dim(0) / 2,
                      .bias = false},
                     rng);
  layer.weight.value.copy_from(weight);
  return layer;
}

/// Looks at one pixel, each of `channels` on its own.
X identity_kernel(std::int64_t channels) {
  X weight = X::zeros({1, 1, channels, channels});
  for (std::int64_t c = 0; c < channels; ++c) weight.data()[c * channels + c] = 1;
  return weight;
}

/// A drawn kernel [3, 3, 1, 4] whose filter k is the first one turned by k quarters.
X turned_kernel() {
  const X first = test::normal_matrix(1, 9, 11).reshape({1, 3, 3});
  X weight({3, 3, 1, 4});
  for (int k = 0; k < 4; ++k) {
    const X filter = eval::turned(first, k);
    for (std::int64_t i = 0; i < 9; ++i) weight.data()[4 * i + k] = filter.data()[i];
  }
  return weight;
}

data::Dataset no_pictures_but(std::int64_t count) {
  data::DatasetBuilder builder("drawn");
  for (std::int64_t i = 0; i < count; ++i) std::fill_n(builder.add(1, 1), 3, std::uint8_t{0});
  return std::move(builder).build();
}

/// [n, size, size, channels] that are a function of the index.
struct Drawn {
  std::int64_t size = 6, channels = 1;

  X operator()(const data::Dataset&, Span<const std::int64_t> indices) const {
    X all({std::ssize(indices), size, size, channels});
    for (std::int64_t i = 0; i < all.dim(0); ++i)
      all.rows(i, i + 1).copy_from(
          test::normal_matrix(1, all.shape().row_size(), 40 + static_cast<std::uint64_t>(indices[i]))
              .reshape(all.shape().with(0, 1)));
    return all;
  }
};

Attention attend(nn::Sequential<>& net, const std::string& tap, const Drawn& drawn = {}, double power = 2) {
  return eval::attention(net, Span(&tap, 1), no_pictures_but(5), drawn, {.power = power, .batch = 2})[0];
}

AttentionScore find(const std::vector<AttentionScore>& scores, const std::string& measure) {
  for (const AttentionScore& score : scores)
    if (score.measure == measure) return score;
  FAIL("no score is called ", measure);
  return scores[0];
}

std::vector<float> values(std::initializer_list<float> list) { return list; }

}  // namespace

TEST_CASE("a map is the sum of magnitudes to a power") {
  const X activation = X::from({1, 1, 2, 3}, values({1, -2, 3, 0, 0.5F, -1}));
  const auto check = [&](double power, float first, float second) {
    const X map = eval::attention_map(activation, power);
    REQUIRE(map.shape() == Shape{1, 1, 2});
    CHECK(map.data()[0] == Approx(first));
    CHECK(map.data()[1] == Approx(second));
  };
  check(1, 6, 1.5F);
  check(2, 14, 1.25F);
  check(4, 98, 1.0625F);
  check(0.5, 1 + std::sqrt(2.0F) + std::sqrt(3.0F), std::sqrt(0.5F) + 1);
  CHECK_THROWS_WITH_AS(eval::attention_map(activation, 0), doctest::Contains("power must be positive"),
                       Error);
  CHECK_THROWS_AS(eval::attention_map(activation.reshape({2, 3})), Error);
  const X hot = X::full({1, 1, 1, 1}, 1e20F);
  CHECK_THROWS_WITH_AS(eval::attention_map(hot, 2), doctest::Contains("is not finite"), Error);
  CHECK(eval::attention_map(hot, 1).item() == 1e20F);
  CHECK(eval::attention_map(X(Shape{0, 3, 3, 2})).shape() == Shape{0, 3, 3});
}

TEST_CASE("a drawn map is bilinear between the middles of cells, and goes on beyond") {
  const X row = eval::resize_maps(X::from({1, 1, 2}, values({0, 4})), 1, 8);
  const float expected[] = {0, 0, 0.5F, 1.5F, 2.5F, 3.5F, 4, 4};
  for (int i = 0; i < 8; ++i) CHECK(row.data()[i] == Approx(expected[i]));
  const X column = eval::resize_maps(X::from({1, 2, 1}, values({0, 4})), 8, 1);
  for (int i = 0; i < 8; ++i) CHECK(column.data()[i] == Approx(expected[i]));
  const X same = test::normal_matrix(3, 35, 2).reshape({3, 5, 7});
  const X again = eval::resize_maps(same, 5, 7);
  for (std::int64_t i = 0; i < same.size(); ++i) CHECK(again.data()[i] == Approx(same.data()[i]));
  const X flat = eval::resize_maps(X::full({2, 3, 5}, 7), 11, 13);
  REQUIRE(flat.shape() == Shape{2, 11, 13});
  for (const float value : flat.span()) CHECK(value == 7);
  CHECK_THROWS_AS(eval::resize_maps(same, 0, 4), Error);
  CHECK_THROWS_AS(eval::resize_maps(X(Shape{1, 0, 4}), 4, 4), Error);
}

TEST_CASE("a quarter turn goes counter-clockwise, and four are none") {
  const X x = X::from({1, 2, 2, 1}, values({1, 2, 3, 4}));
  const X once = eval::turned(x, 1);
  const float expected[] = {2, 4, 1, 3};  // the right column becomes the top row
  for (int i = 0; i < 4; ++i) CHECK(once.data()[i] == expected[i]);
  const X drawn = test::normal_matrix(3, 75, 3).reshape({3, 5, 5, 3});
  for (int k = 0; k < 4; ++k) {
    const X back = eval::turned(eval::turned(drawn, k), 4 - k);
    CHECK(std::equal(back.span().begin(), back.span().end(), drawn.span().begin()));
  }
  CHECK_THROWS_WITH_AS(eval::turned(X(Shape{1, 2, 3}), 1), doctest::Contains("cannot be turned"), Error);
}

TEST_CASE("rank correlation is Spearman's") {
  const auto a = values({1, 2, 3, 4, 5});
  CHECK(eval::rank_correlation(a, values({10, 20, 30, 40, 1000})) == Approx(1));
  CHECK(eval::rank_correlation(a, values({9, 7, 5, 3, 1})) == Approx(-1));
  CHECK(eval::rank_correlation(a, values({2, 1, 4, 3, 5})) == Approx(0.8));           // 1 - 6 * 4 / 120
  CHECK(eval::rank_correlation(a, values({1, 2, 2, 3, 3})) == Approx(0.9486832981));  // ties: 9 / sqrt(90)
  CHECK(std::isnan(eval::rank_correlation(a, values({3, 3, 3, 3, 3}))));
  CHECK_THROWS_AS(eval::rank_correlation(a, values({1})), Error);
}

TEST_CASE("overlap and concentration count parts of cells") {
  const auto a = values({9, 8, 0, 0, 0, 0, 0, 1, 1, 1}), b = values({7, 0, 9, 0, 0, 0, 0, 0, 0, 0}),
             flat = values({2, 2, 2, 2, 2, 2, 2, 2, 2, 2});
  CHECK(eval::top_overlap(a, a) == Approx(1));
  CHECK(eval::top_overlap(a, b, 0.2) == Approx(0.5));
  CHECK(eval::top_overlap(a, b, 0.1) == Approx(0));
  CHECK(eval::top_overlap(a, flat, 0.2) == Approx(0.2));  // by chance
  CHECK(eval::top_overlap(flat, flat, 0.2) == Approx(1));
  CHECK(eval::top_overlap(a, b, 1) == Approx(1));
  CHECK(eval::top_overlap(a, b, 0.25) == Approx(0.5));  // the first cell, and 1 / 16 of four
  CHECK(eval::concentration(a, 0.1) == Approx(0.45));
  CHECK(eval::concentration(a, 0.15) == Approx(0.65));  // all of 9 and half of 8
  CHECK(eval::concentration(a, 0.3) == Approx(0.9));
  CHECK(eval::concentration(flat) == Approx(0.1));
  CHECK(eval::concentration(values({0, 0, 5, 0, 0, 0, 0, 0, 0, 0})) == Approx(1));
  CHECK(std::isnan(eval::concentration(values({0, 0}))));
  CHECK_THROWS_AS(eval::concentration(a, 0), Error);
  CHECK_THROWS_AS(eval::concentration(a, 1.5), Error);
  CHECK_THROWS_AS(eval::concentration({}), Error);
}

TEST_CASE("maps that are equal differ by 0, maps without a common cell by 1") {
  CHECK(eval::map_difference(values({1, 2}), values({1, 2})) == 0);
  CHECK(eval::map_difference(values({1, 0}), values({0, 3})) == 1);
  CHECK(eval::map_difference(values({1, 2}), values({2, 4})) == Approx(1.0 / 3));
  CHECK(std::isnan(eval::map_difference(values({0}), values({0}))));
}

TEST_CASE("a network that copies its input attends to what is there, however it lies") {
  nn::Sequential<> net;
  net.add("copy", convolution(identity_kernel(3)));
  const Drawn drawn{.size = 5, .channels = 3};
  for (const double power : {1.0, 2.0, 4.0}) {
    const Attention copied = attend(net, "copy", drawn, power), input = attend(net, "pixels", drawn, power);
    const std::int64_t indices[] = {0, 1, 2, 3, 4};
    const X map = eval::attention_map(drawn({}, indices), power);
    for (std::int64_t i = 0; i < map.size(); ++i) CHECK(copied.maps[0].data()[i] == Approx(map.data()[i]));
    const AttentionScore errors = find(eval::attention_scores(copied), "equivariance error");
    for (const double error : errors.of_picture) CHECK(error == Approx(0).epsilon(1e-6));
    const auto scores = eval::attention_agreement(copied, input);
    const AttentionScore correlations = find(scores, "rank correlation"),
                         overlaps = find(scores, "top overlap");
    for (const double r : correlations.of_picture) CHECK(r == Approx(1));
    for (const double overlap : overlaps.of_picture) CHECK(overlap == Approx(1));
    CHECK(find(scores, "rank correlation by chance").over_pictures().mean < 0.5);
  }
}

TEST_CASE("filters in all four turns are equivariant, one of them alone is not") {
  nn::Sequential<> all, one;
  all.add("conv", convolution(turned_kernel()));
  X first({3, 3, 1, 1});
  for (std::int64_t i = 0; i < 9; ++i) first.data()[i] = turned_kernel().data()[4 * i];
  one.add("conv", convolution(first));
  const auto error_of = [](nn::Sequential<>& net, const std::string& measure) {
    return find(eval::attention_scores(attend(net, "conv")), measure).over_pictures();
  };
  CHECK(error_of(all, "equivariance error").mean < 1e-5);
  CHECK(error_of(all, "equivariance error by chance").mean > 0.1);
  CHECK(error_of(one, "equivariance error").mean > 0.1);
  CHECK(error_of(one, "equivariance error").count == 5);
  CHECK(error_of(one, "equivariance error").interval.low > 0);
}

TEST_CASE("a map that shows the place and not the picture has the error that its turn says") {
  Attention fixed{.tap = "corner"};
  X corner = X::zeros({3, 4, 4});
  for (int i = 0; i < 3; ++i) corner.data()[16 * i] = 1;  // whatever is shown
  fixed.maps = {corner, corner, corner, corner};
  const auto scores = eval::attention_scores(fixed);
  CHECK(find(scores, "equivariance error").over_pictures().mean == 1);
  CHECK(find(scores, "concentration").over_pictures().mean == 1);
}

TEST_CASE("a constant map is spread out, turns with the picture and has no ranks") {
  Attention flat{.tap = "flat"};
  flat.maps.fill(X::full({4, 10, 10}, 2));
  const auto scores = eval::attention_scores(flat);
  CHECK(find(scores, "concentration").over_pictures().mean == Approx(0.1));
  CHECK(find(scores, "equivariance error").over_pictures().mean == 0);
  Attention drawn{.tap = "drawn"};
  drawn.maps.fill(eval::attention_map(test::normal_matrix(4, 100, 5).reshape({4, 10, 10, 1})));
  const auto agreement = eval::attention_agreement(flat, drawn);
  CHECK(find(agreement, "rank correlation").over_pictures().count == 0);
  CHECK(std::isnan(find(agreement, "rank correlation").over_pictures().mean));
  CHECK(find(agreement, "top overlap").over_pictures().mean == Approx(0.1));
}

TEST_CASE("maps of two sizes are compared at the larger one, and one picture has nothing to do by chance") {
  Attention small{.tap = "small"}, large{.tap = "large"};
  small.maps.fill(X::from({1, 2, 2}, values({1, 2, 3, 5})));
  large.maps.fill(eval::resize_maps(small.maps[0], 6, 6));
  const auto scores = eval::attention_agreement(small, large);
  CHECK(find(scores, "rank correlation").of_picture[0] == Approx(1));
  CHECK(find(scores, "rank correlation by chance").over_pictures().count == 0);
  large.maps.fill(X(Shape{2, 6, 6}));
  CHECK_THROWS_WITH_AS(eval::attention_agreement(small, large), "attention: maps of 1 pictures and of 2",
                       Error);
}

TEST_CASE("attention asks for taps that are there, pictures and squares") {
  nn::Sequential<> net = test::two_stages();
  const auto call = [&](const std::string& tap, std::int64_t count, const auto& render) {
    return eval::attention(net, Span(&tap, 1), no_pictures_but(count), render);
  };
  CHECK_THROWS_WITH_AS(call("conv", 2, Drawn{}), doctest::Contains("no tap is named 'conv'"), Error);
  CHECK_THROWS_WITH_AS(call("relu", 0, Drawn{}), doctest::Contains("has no pictures"), Error);
  const auto oblong = [](const data::Dataset&, Span<const std::int64_t>) { return X::zeros({2, 4, 6, 1}); };
  CHECK_THROWS_WITH_AS(call("relu", 2, oblong), doctest::Contains("cannot be turned"), Error);
  CHECK(call("pool", 2, Drawn{})[0].maps[3].shape() == Shape{2, 3, 3});
}
