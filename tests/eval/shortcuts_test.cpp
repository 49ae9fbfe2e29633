// SPDX-License-Identifier: MIT
#include <string>

#include "pretext/audit.hpp"
#include "pretext/pretext.hpp"
#include "support.hpp"

using namespace pretext;
using eval::Plant;

namespace {

/// Drawn pictures of 96 pixels as inputs [count, 96, 96, 3], each turned by so many quarters.
Tensor<float, Cpu> turned(const data::Dataset& dataset, int turns) {
  std::vector<ImageView> pictures;
  std::vector<View> views;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    pictures.push_back(dataset.image(i));
    views.push_back({.source = static_cast<std::int32_t>(i), .turns = static_cast<std::uint8_t>(turns)});
  }
  return render<Cpu>(pictures, views, {96, 96});
}

/// [1, size, size, 3] of f(x, y, channel).
template <class F>
Tensor<float, Cpu> picture(std::int64_t size, F&& f) {
  Tensor<float, Cpu> x({1, size, size, 3});
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(
        f(static_cast<double>(i / 3 % size), static_cast<double>(i / 3 / size), static_cast<int>(i % 3)));
  return x;
}

void check_close(const Tensor<float, Cpu>& a, const Tensor<float, Cpu>& b) {
  REQUIRE(a.shape() == b.shape());
  for (std::int64_t i = 0; i < a.size(); ++i)
    CHECK(a.data()[i] == doctest::Approx(b.data()[i]).epsilon(1e-5));
}

double wave(double x, double y) { return std::sin(0.7 * x) + std::cos(0.5 * y); }

std::vector<eval::Shortcut> audit_jigsaw(const data::Dataset& dataset, Plant plant) {
  tasks::JigsawOptions o{.features = 1, .seed = 3};
  o.tile = 24;
  o.gap = o.jitter = 6;
  o.channel_shift = 1;
  o.short_side = 96;
  o.mirror = true;
  o.permutations = 12;
  o.spacing = tasks::Spacing::max_min;
  o.shown = 4;
  o.fc6 = o.fc7 = {};
  Rng rng(1);
  return eval::audit(tasks::Jigsaw<>(eval::with_plant(o, plant), rng), dataset, {.answers = 2500});
}

std::vector<eval::Shortcut> audit_relative_location(const data::Dataset& dataset, Plant plant) {
  auto o = tasks::relative_location_options(tasks::Variant::revisited);
  o.features = 1;
  o.seed = 3;
  o.tile = 24;
  o.gap = o.jitter = 6;
  o.short_side = 96;
  o.pairs = tasks::Pairs::all;
  o.colors = {.grey = 0.3F};
  o.normalization = {.statistics = Statistics::tile};
  o.fc6 = o.fc7 = {};
  Rng rng(1);
  return eval::audit(tasks::RelativeLocation<>(eval::with_plant(o, plant), rng), dataset, {.answers = 6000});
}

template <class Program>
std::vector<eval::Shortcut> audit_turns(const data::Dataset& dataset, const Program& program) {
  Rng rng(1);
  return eval::audit(tasks::ViewClassifier<Program>({.features = 1, .program = program, .seed = 3}, rng),
                     dataset, {.answers = 1000});
}

/// The probe of a name.
const eval::Shortcut& probe_of(const std::vector<eval::Shortcut>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &eval::Shortcut::name);
  REQUIRE(found != all.end());
  return *found;
}

void check_chance(const std::vector<eval::Shortcut>& all, double chance) {
  for (const eval::Shortcut& s : all) {
    CAPTURE(s.name);
    CAPTURE(s.accuracy);
    CHECK(!s.found());
    if (s.name != "place by fringes") CHECK(s.chance == doctest::Approx(chance));
    CHECK(s.interval.high >= s.chance);
  }
}

}  // namespace

TEST_CASE("tile statistics are means and deviations of channels") {
  const auto rows = eval::tile_statistics(picture(4, [](double x, double, int c) { return c + x; }));
  REQUIRE(rows.shape() == Shape{1, 6});
  for (int c = 0; c < 3; ++c) {
    CHECK(rows.data()[2 * c] == doctest::Approx(1.5 + c));
    CHECK(rows.data()[2 * c + 1] == doctest::Approx(1.118));
  }
  // A tile of mean 0 and deviation 1, but for roundings that would tell where it came from.
  const auto near = eval::tile_statistics(
      picture(4, [](double x, double, int c) { return (x < 2 ? -1 : 1) * (1 + 3e-7 * c) + 2e-7; }));
  for (int c = 0; c < 3; ++c) {
    CHECK(near.data()[2 * c] == 0);
    CHECK(near.data()[2 * c + 1] == 1);
  }
}

TEST_CASE("fringes are the shifts of red and blue against green") {
  const double shift_x[3] = {0.2, 0, -0.1}, shift_y[3] = {0, 0, 0.3};
  const auto at = [&](double x, double y, int c) { return wave(x - shift_x[c], y - shift_y[c]); };
  const auto rows = eval::color_fringes(picture(40, at));
  // Up to the factor by which high frequencies pass the filter, the same for all: order and sign are exact.
  CHECK(rows.data()[0] * rows.data()[2] < 0);
  CHECK(rows.data()[0] / rows.data()[2] == doctest::Approx(-2).epsilon(0.1));
  CHECK(std::abs(rows.data()[1]) < 0.02 * std::abs(rows.data()[0]));
  CHECK(std::abs(rows.data()[3]) > std::abs(rows.data()[2]));
  const auto grey = eval::color_fringes(picture(40, [](double x, double y, int) { return wave(x, y); }));
  for (const float value : grey.span()) CHECK(value == 0);
}

TEST_CASE("a whole turn leaves sharpness and tile statistics, and interpolation does not") {
  const auto dataset = data::shapes({.count = 8, .size = 96});
  const auto upright = eval::sharpness(turned(dataset, 0));
  const auto statistics = eval::tile_statistics(turned(dataset, 0));
  for (int turns = 1; turns < 4; ++turns) {
    check_close(eval::sharpness(turned(dataset, turns)), upright);
    check_close(eval::tile_statistics(turned(dataset, turns)), statistics);
  }
  const auto program = eval::FreeAngleViews::within({.size = 96});
  std::vector<View> views(8);
  std::vector<std::int32_t> labels(8);
  const ImageView image = dataset.image(0);
  program({image, 0, -1, false}, Rng(1), views.data(), labels.data());
  const auto drawn = eval::sharpness(
      render<Cpu>(Span<const ImageView>(&image, 1), views, {program.crop.size, program.crop.size}));
  for (int k = 0; k < 8; ++k) {
    CAPTURE(k);
    if (k % 2 == 0) CHECK(drawn.data()[3 * k + 1] == doctest::Approx(drawn.data()[1]).epsilon(1e-3));
    if (k % 2 == 1) CHECK(drawn.data()[3 * k + 1] < drawn.data()[1] - 0.2F);
  }
}

TEST_CASE("borders match where a picture was cut") {
  const auto dataset = data::shapes({.count = 1, .size = 96});
  std::vector<View> views;
  for (const auto& [x, y] : {std::pair(0, 0), std::pair(48, 0), std::pair(0, 48), std::pair(48, 48)})
    views.push_back({.map = moved(static_cast<float>(x), static_cast<float>(y))});
  const ImageView image = dataset.image(0);
  const auto profiles = eval::border_profiles(render<Cpu>(Span<const ImageView>(&image, 1), views, {48, 48}));
  REQUIRE(profiles.shape() == Shape{4, 4 * 3 * 46});
  const auto rows = eval::border_matches(profiles, 4);
  REQUIRE(rows.shape() == Shape{1, 24});
  // For each first patch the three others, and for each of those left of it, above it.
  const auto best = std::max_element(rows.data(), rows.data() + 24) - rows.data();
  CHECK((best == 0 || best == 3 || best == 6 * 1 + 5 || best == 6 * 2 + 4));
  CHECK_THROWS_AS(eval::border_matches(profiles, 3), Error);
  CHECK_THROWS_AS(eval::border_profiles(Tensor<float, Cpu>::zeros({1, 4, 5, 3})), Error);
  CHECK_THROWS_AS(eval::sharpness(Tensor<float, Cpu>::zeros({1, 2, 2, 3})), Error);
  CHECK(eval::sharpness(Tensor<float, Cpu>({0, 3, 3, 3})).shape() == Shape{0, 3});
}

TEST_CASE("distances are those of each two of a group") {
  Tensor<float, Cpu> x({6, 2});
  const float values[] = {0, 0, 1, 2, -1, 4, 5, 5, 5, 5, 5, 6};
  std::copy_n(values, 12, x.data());
  const auto rows = eval::pair_distances(x, 3);
  REQUIRE(rows.shape() == Shape{2, 3});
  const float expected[] = {3, 5, 4, 0, 1, 1};
  for (int i = 0; i < 6; ++i) CHECK(rows.data()[i] == expected[i]);
  CHECK_THROWS_AS(eval::pair_distances(x, 4), Error);
}

TEST_CASE("intervals count answers that vary as pictures do, not those that stand and fall together") {
  constexpr double z = 2.5758293035489;
  std::vector<eval::PictureScore> alone, together;
  Rng rng(1, Use::test);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < 400; ++i) {
    const std::int64_t hit = rng.chance(0.3F) ? 1 : 0;
    right += hit;
    alone.push_back({i, hit, 1});
    together.push_back({i, 20 * hit, 20});
  }
  const auto expected = eval::binomial_interval(right, 400, z);
  CHECK(eval::clustered_interval(together).low == doctest::Approx(expected.low).epsilon(0.01));
  CHECK(eval::clustered_interval(together).high == doctest::Approx(expected.high).epsilon(0.01));
  CHECK(eval::clustered_interval(alone).low == doctest::Approx(expected.low).epsilon(0.01));
  // Exactly one of four of each picture: as narrow as independent answers, never narrower.
  const std::vector<eval::PictureScore> even(100, {0, 1, 4});
  CHECK(eval::clustered_interval(even).low == eval::binomial_interval(100, 400, z).low);
  const std::vector<eval::PictureScore> all(50, {0, 4, 4});
  CHECK(eval::clustered_interval(all).low == eval::binomial_interval(50, 50, z).low);
  CHECK_THROWS_AS(eval::clustered_interval(Span<const eval::PictureScore>(all).subspan(0, 1)), Error);
}

TEST_CASE("answers are put together by picture") {
  const auto scores = eval::scores_by_picture(std::vector<int>{1, 0, 1, 1}, std::vector<int>{1, 1, 1, 0},
                                              std::vector<std::int64_t>{7, 2, 2, 7});
  REQUIRE(scores.size() == 2);
  CHECK((scores[0].picture == 2 && scores[0].right == 1 && scores[0].asked == 2));
  CHECK((scores[1].picture == 7 && scores[1].right == 1 && scores[1].asked == 2));
}

TEST_CASE("rotation by whole quarters has no shortcut, by free angles it has") {
  const auto dataset = data::shapes({.count = 200, .size = 96});
  check_chance(audit_turns(dataset, tasks::RotationViews{tasks::SquareCrop{.size = 96}}), 0.25);
  const auto free = audit_turns(dataset, eval::FreeAngleViews::within({.size = 96}));
  CHECK(probe_of(free, "sharpness").found());
  CHECK(probe_of(free, "sharpness").chance == 0.125);
}

TEST_CASE("in a few thousand answers jigsaw has no shortcut but those that are planted") {
  const auto dataset = data::shapes({.count = 200, .size = 96});
  check_chance(audit_jigsaw(dataset, Plant::none), 1.0 / 12);
  CHECK(probe_of(audit_jigsaw(dataset, Plant::no_gap), "border continuity").found());
  CHECK(probe_of(audit_jigsaw(dataset, Plant::no_jitter), "border continuity").found());
  CHECK(probe_of(audit_jigsaw(dataset, Plant::no_normalization), "tile statistics").found());
  const auto fringed = audit_jigsaw(eval::with_aberration(dataset), Plant::aberration);
  CHECK(probe_of(fringed, "place by fringes").found());
}

TEST_CASE("in a few thousand answers relative location has no shortcut but those that are planted") {
  const auto dataset = data::shapes({.count = 200, .size = 96});
  check_chance(audit_relative_location(dataset, Plant::none), 6.0 / 40);
  CHECK(probe_of(audit_relative_location(dataset, Plant::no_gap), "border continuity").found());
  const auto fringed = audit_relative_location(eval::with_aberration(dataset), Plant::aberration);
  CHECK(probe_of(fringed, "colour fringes").found());
  CHECK(probe_of(fringed, "place by fringes").found());
}

TEST_CASE("an audit needs pictures to learn from and others to score") {
  const auto few = data::shapes({.count = 3, .size = 96});
  CHECK_THROWS_AS(audit_turns(few, tasks::RotationViews{tasks::SquareCrop{.size = 32}}), Error);
}
