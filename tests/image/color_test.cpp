// SPDX-License-Identifier: MIT
#include "pretext/image/color.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../support.hpp"
#include "naive_view.hpp"
#include "pretext/image/color_axes.hpp"
#include "pretext/image/lab.hpp"
#include "test_pictures.hpp"

using namespace pretext;

namespace {

struct Rgb {
  float r, g, b;
};

Rgb apply(const auto& step, Rgb c) {
  step(c.r, c.g, c.b);
  return c;
}

bool close(const Rgb& a, const Rgb& b, float tolerance = 1e-6F) {
  return std::abs(a.r - b.r) <= tolerance && std::abs(a.g - b.g) <= tolerance &&
         std::abs(a.b - b.b) <= tolerance;
}

/// Calls f(red, green, blue) with rows of colours of 8 bits, every `stride`-th in each channel.
template <class F>
void each_row(int stride, F&& f) {
  for (int r = 0; r < 256; r += stride)
    for (int g = 0; g < 256; g += stride) {
      float rows[3][256];
      for (int b = 0; b < 256; ++b) {
        rows[0][b] = static_cast<float>(r) / 255;
        rows[1][b] = static_cast<float>(g) / 255;
        rows[2][b] = static_cast<float>(b) / 255;
      }
      f(rows[0], rows[1], rows[2]);
    }
}

}  // namespace

TEST_CASE("colour matrices do what their names say") {
  const Rgb c{0.2F, 0.7F, 0.4F};
  const float luma = 0.299F * 0.2F + 0.587F * 0.7F + 0.114F * 0.4F;
  CHECK(close(apply(ColorMatrix{}, c), c, 0));
  CHECK(close(apply(ColorMatrix::brightness(1.5F), c), {0.3F, 1.05F, 0.6F}));
  CHECK(close(apply(ColorMatrix::contrast(2), c), {-0.1F, 0.9F, 0.3F}));
  CHECK(close(apply(ColorMatrix::contrast(0.5F, 0.2F), c), {0.2F, 0.45F, 0.3F}));
  CHECK(close(apply(ColorMatrix::grey(), c), {luma, luma, luma}));
  CHECK(close(apply(ColorMatrix::saturation(1), c), c));
  CHECK(close(apply(ColorMatrix::saturation(2), c), {2 * c.r - luma, 2 * c.g - luma, 2 * c.b - luma}));
  CHECK(close(apply(ColorMatrix::only(1), c), {0, 0.7F, 0}, 0));
  const ColorMatrix a = ColorMatrix::contrast(1.3F), b = ColorMatrix::saturation(0.4F);
  CHECK(close(apply(a.after(b), c), apply(a, apply(b, c))));
  CHECK(close(apply(b.after(a), c), apply(b, apply(a, c))));
}

TEST_CASE("the projection takes the axis from green to magenta away, and only that") {
  const ColorMatrix p = ColorMatrix::without_green_magenta();
  const Rgb c{0.2F, 0.7F, 0.4F}, once = apply(p, c), grey{0.4F, 0.4F, 0.4F}, across{0.5F, 0, -0.5F};
  CHECK(std::abs(-once.r + 2 * once.g - once.b) < 1e-6F);
  CHECK(close(apply(p, once), once));
  CHECK(close(apply(p, grey), grey));
  CHECK(close(apply(p, across), across));
  CHECK(close(apply(p, {-1, 2, -1}), {0, 0, 0}));
}

TEST_CASE(
    "hue, saturation and value change as by the sectors of the colour circle, for all of a grid of colours") {
  const Hsv changes[] = {{},
                         {0.25F, {1, 0.8F, 0.1F}, {1, 1.2F, -0.1F}},
                         {-0.4F, {0.5F, 1, 0}, {2.5F, 1, 0.05F}},
                         {1.9F, {1, 0, 0}, {}},
                         {0.5F, {4, 1.4F, -0.1F}, {0.25F, 0.7F, 0.1F}}};
  for (const Hsv& change : changes) {
    const bool straight = change.saturation.power == 1 && change.value.power == 1;
    double worst = 0;
    each_row(17, [&](float* r, float* g, float* b) {
      for (int i = 0; i < 256; i += 3) {
        double expected[3] = {static_cast<double>(r[i]), static_cast<double>(g[i]),
                              static_cast<double>(b[i])};
        test::naive_hsv(change, expected);
        const Rgb c{r[i], g[i], b[i]};
        const Rgb got = straight ? apply(HsvStep<true>{change}, c) : apply(HsvStep<false>{change}, c);
        worst = std::max({worst, std::abs(static_cast<double>(got.r) - expected[0]),
                          std::abs(static_cast<double>(got.g) - expected[1]),
                          std::abs(static_cast<double>(got.b) - expected[2])});
      }
    });
    CHECK(worst < 5e-6);
  }
  for (const float s : {0.0F, 0.3F, 1.0F}) {  // a third of the circle turns red into green
    const Rgb got = apply(HsvStep<true>{{1.0F / 3, {}, {}}}, {0.8F, 0.8F - 0.8F * s, 0.8F - 0.8F * s});
    CHECK(close(got, {0.8F - 0.8F * s, 0.8F, 0.8F - 0.8F * s}));
  }
}

TEST_CASE("clipping cuts to 0 and 1, and knows no other numbers") {
  const float nan = std::nanf("");
  CHECK(close(apply(ClipColor{}, {-0.1F, 0.5F, 7}), {0, 0.5F, 1}, 0));
  CHECK(close(apply(ClipColor{}, {nan, 1, 0}), {0, 1, 0}, 0));
}

TEST_CASE("Lab has the published values of known colours") {
  struct Known {
    Rgb rgb, lab;
  };
  const Known known[] = {{{0, 0, 0}, {0, 0, 0}},
                         {{1, 1, 1}, {100, 0, 0}},
                         {{1, 0, 0}, {53.2408F, 80.0925F, 67.2032F}},
                         {{0, 1, 0}, {87.7347F, -86.1827F, 83.1793F}},
                         {{0, 0, 1}, {32.2970F, 79.1875F, -107.8602F}},
                         {{0.5F, 0.5F, 0.5F}, {53.3890F, 0, 0}}};
  for (const Known& k : known) {
    CHECK(close(apply(RgbToLab{}, k.rgb), k.lab, 5e-3F));
    CHECK(std::abs(apply(RgbToLightness{}, k.rgb).r - k.lab.r) < 5e-3F);
    CHECK(close(apply(LabToRgb{}, k.lab), k.rgb, 1e-4F));
  }
  CHECK(close(apply(LabToRgb{}, {50, 150, 0}), apply(ClipColor{}, apply(LabToRgb{}, {50, 150, 0})), 0));
}

TEST_CASE("Lab is its definition in double, and all 2^24 colours come back") {
  double worst = 0;
  each_row(15, [&](float* r, float* g, float* b) {
    for (int i = 0; i < 256; i += 5) {
      double expected[3] = {static_cast<double>(r[i]), static_cast<double>(g[i]), static_cast<double>(b[i])};
      test::naive_lab(expected);
      const Rgb got = apply(RgbToLab{}, {r[i], g[i], b[i]});
      worst = std::max({worst, std::abs(static_cast<double>(got.r) - expected[0]),
                        std::abs(static_cast<double>(got.g) - expected[1]),
                        std::abs(static_cast<double>(got.b) - expected[2])});
    }
  });
  CHECK(worst < 1e-3);

  float lost = 0, grey = 0;
  each_row(1, [&](float* r, float* g, float* b) {
    float red[256], green[256], blue[256];
    std::copy_n(r, 256, red);
    std::copy_n(g, 256, green);
    std::copy_n(b, 256, blue);
    for (int i = 0; i < 256; ++i) RgbToLab{}(red[i], green[i], blue[i]);
    if (r[0] == g[0]) {
      const int i = static_cast<int>(r[0] * 255 + 0.5F);
      grey = std::max({grey, std::abs(green[i]), std::abs(blue[i])});
    }
    for (int i = 0; i < 256; ++i) LabToRgb{}(red[i], green[i], blue[i]);
    for (int i = 0; i < 256; ++i)
      lost = std::max({lost, std::abs(red[i] - r[i]), std::abs(green[i] - g[i]), std::abs(blue[i] - b[i])});
  });
  CHECK(lost < 0.01F / 255);
  CHECK(grey < 1e-3F);
}

TEST_CASE("the axes of colours are the eigenvectors of their covariance, the widest first") {
  Image image(64, 64);
  Rng rng(9, Use::test);
  const double a[3] = {0.6, 0.64, 0.48}, b[3] = {-0.8, 0.48, 0.36};
  for (int i = 0; i < 64 * 64; ++i) {
    const double along = rng.normal() * 30, aside = rng.normal() * 10;
    for (int c = 0; c < 3; ++c)
      image.pixels()[3 * i + c] =
          static_cast<std::uint8_t>(std::clamp(std::lround(128 + along * a[c] + aside * b[c]), 0L, 255L));
  }
  const ImageView picture = image;
  const ColorAxes axes = color_axes({&picture, 1});
  const auto dot = [](const float* x, const auto* y) {
    double sum = 0;
    for (int c = 0; c < 3; ++c) sum += static_cast<double>(x[c]) * static_cast<double>(y[c]);
    return sum;
  };
  for (const float m : axes.mean) CHECK(m == doctest::Approx(128 / 255.0).epsilon(0.02));
  CHECK(std::abs(dot(axes.axis[0], a)) > 0.999);
  CHECK(std::abs(dot(axes.axis[1], b)) > 0.99);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) CHECK(std::abs(dot(axes.axis[i], axes.axis[j]) - (i == j ? 1 : 0)) < 1e-6);

  const Rgb c{0.2F, 0.7F, 0.4F}, mean{axes.mean[0], axes.mean[1], axes.mean[2]};
  CHECK(close(apply(axes.contrast({1, 1, 1}), c), c));
  CHECK(close(apply(axes.contrast({0, 0, 0}), c), mean));
  const Rgb got = apply(axes.contrast({2, 0.5F, 1.5F}), c);
  const float moved[3] = {got.r - mean.r, got.g - mean.g, got.b - mean.b},
              before[3] = {c.r - mean.r, c.g - mean.g, c.b - mean.b};
  const double factors[3] = {2, 0.5, 1.5};
  for (int k = 0; k < 3; ++k)
    CHECK(dot(moved, axes.axis[k]) == doctest::Approx(factors[k] * dot(before, axes.axis[k])).epsilon(1e-4));

  const Image grey = test::noise(9, 9, 0, 1);
  const ImageView one = grey;
  CHECK(std::abs(dot(color_axes({&one, 1}).axis[0], std::array{1.0, 1.0, 1.0}.data())) ==
        doctest::Approx(std::sqrt(3.0)));
  CHECK_THROWS_WITH_AS(color_axes({}), "color_axes: there are no pixels", Error);
}
