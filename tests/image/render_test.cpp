// SPDX-License-Identifier: MIT
#include "pretext/image/render.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "../support.hpp"
#include "naive_view.hpp"
#include "pretext/cpu/render.hpp"
#include "test_pictures.hpp"

using namespace pretext;

namespace {

Tensor<float, Cpu> draw(const Image& image, const View& view, const RenderOptions& options) {
  const ImageView picture = image;
  return render<Cpu>({&picture, 1}, {&view, 1}, options);
}

/// The largest difference between a view and its definition.
double worst_error(const Image& image, const View& view, const RenderOptions& options) {
  const auto drawn = draw(image, view, options);
  const std::vector<double> expected = test::naive_view(image, view, options);
  REQUIRE(drawn.size() == std::ssize(expected));
  double worst = 0;
  for (std::int64_t i = 0; i < drawn.size(); ++i) {
    const double error =
        std::abs(static_cast<double>(drawn.data()[i]) - expected[static_cast<std::size_t>(i)]);
    worst = std::isfinite(error) ? std::max(worst, error) : std::numeric_limits<double>::infinity();
  }
  return worst;
}

struct Case {
  const char* name;
  View view;
  RenderOptions options;
  double tolerance = 2e-5;
};

const Affine crop = boxed(3, 2, 20, 17, 16, 16);

std::vector<Case> cases() {
  const RenderOptions square{16, 16}, wide{13, 22};
  const Affine turned = centred(15, 12, 0.7F, 0.4F, 16, 16), shrunk = boxed(0, 0, 31, 26, 5, 7);
  const ColorMatrix matrix = ColorMatrix::saturation(0.3F).after(ColorMatrix::contrast(1.4F));
  const Normalization given{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.25F}};
  const auto own = [](Statistics s) { return Normalization{{0, 0, 0}, {0.5F, 1, 2}, s, 1.5F}; };
  return {
      {"identity", {}, wide},
      {"crop", {.map = crop}, square},
      {"crop, mirrored", {.map = crop.after(mirrored(16))}, square},
      {"enlarged beyond the edges", {.map = boxed(-4, -3, 36, 30, 40, 40)}, {40, 40}},
      {"shrunk", {.map = shrunk}, {5, 7}},
      {"shrunk, one sample a pixel", {.map = shrunk, .antialias = false}, {5, 7}},
      {"shrunk to one pixel", {.map = boxed(0, 0, 31, 26, 1, 1)}, {1, 1}},
      {"shrunk along one axis", {.map = boxed(0, 0, 31, 5, 16, 16)}, square},
      {"turned by an angle", {.map = turned}, square},
      {"turned by an angle and shrunk", {.map = centred(15, 12, 2.6F, -1.1F, 9, 9)}, {9, 9}},
      {"sheared", {.map = {1, 0.3F, 2, 0, 0.8F, 1}}, square},
      {"one quarter turn", {.map = crop, .turns = 1}, square},
      {"three quarter turns", {.map = turned, .turns = 3}, square},
      {"shifted channels", {.map = crop, .shift_x = {-2, 0, 1}, .shift_y = {0, 2, -1}}, square},
      {"shifted channels at an angle", {.map = turned, .shift_x = {1, -1, 2}}, square},
      {"low resolution", {.map = crop, .low_height = 5, .low_width = 7}, square},
      {"low along one axis", {.map = crop, .low_width = 3}, square},
      {"low, turned, shifted",
       {.map = turned, .shift_y = {1, 0, 0}, .low_height = 6, .low_width = 6, .turns = 2},
       square},
      {"resolution above the tile's", {.map = crop, .low_height = 500, .low_width = 16}, square},
      {"matrix", {.map = crop, .color = matrix}, wide},
      {"matrix, cut", {.map = crop, .color = ColorMatrix::contrast(4), .clip = true}, wide},
      {"hue", {.map = crop, .hsv = {.hue = 0.37F}}, square},
      {"hue, backwards", {.map = crop, .hsv = {.hue = -1.8F}}, square},
      {"saturation and value", {.map = crop, .hsv = {0, {1, 0.7F, 0.1F}, {1, 1.4F, -0.1F}}}, square},
      {"powers", {.map = crop, .hsv = {0.05F, {0.5F, 1.2F, 0.05F}, {3, 0.9F, -0.05F}}}, square, 1e-4},
      {"blur", {.map = crop, .blur = 1.3F}, square},
      {"blur of colours", {.map = crop, .color = matrix, .hsv = {.hue = 0.1F}, .blur = 0.5F}, wide},
      {"blur wider than the tile", {.map = crop, .blur = 9}, {5, 4}},
      {"blur beyond the limit", {.map = crop, .blur = 1e9F}, {7, 9}},
      {"normalised", {.map = crop}, {16, 16, given}},
      {"normalised after the matrix", {.map = crop, .color = matrix}, {16, 16, given}},
      {"own mean", {.map = crop}, {16, 16, own(Statistics::tile_mean)}},
      {"own mean and deviation", {.map = crop}, {16, 16, own(Statistics::tile)}, 1e-4},
      {"own mean, one deviation", {.map = crop}, {13, 22, own(Statistics::tile_rms)}, 1e-4},
      {"own statistics of a blurred, turned tile",
       {.map = crop, .color = matrix, .blur = 1, .turns = 1},
       {16, 16, own(Statistics::tile)},
       5e-4},
      {"lightness", {.map = crop}, {16, 16, {}, Space::lightness}, 2e-3},
      {"a and b", {.map = crop, .hsv = {.hue = 0.2F}}, {16, 16, {}, Space::ab}, 5e-3},
      {"Lab, blurred", {.map = crop, .blur = 2}, {13, 22, {}, Space::lab}, 5e-3},
      {"Lab, normalised", {.map = crop}, {16, 16, {{50, 0, 0}, {25, 30, 30}}, Space::lab}, 2e-4},
      {"a and b, one deviation", {.map = crop}, {16, 16, own(Statistics::tile_rms), Space::ab}, 2e-3},
      {"padded channels", {.map = crop}, {16, 16, {}, Space::rgb, 8}},
      {"padded lightness, turned", {.map = crop, .turns = 1}, {16, 16, {}, Space::lightness, 4}, 2e-3},
  };
}

}  // namespace

TEST_CASE("every part of a view is what its definition says, on every instruction set") {
  const cpu::Isa before = cpu::isa();
  for (const cpu::Isa isa : {cpu::Isa::portable, cpu::Isa::avx2, cpu::Isa::avx512}) {
    if (isa > cpu::widest_isa()) {
      test::skip("this CPU has no " + std::string(cpu::to_string(isa)));
      continue;
    }
    cpu::set_isa(isa);
    for (const Case& c : cases()) {
      CAPTURE(c.name);
      CHECK(worst_error(test::noise(26, 31), c.view, c.options) < c.tolerance);
      CHECK(worst_error(test::noise(26, 31, 1, 1), c.view, c.options) <
            (c.view.hsv == Hsv{} ? c.tolerance : 1e-3));  // the hue of grey hangs on roundings
    }
  }
  cpu::set_isa(before);
}

TEST_CASE("the painter of single pixels and the renderer agree") {
  for (const Case& c : cases()) {
    if (c.view.blur > 0 || c.options.normalization.statistics != Statistics::given) continue;
    CAPTURE(c.name);
    const Image image = test::noise(26, 31);
    View upright = c.view;
    upright.turns = 0;
    const auto drawn = draw(image, upright, c.options);
    const Painter paint(image, upright, c.options.space, c.options.height, c.options.width);
    const Finish finish(c.options.normalization, upright, c.options.space, paint.steps.white(), {});
    const float* at = drawn.data();
    for (int y = 0; y < c.options.height; ++y)
      for (int x = 0; x < c.options.width; ++x, at += c.options.written()) {
        float values[3];
        paint(x, y, values);
        for (int k = 0; k < channel_count(c.options.space); ++k) {
          const int channel = first_channel(c.options.space) + k;
          REQUIRE(std::abs(static_cast<double>(at[k] - finish(values[channel], channel))) < c.tolerance);
        }
      }
  }
}

TEST_CASE("turned views are transposes and flips of the upright one, bit for bit, whatever it shows") {
  for (Case& c : cases()) {
    if (c.options.height != c.options.width) continue;
    CAPTURE(c.name);
    const Image image = test::noise(26, 31);
    const int size = c.options.width, channels = c.options.written();
    c.view.noise[1] = 0.25F;
    c.view.turns = 0;
    const auto upright = draw(image, c.view, c.options);
    for (std::uint8_t turns = 1; turns < 6; ++turns) {
      c.view.turns = turns;
      const auto turned = draw(image, c.view, c.options);
      const Affine from = quarter_turns(turns, size);
      bool same = true;
      for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x) {
          const auto px = static_cast<float>(x), py = static_cast<float>(y);
          const int u = static_cast<int>(from.x(px, py)), v = static_cast<int>(from.y(px, py));
          same = same && std::equal(turned.data() + (y * size + x) * channels,
                                    turned.data() + (y * size + x + 1) * channels,
                                    upright.data() + (v * size + u) * channels);
        }
      CHECK(same);
    }
  }
}

TEST_CASE("shrinking keeps a picture of one colour as it is, to its edges, and the mean of a step") {
  for (const Affine& map : {boxed(0, 0, 37, 50, 11, 9), boxed(3, 2, 20, 41, 11, 9),
                            boxed(0, 0, 37, 50, 64, 64), centred(18, 24, 1.7F, 0.5F, 11, 9)}) {
    const auto drawn = draw(test::plain(50, 37, 200, 13, 90), {.map = map}, {11, 9});
    for (std::int64_t i = 0; i < drawn.size(); ++i)
      CHECK(drawn.data()[i] * 255 == doctest::Approx(i % 3 == 0 ? 200 : i % 3 == 1 ? 13 : 90).epsilon(1e-5));
  }
  Image step = test::plain(60, 60, 40, 40, 40);
  for (int y = 0; y < 60; ++y)
    for (int x = 23; x < 60; ++x)
      for (int c = 0; c < 3; ++c) step.at(y, x, c) = 220;
  for (const int size : {30, 20, 12, 7, 1}) {
    const auto drawn = draw(step, {.map = boxed(0, 0, 60, 60, size, size)}, {size, size});
    double mean = 0;
    for (const float v : drawn.span())
      mean += static_cast<double>(v) * 255 / static_cast<double>(drawn.size());
    CHECK(mean == doctest::Approx((23 * 40 + 37 * 220) / 60.0).epsilon(2e-3));
  }
}

TEST_CASE("own statistics give mean 0 and deviation 1, and a tile of one colour gives zeros") {
  const auto own = [](Statistics s, Space space) { return RenderOptions{24, 20, {{}, {1, 1, 1}, s}, space}; };
  for (const Space space : {Space::rgb, Space::lab}) {
    for (const Statistics s : {Statistics::tile_mean, Statistics::tile, Statistics::tile_rms}) {
      const View view{.map = crop, .hsv = {.hue = 0.1F}};
      const auto drawn = draw(test::noise(26, 31), view, own(s, space));
      double mean[3] = {}, square[3] = {};
      for (std::int64_t i = 0; i < drawn.size(); ++i) {
        mean[i % 3] += static_cast<double>(drawn.data()[i]) / 480;
        square[i % 3] += static_cast<double>(drawn.data()[i]) * static_cast<double>(drawn.data()[i]) / 480;
      }
      for (const double m : mean) CHECK(std::abs(m) < (s == Statistics::tile_mean ? 1e-4 : 1e-5));
      if (s == Statistics::tile)
        for (const double q : square) CHECK(q == doctest::Approx(1).epsilon(1e-4));
      if (s == Statistics::tile_rms)
        CHECK(square[0] + square[1] + square[2] == doctest::Approx(3).epsilon(1e-4));
      for (const View& still :
           {View{}, View{.map = boxed(1, 1, 29, 22, 24, 20)}, View{.blur = 2}, View{.clip = true}})
        for (const float v : draw(test::plain(26, 31, 200, 90, 17), still, own(s, space)).span())
          CHECK(std::abs(v) < 2e-3F);
    }
  }
  for (const float v : draw(test::plain(26, 31, 255, 90, 17), {}, own(Statistics::tile, Space::rgb)).span())
    CHECK(v == 0);
}

TEST_CASE("noise is normal, on the channels that ask for it, and a function of its key and the pixel") {
  const int size = 580;  // 336,400 pixels of three channels
  const View view{.noise = {0.5F, 0, 2}, .noise_key = 42};
  const Image black(1, 1);
  const auto drawn = draw(black, {.map = moved(9, 9), .noise = {1, 1, 1}, .noise_key = 7}, {size, size});
  std::vector<double> values(drawn.span().begin(), drawn.span().end());
  std::ranges::sort(values);
  double worst = 0;
  const double n = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = 0.5 * std::erfc(-values[i] / std::sqrt(2.0));
    worst = std::max(worst, std::abs(expected - (static_cast<double>(i) + 0.5) / n));
  }
  CHECK(worst * std::sqrt(n) < 1.95);  // Kolmogorov and Smirnov: exceeded once in a thousand
  double cross = 0;
  for (std::int64_t i = 0; i < drawn.size(); i += 3)
    cross += static_cast<double>(drawn.data()[i] * drawn.data()[i + 1]);
  CHECK(std::abs(cross) < 4 * size);

  const Normalization dark{{0, 0, 0}, {1, 1, 1}, Statistics::given, 3};
  const auto two = draw(black, view, {9, 9, dark}), same = draw(black, view, {9, 9, dark});
  CHECK(std::ranges::equal(two.span(), same.span()));
  View other = view;
  other.noise_key = 43;
  CHECK_FALSE(std::ranges::equal(two.span(), draw(black, other, {9, 9, dark}).span()));
  for (std::int64_t i = 0; i < 243; i += 3) CHECK(two.data()[i + 1] == 0);
  CHECK(two.data()[3 * 40] / 1.5F ==
        doctest::Approx(draw(black, {.noise = {1, 0, 0}, .noise_key = 42}, {9, 9}).data()[3 * 40]));
}

TEST_CASE("noise is measured in what is written, in levels, or by the channel that varies most") {
  const Image image = test::noise(26, 31);
  const auto deviation = [](const Tensor<float, Cpu>& tile, int channel) {
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(tile.size() / 3);
    for (std::int64_t i = channel; i < tile.size(); i += 3) {
      sum += static_cast<double>(tile.data()[i]) / n;
      squares += static_cast<double>(tile.data()[i]) * static_cast<double>(tile.data()[i]) / n;
    }
    return std::sqrt(squares - sum * sum);
  };
  View clean{.color = ColorMatrix::only(1), .noise_key = 5};
  const double levels = 255 * deviation(draw(image, clean, {24, 24}), 1);
  for (const Statistics s :
       {Statistics::given, Statistics::tile_mean, Statistics::tile, Statistics::tile_rms}) {
    CAPTURE(to_string(s));
    const RenderOptions options{24, 24, {{0.4F, 0.4F, 0.4F}, {0.5F, 0.5F, 0.5F}, s, 3}};
    const auto plain = draw(image, clean, options);
    const double kept = deviation(plain, 1);
    std::vector<float> written;
    for (const NoiseUnit unit : {NoiseUnit::written, NoiseUnit::level, NoiseUnit::deviation}) {
      CAPTURE(to_string(unit));
      View view = clean;
      view.noise[0] = view.noise[2] = 0.2F;
      view.noise_unit = unit;
      const auto noisy = draw(image, view, options);
      if (unit == NoiseUnit::written) {
        for (std::int64_t i = 0; i < plain.size(); ++i) written.push_back(noisy.data()[i] - plain.data()[i]);
        continue;
      }
      const double expected = (unit == NoiseUnit::level ? kept / levels : kept) / 3;  // to the gain
      for (std::int64_t i = 0; i < plain.size(); ++i) {
        const auto added = static_cast<double>(noisy.data()[i] - plain.data()[i]);
        REQUIRE(added == doctest::Approx(expected * static_cast<double>(written[static_cast<std::size_t>(i)]))
                             .epsilon(1e-3)
                             .scale(0.01));
      }
    }
  }
}

TEST_CASE("views do not depend on their batch, its order or the number of threads") {
  std::vector<View> views;
  for (const Case& c : cases()) {
    views.push_back(c.view);
    views.back().source = static_cast<std::int32_t>(views.size() % 3);
    views.back().noise[0] = 0.1F;
  }
  const Image images[] = {test::noise(26, 31), test::noise(9, 64, 2), test::noise(40, 12, 3, 1)};
  const std::vector<ImageView> pictures(std::begin(images), std::end(images));
  const RenderOptions options{24, 24, {{0.4F, 0.4F, 0.4F}, {0.2F, 0.2F, 0.2F}, Statistics::tile}};
  set_num_threads(4);
  const auto together = render<Cpu>(pictures, views, options);
  set_num_threads(1);
  const std::vector<View> reversed(views.rbegin(), views.rend());
  const auto backwards = render<Cpu>(pictures, reversed, options);
  const std::int64_t n = std::ssize(views);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto alone =
        render<Cpu>(pictures, std::span(views).subspan(static_cast<std::size_t>(i), 1), options);
    CHECK(std::ranges::equal(alone.span(), together.rows(i, i + 1).span()));
    CHECK(std::ranges::equal(alone.span(), backwards.rows(n - 1 - i, n - i).span()));
  }
}

TEST_CASE("hostile views are safe") {
  const float bad[] = {std::numeric_limits<float>::quiet_NaN(),
                       std::numeric_limits<float>::infinity(),
                       -1e30F,
                       1e30F,
                       1e-30F,
                       3e9F,
                       0};
  const Image images[] = {test::noise(1, 1), test::noise(1, 70), test::noise(33, 1, 1, 1), Image(0, 0),
                          test::noise(20, 20)};
  Rng rng(5, Use::test);
  std::vector<View> views;
  const auto maybe = [&](float good) { return rng.chance(0.3F) ? bad[rng.below(7)] : good; };
  for (int i = 0; i < 120; ++i) {
    View v{.source = static_cast<std::int32_t>(rng.below(5)),
           .map = {maybe(1), maybe(0), maybe(2), maybe(0), maybe(1.5F), maybe(0)},
           .antialias = rng.chance(0.8F),
           .low_height = static_cast<std::uint16_t>(rng.bits() >> rng.between(16, 31)),
           .low_width = static_cast<std::uint16_t>(rng.bits() >> rng.between(16, 31)),
           .clip = rng.chance(0.5F),
           .blur = maybe(0),
           .noise_unit = static_cast<NoiseUnit>(rng.between(0, 2)),
           .noise_key = rng.bits(),
           .turns = static_cast<std::uint8_t>(rng.below(256))};
    for (int c = 0; c < 3; ++c) {
      v.shift_x[c] = static_cast<std::int8_t>(rng.between(-128, 127));
      v.shift_y[c] = static_cast<std::int8_t>(rng.chance(0.5F) ? 0 : rng.between(-128, 127));
      v.noise[c] = maybe(0);
    }
    v.hsv = {maybe(0), {maybe(1), maybe(1), maybe(0)}, {maybe(1), maybe(1), maybe(0)}};
    v.color.m[rng.below(12)] = maybe(1);
    views.push_back(v);
  }
  const std::vector<ImageView> pictures(std::begin(images), std::end(images));
  for (const Statistics s : {Statistics::given, Statistics::tile, Statistics::tile_rms})
    for (const Space space : {Space::rgb, Space::lightness, Space::ab}) {
      const RenderOptions o{19, 19, {{}, {1, 1, 1}, s}, space, 5};
      CHECK(render<Cpu>(pictures, views, o).shape() == Shape{120, 19, 19, 5});
    }
  // Colours that are cut are numbers, whatever was asked for.
  for (View& v : views) {
    std::fill_n(v.noise, 3, 0.0F);
    v.clip = true;
    v.blur = v.blur > 0 ? 1.0F : 0;
  }
  for (const float v : render<Cpu>(pictures, views, {19, 19}).span()) REQUIRE((v >= 0 && v <= 1.0001F));
}

TEST_CASE("wrong sizes, channels and turns are refused, by name") {
  const Image in = test::noise(4, 4), four(4, 4, 4);
  CHECK_THROWS_WITH_AS(draw(in, {.turns = 1}, {4, 5}), "render: a turned view must be square, not 4 x 5",
                       Error);
  CHECK_THROWS_WITH_AS(draw(in, {}, {0, 5}), "render: size 0 x 5 must be positive", Error);
  CHECK_THROWS_WITH_AS(draw(in, {}, {4, 4, {}, Space::ab, 1}),
                       "render: 1 channels cannot hold the 2 of the colour space", Error);
  CHECK_THROWS_WITH_AS(draw(four, {}, {4, 4}), "render: a picture has 4 channels, not 1 or 3", Error);
  CHECK(draw(in, {.turns = 4}, {4, 5}).shape() == Shape{1, 4, 5, 3});
}

TEST_CASE("a view is small, and bytes") {
  CHECK(sizeof(View) <= 192);
  CHECK(std::is_trivially_copyable_v<View>);
}
