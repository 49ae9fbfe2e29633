// SPDX-License-Identifier: MIT
#include "pretext/tasks/relative_location.hpp"

#include "patch_task.hpp"

using namespace pretext;
using tasks::Pairs;
using test::plan;

static_assert(tasks::PretextTask<tasks::RelativeLocation<>>);

namespace {

/// Grids of pictures of 32 pixels.
tasks::RelativeLocationOptions tiny_location() {
  return {.features = 2 * 2 * 16,
          .seed = 5,
          .tile = 8,
          .gap = 2,
          .jitter = 2,
          .short_side = 32,
          .area_low = 0,
          .area_high = 0,
          .lowering = 0,
          .colors = {},
          .normalization = test::raw,
          .fc6 = {.width = 12},
          .fc7 = {.width = 24},
          .fc8 = {}};
}

tasks::RelativeLocation<> task_of(const tasks::RelativeLocationOptions& options) {
  Rng rng(1);
  return {options, rng};
}

}  // namespace

TEST_CASE("labels say where the second patch lies, seen from the first, in all pairs and both orders") {
  for (const Pairs pairs : {Pairs::all, Pairs::with_middle, Pairs::from_middle})
    for (const bool same_place : {false, true})
      for (const auto& size : {std::pair{3, 3}, {2, 4}, {1, 2}}) {
        const int rows = size.first, columns = size.second;
        CAPTURE(to_string(pairs));
        CAPTURE(rows);
        auto options = tiny_location();
        options.rows = rows;
        options.columns = columns;
        options.pairs = pairs;
        options.same_place = same_place;
        options.grids = 2;
        options.short_side = rows * 10;
        const auto task = task_of(options);
        const auto dataset = test::numbered_cells(rows, columns, 10);
        const auto batch = task.batch(dataset, plan({0, 0}), true);
        REQUIRE(batch.inputs.dim(0) == 2 * 2 * (rows * columns + (same_place ? 1 : 0)));
        const auto shown = task.shown(batch);
        REQUIRE(shown.dim(0) == 2 * batch.labels.size());
        std::vector<std::pair<int, int>> found;
        for (std::int64_t i = 0; i < batch.labels.size(); ++i) {
          const int a = test::cell_of(shown, 2 * i), b = test::cell_of(shown, 2 * i + 1);
          REQUIRE((a >= 0 && b >= 0));
          const int down = b / columns - a / columns, right = b % columns - a % columns;
          const int label = batch.labels.data()[i];
          const int place = label == 8 ? 4 : label < 4 ? label : label + 1;
          CHECK(down == place / 3 - 1);
          CHECK(right == place % 3 - 1);
          if (i < batch.labels.size() / 4) found.emplace_back(a, b);
        }
        // Each pair that was asked for, once a grid.
        std::vector<std::pair<int, int>> expected;
        const int middle = rows / 2 * columns + columns / 2;
        for (int a = 0; a < rows * columns; ++a)
          for (int b = 0; b < rows * columns; ++b) {
            const bool touch = a != b && std::abs(a / columns - b / columns) <= 1 &&
                               std::abs(a % columns - b % columns) <= 1;
            if (touch && (pairs == Pairs::all || a == middle || (pairs == Pairs::with_middle && b == middle)))
              expected.emplace_back(a, b);
          }
        for (int i = 0; same_place && i < (pairs == Pairs::from_middle ? 1 : 2); ++i)
          expected.emplace_back(middle, middle);
        std::ranges::sort(found);
        std::ranges::sort(expected);
        CHECK(found == expected);
      }
}

TEST_CASE("the pairs of the middle patch ask for each place equally often") {
  const auto dataset = data::shapes({.count = 1, .size = 32});
  for (const Pairs pairs : {Pairs::with_middle, Pairs::from_middle})
    for (const bool same_place : {false, true}) {
      auto options = tiny_location();
      options.pairs = pairs;
      options.same_place = same_place;
      const auto task = task_of(options);
      CHECK(task.program().classes() == (same_place ? 9 : 8));
      std::vector<int> counts(same_place ? 9 : 8);
      for (const std::int32_t label : task.batch(dataset, plan({0}), true).labels.span())
        ++counts[static_cast<std::size_t>(label)];
      CHECK(std::ranges::count(counts, pairs == Pairs::with_middle ? 2 : 1) ==
            static_cast<std::ptrdiff_t>(counts.size()));
    }
}

TEST_CASE("two patches of one place are drawn apart") {
  auto options = tiny_location();
  options.pairs = Pairs::from_middle;
  options.same_place = true;
  const auto task = task_of(options);
  const auto& program = task.program();
  const Image image(32, 32);
  std::vector<View> views(10);
  std::vector<std::int32_t> labels(9);
  std::vector<int> places(81);  // of the two patches, relative to their cell: 3 x 3 places each
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    program({image, 0, -1, true}, Rng(4, Use::views, 0, i), views.data(), labels.data());
    const float left = views[4].map.x0, top = views[4].map.y0;
    REQUIRE((std::abs(views[9].map.x0 - left) <= 2 && std::abs(views[9].map.y0 - top) <= 2));
    // The crop lies at one of 3 x 3 places, which the two share; what is seen of it is their distance.
    const int dx = static_cast<int>(views[9].map.x0 - left) + 2,
              dy = static_cast<int>(views[9].map.y0 - top) + 2;
    ++places[static_cast<std::size_t>(9 * dy + dx)];
  }
  for (int dy = 0; dy < 5; ++dy)
    for (int dx = 0; dx < 5; ++dx) {
      const double expected = 1e6 * (3 - std::abs(dx - 2)) * (3 - std::abs(dy - 2)) / 81;
      CHECK(std::abs(places[static_cast<std::size_t>(9 * dy + dx)] - expected) < 5 * std::sqrt(expected));
    }
}

TEST_CASE("patches are lowered as often as asked, evenly by their number of pixels") {
  auto options = tiny_location();
  options.tile = 96;
  options.gap = 48;
  options.jitter = 14;
  options.short_side = 432;
  options.lowering = 0.33F;
  options.lowest = 10;
  options.colors.dropping = 1;
  const auto task = task_of(options);
  const Image image(432, 432);
  std::vector<View> views(9);
  std::vector<std::int32_t> labels(40);
  std::vector<float> areas;
  int patches = 0;
  for (std::uint32_t i = 0; i < 340'000; ++i) {
    task.program()({image, 0, -1, true}, Rng(4, Use::views, 0, i), views.data(), labels.data());
    for (const View& view : views) {
      ++patches;
      REQUIRE(view.low_height == view.low_width);
      if (view.low_width == 0) continue;
      REQUIRE((view.low_width >= 10 && view.low_width <= 95));
      const auto side = static_cast<float>(view.low_width);
      // Sides are whole: spread over what is rounded to them.
      const float spread = static_cast<float>(static_cast<std::uint32_t>(view.noise_key) >> 8) * 0x1p-24F;
      areas.push_back(side * side + spread * (2 * side + 1));
    }
  }
  CHECK(std::abs(static_cast<double>(areas.size()) - 0.33 * patches) < 4 * std::sqrt(0.33 * 0.67 * patches));
  CHECK(test::kolmogorov(areas, 100, 95 * 95) < 1.95);
}

TEST_CASE("a patch of one channel has noise in the others, a hundredth of its deviation") {
  const auto dataset = data::shapes({.count = 2, .size = 96});
  auto options = tiny_location();
  options.tile = 24;
  options.gap = options.jitter = 8;
  options.short_side = 96;
  options.colors = {.dropping = 1};
  options.normalization = {.statistics = Statistics::tile_rms, .gain = 50};
  const auto batch = task_of(options).batch(dataset, plan({0, 1}), true);
  for (std::int64_t i = 0; i < batch.inputs.dim(0); ++i) {
    const auto patch = batch.inputs.rows(i, i + 1);
    double squares[3] = {};
    for (std::int64_t k = 0; k < patch.size(); ++k)
      squares[k % 3] += static_cast<double>(patch.data()[k]) * static_cast<double>(patch.data()[k]);
    std::ranges::sort(squares);
    const double pixels = 24 * 24;
    const double kept = 50 * std::sqrt(3);
    CHECK(std::sqrt(squares[0] / pixels) == doctest::Approx(0.01 * kept).epsilon(0.15));
    CHECK(std::sqrt(squares[1] / pixels) == doctest::Approx(0.01 * kept).epsilon(0.15));
    CHECK(std::sqrt(squares[2] / pixels) == doctest::Approx(kept).epsilon(0.01));
  }
}

TEST_CASE("grids have room to move in pictures of any shape, and no row or column has a place of its own") {
  for (const auto& shape : {std::pair{300, 400}, {400, 300}, {300, 300}, {90, 160}}) {
    const auto height = shape.first, width = shape.second;
    CAPTURE(height);
    CAPTURE(width);
    auto options = relative_location_options(tasks::Variant::paper);
    options.features = 4;
    options.fc6 = options.fc7 = options.fc8 = {};
    options.jitter = 0;
    const auto task = task_of(options);
    const Image image(height, width);
    std::vector<View> views(9);
    std::vector<std::int32_t> labels(40);
    std::vector<float> areas, across[3], down[3];  // places of a column or row among those that it may have
    for (std::uint32_t i = 0; i < 250'000; ++i) {
      task.program()({image, 0, -1, true}, Rng(4, Use::views, 0, i), views.data(), labels.data());
      const float step = views[0].map.xx;
      const float spread = Rng(5, Use::test, 0, i).uniform();  // places are whole pixels
      areas.push_back(static_cast<float>(height * width) / (step * step));
      for (int k = 0; k < 3; ++k) {
        const auto place = [&](float at, int pixels) {
          const float first = (at + 0.5F - 0.5F * step) / step - static_cast<float>(144 * k + 24);
          const float room = std::floor(static_cast<float>(pixels) / step + 0.01F) - 432;
          REQUIRE((room >= 48 && first > -0.1F && first < room + 0.1F));
          return (first + spread) / (room + 1);
        };
        across[k].push_back(place(views[static_cast<std::size_t>(k)].map.x0, width));
        down[k].push_back(place(views[static_cast<std::size_t>(3 * k)].map.y0, height));
      }
    }
    for (int k = 0; k < 3; ++k) {
      CHECK(test::kolmogorov(across[k], 0, 1) < 1.95);
      CHECK(test::kolmogorov(down[k], 0, 1) < 1.95);
    }
    const auto ratio =
        static_cast<float>(std::max(height, width)) / static_cast<float>(std::min(height, width));
    const float least = 480 * 480 * ratio;
    CHECK(test::kolmogorov(areas, std::max(least, 150000.0F), 450000) < 1.95);
  }
}

TEST_CASE("patches depend on the seed, the epoch and the picture, not on batch, threads or order") {
  auto options = tiny_location();
  options.grids = 2;
  options.lowering = 0.3F;
  options.lowest = 4;
  options.colors = {.grey = 0.2F, .dropping = 0.5F};
  const auto task = task_of(options);
  test::check_draws(task, data::shapes({.count = 8, .size = 32}), task.program().views,
                    task.program().labels);
}

TEST_CASE("a patch that is computed once gives what it gives in each pair by itself") {
  auto options = tiny_location();
  options.same_place = true;
  options.grids = 2;
  auto task = task_of(options);
  test::check_groups(task, data::shapes({.count = 3, .size = 32}));
}

TEST_CASE("places of pairs are learnt") {
  auto options = tiny_location();
  options.features = 4 * 4 * 16;
  options.tile = 14;
  options.short_side = 48;
  options.normalization = {.statistics = Statistics::tile};
  options.fc6.norm = options.fc7.norm = tasks::DenseNorm::plain_batch;
  options.fc8 = {.width = 16};
  auto task = task_of(options);
  auto net = test::small_backbone();
  // The best constant answer is right in 3 of 20 pairs.
  test::check_learns(net, task, data::shapes({.count = 96, .size = 48}),
                     {.epochs = 30, .lr = 0.1, .share = 0.9, .accuracy = 0.25});
}

TEST_CASE("the variants of relative location are those of their sources, and can be built") {
  using tasks::Variant;
  const auto paper = test::constants_of(relative_location_options(Variant::paper)),
             released = test::constants_of(relative_location_options(Variant::released)),
             revisited = test::constants_of(relative_location_options(Variant::revisited));
  CHECK(paper.at("tile") == "96");
  CHECK(paper.at("gap") == "48");
  CHECK(paper.at("jitter") == "14");
  CHECK(paper.at("statistics") == "tile_mean");
  CHECK(released.at("statistics") == "tile_rms");
  CHECK(released.at("gain") == "50");
  CHECK(released.at("grids") == "4");
  CHECK(released.at("fc6.norm") == "plain_batch");
  CHECK(released.at("fc8.width") == "4096");
  CHECK(revisited.at("pairs") == "from_middle");
  CHECK(revisited.at("fc8.width") == "0");
  for (const Variant variant : tasks::variants) {
    auto options = relative_location_options(variant);
    options.features = 4;
    options.fc6.width = options.fc7.width = 8;
    options.fc8.width = 0;
    const auto task = task_of(options);
    CHECK(task.program().labels == (variant == Variant::paper ? 40 : variant == Variant::released ? 160 : 8));
  }
}

TEST_CASE("grids that cannot be are refused in words") {
  const auto refused = [](auto change, const char* text) {
    auto options = tiny_location();
    change(options);
    CHECK_THROWS_WITH_AS(task_of(options), doctest::Contains(text), Error);
  };
  using O = tasks::RelativeLocationOptions;
  refused([](O& o) { o.features = 0; }, "relative_location: options.features must be");
  refused([](O& o) { o.rows = o.columns = 1; }, "relative_location: a grid of one patch has no pairs");
  refused([](O& o) { o.grids = 0; }, "relative_location: 0 grids of a picture, not 1 to 64");
  refused([](O& o) { o.short_side = 29; },
          "relative_location: pictures are scaled to a short side of 29, not 30 to 65536; crops are 30 x 30");
  refused([](O& o) { o.area_high = 100; }, "relative_location: an area between 0 and 100 pixels");
  refused([](O& o) { o.area_low = 100, o.area_high = std::numeric_limits<float>::infinity(); },
          "relative_location: an area between 100 and inf pixels");
  refused([](O& o) { o.area_low = o.area_high = std::nanf(""); },
          "relative_location: an area between nan and nan");
  refused([](O& o) { o.room = -1; }, "relative_location: crops that have -1 pixels to move over");
  refused([](O& o) { o.lowering = 2; }, "relative_location: a probability of 2 of low resolution");
  refused([](O& o) { o.lowering = 0.5F, o.lowest = 8; },
          "relative_location: low resolution of 8 pixels, not 1 to 7");
  refused([](O& o) { o.jitter = 3; }, "relative_location: tiles that move over 3 pixels would overlap");
}
