// SPDX-License-Identifier: MIT
#include "pretext/tasks/tile_grid.hpp"
#include "statistics.hpp"

#include "../support.hpp"
#include "pretext/image/image.hpp"
#include "pretext/tasks/patch_colors.hpp"
#include "pretext/tasks/scaled_crop.hpp"

using namespace pretext;
using test::kolmogorov;
using test::unevenness;

namespace {

constexpr std::uint32_t draws = 1'000'000;

}  // namespace

TEST_CASE("tiles lie evenly over their jitter, and every channel evenly around them") {
  const tasks::TileGrid grid{.rows = 3, .columns = 2, .tile = 10, .gap = 9, .jitter = 7, .channel_shift = 2};
  // Of 8 places on each axis, 6 are left to a tile and 3 to each of its channels.
  std::vector<int> places(36), shifts(9 * 3);
  for (std::uint32_t i = 0; i < draws; ++i) {
    Rng rng(5, Use::views, 0, i);
    const int number = static_cast<int>(i % 6);
    const View view = grid.tile_of(number, {}, rng);
    REQUIRE(view.map.xx == 1);
    const int x = static_cast<int>(view.map.x0) - number % 2 * 19 - 1,
              y = static_cast<int>(view.map.y0) - number / 2 * 19 - 1;
    REQUIRE((x >= 0 && x < 6 && y >= 0 && y < 6));
    ++places[static_cast<std::size_t>(6 * y + x)];
    for (int c = 0; c < 3; ++c) {
      REQUIRE((view.shift_x[c] >= 0 && view.shift_x[c] <= 2 && view.shift_y[c] >= 0 && view.shift_y[c] <= 2));
      ++shifts[static_cast<std::size_t>(9 * c + 3 * view.shift_y[c] + view.shift_x[c])];
    }
  }
  CHECK(std::abs(unevenness(places)) < 4);
  CHECK(std::abs(unevenness(shifts)) < 4);
}

TEST_CASE("no two tiles share a pixel of the grid in any channel, and none leaves it") {
  for (const tasks::TileGrid& grid :
       {tasks::TileGrid{}, tasks::TileGrid{.gap = 11, .jitter = 11, .channel_shift = 2},
        tasks::TileGrid{.rows = 2, .columns = 4, .tile = 7, .gap = 5, .jitter = 2, .channel_shift = 1},
        tasks::TileGrid{.tile = 8, .gap = 0, .jitter = 0}}) {
    grid.check("test");
    int least = 1000, gaps_of_least = grid.gap - grid.jitter;
    for (std::uint32_t i = 0; i < 2000; ++i) {
      Rng rng(6, Use::views, 0, i);
      std::vector<int> right(static_cast<std::size_t>(grid.cells())), bottom(right);
      for (int number = 0; number < grid.cells(); ++number) {
        const View view = grid.tile_of(number, {}, rng);
        const auto at = static_cast<std::size_t>(number);
        for (int c = 0; c < 3; ++c) {
          const int x = static_cast<int>(view.map.x0) + view.shift_x[c],
                    y = static_cast<int>(view.map.y0) + view.shift_y[c];
          REQUIRE((x >= 0 && y >= 0 && x + grid.tile <= grid.width() && y + grid.tile <= grid.height()));
          right[at] = std::max(right[at], x + grid.tile);
          bottom[at] = std::max(bottom[at], y + grid.tile);
          if (number % grid.columns > 0) least = std::min(least, x - right[at - 1]);
          if (number >= grid.columns)
            least = std::min(least, y - bottom[at - static_cast<std::size_t>(grid.columns)]);
        }
      }
    }
    CHECK(least >= gaps_of_least);
    CHECK(least <= gaps_of_least + 2);  // the bound is reached, or nearly
  }
}

TEST_CASE("tiles that do not move rest in the middle of their cells") {
  const tasks::TileGrid grid{.tile = 64, .gap = 21, .jitter = 0};
  Rng rng(1, Use::views);
  const View view = grid.tile_of(5, boxed(10, 20, 510, 510, 255, 255), rng);
  CHECK(view.map.x(0, 0) == doctest::Approx(10 + 2 * (2 * 85 + 10) + 0.5));
  CHECK(view.map.y(63, 63) == doctest::Approx(20 + 2 * (85 + 10 + 63) + 0.5));
}

TEST_CASE("crops of a scaled picture lie evenly in it, by whole pixels, and are mirrored half the time") {
  const Image image(50, 70);
  const tasks::ScaledCrop crop{.height = 45, .width = 60, .short_side = 50, .mirror = true};
  std::vector<int> places(66);
  int mirrored_count = 0;
  for (std::uint32_t i = 0; i < draws; ++i) {
    Rng rng(7, Use::views, 0, i);
    const Affine map = crop(image, rng);
    mirrored_count += map.xx < 0 ? 1 : 0;
    const float left = map.xx < 0 ? map.x(59, 0) : map.x0;
    REQUIRE((left == std::round(left) && map.y0 == std::round(map.y0)));
    REQUIRE((left >= 0 && left <= 10 && map.y0 >= 0 && map.y0 <= 5));
    ++places[static_cast<std::size_t>(map.y0 * 11 + left)];
  }
  CHECK(std::abs(unevenness(places)) < 4);
  CHECK(std::abs(mirrored_count - static_cast<int>(draws / 2)) < 4 * 500);
  const Affine middle = crop(image);
  CHECK(middle == moved(5, 2));
}

TEST_CASE("a picture's area is drawn evenly, and crops stay inside pictures of any size") {
  const tasks::ScaledCrop by_area{.height = 30, .width = 20, .area_low = 2000, .area_high = 6000};
  std::vector<float> areas;
  for (std::uint32_t i = 0; i < draws; ++i) {
    Rng rng(8, Use::views, 0, i);
    const float step = by_area(Image(100, 100), rng).xx;
    areas.push_back(100 * 100 / (step * step));
  }
  CHECK(kolmogorov(areas, 2000, 6000) < 1.95);
  CHECK(by_area(Image(100, 100)).xx == doctest::Approx(std::sqrt(10000 / 4000.0)));

  auto roomy = by_area;
  roomy.room = 7;
  for (const auto& crop : {by_area, roomy, tasks::ScaledCrop{.height = 30, .width = 20, .short_side = 33}})
    for (const auto& [height, width] : {std::pair{1, 1}, {2, 300}, {300, 2}, {30, 20}, {131, 57}}) {
      const Image image(height, width);
      for (std::uint32_t i = 0; i < 500; ++i) {
        Rng rng(9, Use::views, 0, i);
        const Affine map = i == 0 ? crop(image) : crop(image, rng);
        const float left = map.x0 + 0.5F - 0.5F * map.xx, top = map.y0 + 0.5F - 0.5F * map.yy;
        REQUIRE((std::abs(map.xx / map.yy - 1) < 1e-5F && left > -0.01F && top > -0.01F));
        REQUIRE(left + 20 * map.xx < static_cast<float>(width) * 1.001F + 0.01F);
        REQUIRE(top + 30 * map.yy < static_cast<float>(height) * 1.001F + 0.01F);
        const auto room = static_cast<float>(crop.room);
        REQUIRE((20 + room) * map.xx < static_cast<float>(width) * 1.001F);
        REQUIRE((30 + room) * map.yy < static_cast<float>(height) * 1.001F);
      }
    }
  // One without room is enlarged until the box just fits.
  CHECK(tasks::ScaledCrop{.height = 30, .width = 20, .short_side = 33}(Image(15, 100)).yy ==
        doctest::Approx(15.0 / 33));
  CHECK(tasks::ScaledCrop{.height = 30, .width = 60, .short_side = 30}(Image(60, 30)).xx ==
        doctest::Approx(0.5));
}

TEST_CASE("treatments of colour come as often as asked, and dropped patches keep one channel, evenly") {
  const tasks::PatchColors colors{.grey = 0.25F, .projection = 1.0F / 3, .dropping = 0.5F, .noise = 0.2F};
  std::vector<int> treatments(4), kept(3);
  for (std::uint32_t i = 0; i < draws; ++i) {
    Rng rng(10, Use::views, 0, i);
    const auto treatment = colors.draw(rng);
    ++treatments[static_cast<std::size_t>(treatment)];
    View view;
    colors.apply(treatment, view, rng);
    if (treatment == tasks::ColorTreatment::none) REQUIRE(view.color == ColorMatrix{});
    if (treatment == tasks::ColorTreatment::grey) REQUIRE(view.color == ColorMatrix::grey());
    if (treatment == tasks::ColorTreatment::projected)
      REQUIRE(view.color == ColorMatrix::without_green_magenta());
    if (treatment != tasks::ColorTreatment::dropped) continue;
    for (int c = 0; c < 3; ++c)
      if (view.color == ColorMatrix::only(c)) {
        ++kept[static_cast<std::size_t>(c)];
        for (int other = 0; other < 3; ++other) REQUIRE(view.noise[other] == (other == c ? 0.0F : 0.2F));
        REQUIRE(view.noise_unit == NoiseUnit::deviation);
      }
  }
  CHECK(std::abs(unevenness(treatments)) < 4);  // each a quarter
  CHECK(std::abs(unevenness(kept)) < 4);
  CHECK(kept[0] + kept[1] + kept[2] == treatments[3]);
}

TEST_CASE("a scaled crop of any constants is defined") {
  for (const float area :
       {1e9F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    Rng rng(1, Use::views);
    const Affine map =
        tasks::ScaledCrop{.height = 30, .width = 20, .area_low = area, .area_high = area}(Image(40, 50), rng);
    CHECK(map.yy <= 40.0F / 30);
  }
}

TEST_CASE("grids and colours that cannot be are refused in words") {
  const auto refused = [](const tasks::TileGrid& grid, const char* text) {
    CHECK_THROWS_WITH_AS(grid.check("task"), text, Error);
  };
  refused({.rows = 0}, "task: a grid of 0 x 3 cells; each must be 1 to 64");
  refused({.tile = 0}, "task: tiles must be 1 to 4096 pixels wide, not 0");
  refused({.gap = -1, .jitter = 0}, "task: the gap must be 0 to 4096 pixels, not -1");
  refused({.gap = 10, .jitter = 11},
          "task: tiles that move over 11 pixels would overlap; the jitter is at most the gap, which is 10");
  refused({.jitter = 1, .channel_shift = 2},
          "task: a channel shift of 2 is not within the jitter, which is 1, and below 128");
  CHECK_THROWS_WITH_AS(tasks::PatchColors{.grey = 1.5F}.check("task"),
                       "task: a probability of 1.5 of a treatment of colours", Error);
  CHECK_THROWS_WITH_AS(tasks::PatchColors{.noise = -1}.check("task"),
                       "task: the noise of dropped channels must not be negative, but is -1", Error);
}
