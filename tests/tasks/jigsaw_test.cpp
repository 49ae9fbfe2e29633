// SPDX-License-Identifier: MIT
#include "pretext/tasks/jigsaw.hpp"

#include "patch_task.hpp"

using namespace pretext;
using test::plan;

static_assert(tasks::PretextTask<tasks::Jigsaw<>>);

namespace {

/// Puzzles of pictures of 32 pixels.
tasks::JigsawOptions tiny_jigsaw(std::int64_t features = 2 * 2 * 16) {
  return {.features = features,
          .seed = 5,
          .tile = 8,
          .gap = 2,
          .jitter = 2,
          .channel_shift = 0,
          .short_side = 32,
          .permutations = 20,
          .colors = {},
          .normalization = test::raw,
          .fc6 = {.width = 12},
          .fc7 = {.width = 24}};
}

tasks::Jigsaw<> task_of(const tasks::JigsawOptions& options) {
  Rng rng(1);
  return {options, rng};
}

}  // namespace

TEST_CASE("every place of a puzzle shows the tile that the permutation of its label says") {
  const auto dataset = test::numbered_cells(3, 3, 85);
  auto options = tiny_jigsaw();
  options.tile = 64;
  options.gap = options.jitter = 21;
  options.channel_shift = 2;
  options.short_side = 255;
  options.shown = 4;
  const auto task = task_of(options);
  REQUIRE(task.permutations().size() == 20);
  for (const bool training : {true, false}) {
    const auto batch = task.batch(dataset, plan({0, 0}, 3), training);
    REQUIRE(batch.inputs.shape() == Shape{18, 64, 64, 3});
    REQUIRE(batch.labels.shape() == Shape{8});
    for (int i = 0; i < 18; ++i) CHECK(test::cell_of(batch.inputs, i) == i % 9);
    const auto shown = task.shown(batch);
    REQUIRE(shown.shape() == Shape{72, 64, 64, 3});
    for (std::int64_t i = 0; i < 72; ++i) {
      const auto& permutation = task.permutations()[static_cast<std::size_t>(batch.labels.data()[i / 9])];
      CHECK(test::cell_of(shown, i) == permutation[static_cast<std::size_t>(i % 9)]);
    }
  }
}

TEST_CASE("tiles of a picture that has the size are its own pixels, in the middle of cells without jitter") {
  const auto dataset = data::shapes({.count = 3, .size = 32});
  auto options = tiny_jigsaw();
  options.jitter = 0;
  const auto batch = task_of(options).batch(dataset, plan({2}), false);
  const ImageView picture = dataset.image(2);
  for (int i = 0; i < 9; ++i)
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x)
        for (int c = 0; c < 3; ++c)
          REQUIRE(batch.inputs.data()[((i * 8 + y) * 8 + x) * 3 + c] ==
                  picture.at(1 + i / 3 * 10 + 1 + y, 1 + i % 3 * 10 + 1 + x, c));
}

TEST_CASE("permutations are shown evenly, and never twice of one picture") {
  const Image image(32, 32);
  for (const int shown : {1, 3, 20}) {
    auto options = tiny_jigsaw();
    options.shown = shown;
    const auto task = task_of(options);
    std::vector<int> counts(20);
    std::vector<View> views(9);
    std::vector<std::int32_t> labels(static_cast<std::size_t>(shown));
    for (std::uint32_t i = 0; i < 1'000'000U / static_cast<std::uint32_t>(shown); ++i) {
      task.program()({image, 0, -1, true}, Rng(4, Use::views, 0, i), views.data(), labels.data());
      for (const std::int32_t label : labels) ++counts[static_cast<std::size_t>(label)];
      std::ranges::sort(labels);
      REQUIRE(std::ranges::adjacent_find(labels) == labels.end());
    }
    CHECK(test::unevenness(counts) < 4);
  }
}

TEST_CASE("puzzles depend on the seed, the epoch and the picture, not on batch, threads or order") {
  auto options = tiny_jigsaw();
  options.shown = 2;
  options.colors = {.grey = 0.3F, .projection = 0.3F};
  const auto task = task_of(options);
  test::check_draws(task, data::shapes({.count = 8, .size = 32}), task.program().views,
                    task.program().labels);
}

TEST_CASE("the tiles of one picture share their treatment of colours") {
  const auto dataset = data::shapes({.count = 60, .size = 32});
  auto options = tiny_jigsaw();
  options.colors.grey = 0.5F;
  const auto task = task_of(options);
  std::vector<std::int64_t> all(60);
  for (std::size_t i = 0; i < 60; ++i) all[i] = static_cast<std::int64_t>(i);
  const auto batch = task.batch(dataset, plan(all), true);
  int grey = 0;
  for (std::int64_t i = 0; i < 60; ++i) {
    bool whole = true;
    const auto tiles = batch.inputs.rows(9 * i, 9 * i + 9);
    for (std::int64_t k = 0; k < tiles.size(); k += 3)
      whole = whole && std::abs(tiles.data()[k] - tiles.data()[k + 1]) < 0.01F;
    grey += whole ? 1 : 0;
  }
  CHECK(grey > 15);
  CHECK(grey < 45);
}

TEST_CASE("tiles are normalised each by its own statistics") {
  const auto dataset = data::shapes({.count = 4, .size = 32});
  auto options = tiny_jigsaw();
  options.normalization = {.statistics = Statistics::tile};
  const auto batch = task_of(options).batch(dataset, plan({0, 1, 2, 3}), true);
  for (std::int64_t i = 0; i < 36; ++i) {
    double sum = 0;
    for (const float v : batch.inputs.rows(i, i + 1).span()) sum += static_cast<double>(v);
    CHECK(std::abs(sum) < 0.01);
  }
}

TEST_CASE("a tile that is computed once gives what it gives in each puzzle by itself") {
  auto options = tiny_jigsaw();
  options.shown = 3;
  auto task = task_of(options);
  test::check_groups(task, data::shapes({.count = 3, .size = 32}));
}

TEST_CASE("puzzles are learnt") {
  auto options = tiny_jigsaw();
  options.permutations = 4;
  options.normalization = {.statistics = Statistics::tile};
  options.fc7.norm = tasks::DenseNorm::batch;
  options.fc7.dropout = 0.1;
  auto task = task_of(options);
  auto net = test::small_backbone();
  test::check_learns(net, task, data::shapes({.count = 192, .size = 32}),
                     {.epochs = 12, .lr = 0.05, .share = 0.8, .accuracy = 0.5});  // chance: a quarter
}

TEST_CASE("a head of another set of permutations is refused where its state is loaded") {
  auto options = tiny_jigsaw();
  auto one = task_of(options);
  const auto state = nn::save_state(one);
  auto same = task_of(options);
  nn::load_state(same, state);
  CHECK(nn::hash_state(same) == nn::hash_state(one));
  options.seed = 6;
  auto other = task_of(options);
  const std::uint64_t before = nn::hash_state(other);
  CHECK_THROWS_WITH_AS(nn::load_state(other, state), doctest::Contains("missing: permutations."), Error);
  CHECK_THROWS_WITH_AS(nn::load_state(other, state), doctest::Contains("unexpected: permutations."), Error);
  CHECK(nn::hash_state(other) == before);
}

TEST_CASE("the variants of the jigsaw puzzle are those of their sources, and can be built") {
  using tasks::Variant;
  const auto paper = test::constants_of(jigsaw_options(Variant::paper)),
             released = test::constants_of(jigsaw_options(Variant::released)),
             revisited = test::constants_of(jigsaw_options(Variant::revisited));
  CHECK(paper.at("permutations") == "1000");
  CHECK(paper.at("statistics") == "tile");
  CHECK(paper.at("fc6.width") == "1024");
  CHECK(paper.at("fc7.width") == "4096");
  CHECK(released.at("permutations") == "100");
  CHECK(released.at("gap") == "21");
  CHECK(released.at("grey") == "0");
  CHECK(released.at("gain") == "255");
  CHECK(revisited.at("shown") == "8");
  CHECK(revisited.at("fc6.width") == "1000");
  CHECK(revisited.at("fc7.norm") == "batch");
  for (const Variant variant : tasks::variants) {
    auto options = jigsaw_options(variant);
    options.features = 4;
    options.fc6.width = options.fc7.width = 8;
    CHECK(task_of(options).program().grid.width() == (variant == Variant::paper ? 225 : 255));
  }
}

TEST_CASE("puzzles that cannot be are refused in words") {
  const auto refused = [](auto change, const char* text) {
    auto options = tiny_jigsaw();
    change(options);
    CHECK_THROWS_WITH_AS(task_of(options), doctest::Contains(text), Error);
  };
  using O = tasks::JigsawOptions;
  refused([](O& o) { o.features = 0; },
          "jigsaw: options.features must be what tile_features(backbone, tile)");
  refused([](O& o) { o.short_side = 29; },
          "jigsaw: pictures are scaled to a short side of 29, not 30 to 65536; crops are 30 x 30");
  refused([](O& o) { o.shown = 21; },
          "jigsaw: 21 permutations cannot be shown of each picture; there are 20");
  refused([](O& o) { o.jitter = 3; }, "jigsaw: tiles that move over 3 pixels would overlap");
  refused([](O& o) { o.permutations = 0; }, "permutations: their number must be 1 to 10000, not 0");
  refused([](O& o) { o.fc7.dropout = -0.1; },
          "jigsaw: the rate of dropout must be 0 or more and below 1, not -0.1");
  refused([](O& o) { o.fc6.width = -1; }, "jigsaw: fc6 cannot have -1 units");
  refused([](O& o) { o.colors.grey = 2; }, "jigsaw: a probability of 2 of a treatment of colours");

  auto net = test::small_backbone();
  CHECK(tasks::tile_features(net, 8) == 2 * 2 * 16);
  CHECK(tasks::tile_features(net, 8, true) == 16);
  auto task = task_of(tiny_jigsaw(63));
  const auto batch = task.batch(data::shapes({.count = 1, .size = 32}), plan({0}), true);
  CHECK_THROWS_WITH_AS(task.evaluate(net, batch),
                       "jigsaw: the backbone gives 64 values for a tile, but options.features is 63", Error);

  using Labels = Tensor<std::int32_t, Cpu>;
  CHECK_THROWS_WITH_AS(task.head()(net(batch.inputs), Labels::zeros({10})),
                       "jigsaw: 10 patches are no groups of 9", Error);
  CHECK_THROWS_WITH_AS(task.members(Labels::full({1}, 20)), "jigsaw: label 20 is none of the 20", Error);
  CHECK_THROWS_WITH_AS(task.members(Labels::full({1}, -1)), "jigsaw: label -1 is none of the 20", Error);
  O two = tiny_jigsaw(64);
  two.shown = 2;
  CHECK_THROWS_WITH_AS(task_of(two).members(Labels::zeros({3})),
                       "jigsaw: 3 labels, of which each picture has 2", Error);
}
