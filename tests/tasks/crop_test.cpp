// SPDX-License-Identifier: MIT
#include "pretext/tasks/crop.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "../support.hpp"
#include "pretext/tasks/jitter.hpp"
#include "statistics.hpp"

using namespace pretext;
using namespace pretext::tasks;
using namespace test;

namespace {

constexpr std::uint32_t draws = 1'000'000;

struct Box {
  float left, top, width, height;
  bool mirrored;
};

Box box_of(const Affine& map, int size) {
  const auto pixels = static_cast<float>(size);
  const bool flipped = map.xx < 0;
  const float width = std::abs(map.xx) * pixels, first = flipped ? map.x(pixels - 1, 0) : map.x0;
  return {first + 0.5F - 0.5F * std::abs(map.xx), map.y0 + 0.5F - 0.5F * map.yy, width, map.yy * pixels,
          flipped};
}

}  // namespace

TEST_CASE("resized crops have uniform area and log-uniform aspect, at even places, mirrored half the time") {
  // Boxes that always fit: nothing is drawn again, so that the distributions are those that were asked for.
  const Image image(2000, 2000);
  const tasks::ResizedCrop crop{.size = 64, .area_low = 0.2F, .area_high = 0.6F};
  std::vector<float> areas, ratios;
  std::vector<int> places(64);
  int mirrored_count = 0;
  for (std::uint32_t i = 0; i < draws; ++i) {
    Rng rng(11, Use::views, 0, i);
    const Box box = box_of(crop(image, rng), 64);
    areas.push_back(box.width * box.height / 4e6F);
    ratios.push_back(std::log(box.width / box.height));
    mirrored_count += box.mirrored ? 1 : 0;
    REQUIRE((box.left > -0.01F && box.top > -0.01F && box.left + box.width < 2000.01F &&
             box.top + box.height < 2000.01F));
    const float x = (box.left + 0.5F) / (2001 - box.width), y = (box.top + 0.5F) / (2001 - box.height);
    ++places[static_cast<std::size_t>(x * 8) * 8 + static_cast<std::size_t>(y * 8)];
  }
  // Whole pixels put steps of 1e-3 into both distributions.
  CHECK(kolmogorov(areas, 0.2F, 0.6F) < 3);
  CHECK(kolmogorov(ratios, std::log(0.75F), -std::log(0.75F)) < 3);
  CHECK(std::abs(unevenness(places)) < 4);
  CHECK(std::abs(mirrored_count - static_cast<int>(draws / 2)) < 4 * 500);
}

TEST_CASE("resized crops stay inside pictures of any shape, and without a stream show the middle") {
  const tasks::ResizedCrop crop{.size = 10};
  for (const auto& [height, width] : {std::pair{1, 1}, {2, 300}, {300, 2}, {33, 47}}) {
    const Image image(height, width);
    for (std::uint32_t i = 0; i < 2000; ++i) {
      Rng rng(12, Use::views, 0, i);
      const Box box = box_of(crop(image, rng), 10);
      REQUIRE((box.left > -0.01F && box.left + box.width < static_cast<float>(width) + 0.01F));
      REQUIRE((box.top > -0.01F && box.top + box.height < static_cast<float>(height) + 0.01F));
    }
  }
  const Box middle = box_of(tasks::ResizedCrop{.size = 224}(Image(256, 512)), 224);
  CHECK(middle.width == doctest::Approx(224));
  CHECK(middle.left == doctest::Approx(144));
  CHECK(middle.top == doctest::Approx(16));
  CHECK_FALSE(middle.mirrored);
}

TEST_CASE("jitter draws its factors and its hue evenly") {
  const tasks::ColorJitter jitter{.brightness = 0.4F, .contrast = 0.3F, .saturation = 1.5F, .hue = 0.1F};
  std::vector<float> bright, contrasts, saturations, hues;
  for (std::uint32_t i = 0; i < draws; ++i) {
    Rng rng(13, Use::views, 0, i);
    View view;
    jitter(view, rng);
    REQUIRE(view.clip);
    // Grey goes through all three; what it has lost to middle grey is the contrast, the rest brightness.
    const auto& m = view.color.m;
    const float offset = m[3], of_grey = m[0] + m[1] + m[2];
    contrasts.push_back(1 - 2 * offset);
    bright.push_back(of_grey / contrasts.back());
    saturations.push_back((m[0] - m[4]) / of_grey);
    hues.push_back(view.hsv.hue);
  }
  CHECK(kolmogorov(bright, 0.6F, 1.4F) < 1.95);
  CHECK(kolmogorov(contrasts, 0.7F, 1.3F) < 1.95);
  CHECK(kolmogorov(saturations, 0, 2.5F) < 1.95);
  CHECK(kolmogorov(hues, -0.1F, 0.1F) < 1.95);
}

TEST_CASE("jitter follows what the view's matrix does already") {
  View view{.color = ColorMatrix::grey()};
  Rng rng(1, Use::views);
  tasks::ColorJitter{}(view, rng);
  float r = 0.2F, g = 0.9F, b = 0.4F;
  view.color(r, g, b);
  CHECK(std::abs(r - g) + std::abs(g - b) < 1e-6F);
}

TEST_CASE("crops and jitter that cannot be are refused in words") {
  const auto crop = [](const tasks::ResizedCrop& of, const char* text) {
    CHECK_THROWS_WITH_AS(of.check("task"), text, Error);
  };
  crop({.size = 0}, "task: crops must be 1 to 4096 pixels wide, not 0");
  crop({.area_low = 0}, "task: crops of 0 to 1 of a picture; expected 0 < area_low <= area_high <= 1");
  crop({.area_low = 0.5F, .area_high = 0.4F},
       "task: crops of 0.5 to 0.4 of a picture; expected 0 < area_low <= area_high <= 1");
  crop({.area_high = std::numeric_limits<float>::infinity()},
       "task: crops of 0.08 to inf of a picture; expected 0 < area_low <= area_high <= 1");
  crop({.ratio_low = -1, .ratio_high = 2},
       "task: crops -1 to 2 times as wide as high; expected 0 < ratio_low <= ratio_high <= 100");
  crop({.keep = 0}, "task: evaluation cannot keep 0 of the short side");
  CHECK_NOTHROW(tasks::ResizedCrop{}.check("task"));
  CHECK_THROWS_WITH_AS(
      tasks::SquareCrop{.padding = -1}.check("task"),
      "task: size 32 and padding -1; expected a size of 1 to 4096 and a padding of 0 to the size", Error);
  CHECK_THROWS_AS((tasks::SquareCrop{.size = 8, .padding = 9}.check("task")), Error);
  CHECK_NOTHROW(tasks::SquareCrop{}.check("task"));
  const auto jitter = [](const tasks::ColorJitter& of, const char* text) {
    CHECK_THROWS_WITH_AS(of.check("task"), text, Error);
  };
  jitter({.contrast = -0.1F}, "task: colours jittered by a strength of -0.1, not 0 to 100");
  jitter({.saturation = std::nanf("")}, "task: colours jittered by a strength of nan, not 0 to 100");
  jitter({.hue = 0.6F}, "task: a hue that moves by up to 0.6 turns, not 0 to 0.5");
  CHECK_NOTHROW(tasks::ColorJitter{}.check("task"));
}

TEST_CASE("a crop of either kind draws what that kind draws, and tells its constants") {
  const Image image(90, 120);
  const SquareCrop square{.size = 24, .padding = 3};
  const ResizedCrop resized{.size = 24, .area_low = 0.2F};
  const auto same = [&](const Crop& crop, const auto& own) {
    Rng rng(5, Use::views), again = rng;
    CHECK(crop(image, rng) == own(image, again));
    CHECK(rng.bits() == again.bits());
    CHECK(crop(image) == own(image));
    CHECK(crop.size() == 24);
  };
  same(square, square);
  same(resized, resized);

  const auto constants = [](const Crop& crop) {
    std::string all;
    crop.each_constant([&](std::string_view name, const auto& value, std::string_view) {
      all += message(name, "=", value, " ");
    });
    return all;
  };
  CHECK(constants(square) ==
        "crop=moved size=24 mirror=1 padding=3 area_low=- area_high=- ratio_low=- ratio_high=- keep=- ");
  CHECK(constants(resized) ==
        "crop=resized size=24 mirror=1 padding=- area_low=0.2 area_high=1 ratio_low=0.75 "
        "ratio_high=1.33333 keep=0.875 ");
  CHECK_THROWS_WITH_AS(Crop(SquareCrop{.size = 0}).check("a task"), doctest::Contains("a task: size 0"),
                       Error);
  CHECK_THROWS_WITH_AS(Crop(ResizedCrop{.keep = 2}).check("a task"), doctest::Contains("keep 2"), Error);
}
