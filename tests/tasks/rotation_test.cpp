// SPDX-License-Identifier: MIT
#include "pretext/tasks/rotation.hpp"

#include <map>

#include "pretext/tasks/supervised.hpp"
#include "task_checks.hpp"

using namespace pretext;
using test::plan;
using test::raw;

TEST_CASE("rotation puts the four turns of each picture into the batch, labelled by quarter") {
  const auto dataset = data::shapes({.count = 3, .size = 32});
  Rng rng(1);
  const tasks::Rotation<> task({.features = 8, .normalization = raw}, rng);
  const auto batch = task.batch(dataset, plan({2, 0}), false);
  REQUIRE(batch.inputs.shape() == Shape{8, 32, 32, 3});
  const ImageView picture = dataset.image(2);
  auto at = [&](int view, int y, int x, int c) {
    return batch.inputs.data()[((view * 32 + y) * 32 + x) * 3 + c];
  };
  for (int k = 0; k < 4; ++k) CHECK(batch.labels.data()[k] == k);
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      for (int c = 0; c < 3; ++c) {
        REQUIRE(at(0, y, x, c) == picture.at(y, x, c));
        REQUIRE(at(1, y, x, c) == picture.at(x, 31 - y, c));
        REQUIRE(at(2, y, x, c) == picture.at(31 - y, 31 - x, c));
        REQUIRE(at(3, y, x, c) == picture.at(31 - x, y, c));
      }
}

TEST_CASE("all four turns in training show the same crop, and are its turns bit for bit at any scale") {
  for (const int size : {32, 40, 57}) {
    const auto dataset = data::shapes({.count = 20, .size = size});
    const tasks::RotationViews program{};
    for (std::uint32_t i = 0; i < 20; ++i) {
      View views[4];
      std::int32_t labels[4];
      program({dataset.image(i), 0, -1, true}, Rng(3, Use::views, 0, i), views, labels);
      const ImageView picture = dataset.image(i);
      const auto drawn = render<Cpu>({&picture, 1}, views, {32, 32});
      for (int k = 1; k < 4; ++k) {
        CHECK(views[k].map == views[0].map);
        const Affine turn = quarter_turns(k, 32);
        bool same = true;
        for (int y = 0; y < 32; ++y)
          for (int x = 0; x < 32; ++x)
            for (int c = 0; c < 3; ++c) {
              const auto px = static_cast<float>(x), py = static_cast<float>(y);
              const int u = static_cast<int>(turn.x(px, py)), v = static_cast<int>(turn.y(px, py));
              same =
                  same && drawn.data()[((k * 32 + y) * 32 + x) * 3 + c] == drawn.data()[(v * 32 + u) * 3 + c];
            }
        CHECK(same);
      }
    }
  }
}

TEST_CASE("training crops move by up to the padding, evenly, and are mirrored half the time") {
  const Image image(32, 32);
  const tasks::SquareCrop crop{.size = 32, .padding = 4};
  std::map<int, int> shifts;
  int mirrored_count = 0;
  const int draws = 1'000'000;
  for (std::uint32_t i = 0; i < draws; ++i) {
    Rng rng(11, Use::views, 0, i);
    const Affine map = crop(image, rng);
    mirrored_count += map.xx < 0 ? 1 : 0;
    const int dx = static_cast<int>(map.xx < 0 ? map.x0 - 31 : map.x0), dy = static_cast<int>(map.y0);
    REQUIRE(std::abs(dx) <= 4);
    ++shifts[dy];
    ++shifts[100 + dx];
  }
  CHECK(shifts.size() == 18);
  double chi_square = 0;
  for (auto [shift, count] : shifts)
    chi_square += (count - draws / 9.0) * (count - draws / 9.0) / (draws / 9.0);
  CHECK(chi_square < 45);  // 16 degrees of freedom: exceeded once in 10^4
  CHECK(std::abs(mirrored_count - draws / 2) < 4 * std::sqrt(draws / 4.0));
}

TEST_CASE("a rotation task whose crop cannot be is refused") {
  Rng rng(1);
  CHECK_THROWS_WITH_AS(
      tasks::Rotation<>({.features = 4, .program = {tasks::SquareCrop{.size = 0}}}, rng),
      "rotation: size 0 and padding 4; expected a size of 1 to 4096 and a padding of 0 to the size", Error);
}

TEST_CASE("a crop of a large picture is scaled to the short side and centred") {
  const Image image(100, 200);
  const Affine map = tasks::SquareCrop{.size = 50}(image);
  CHECK(map.x(0, 0) == doctest::Approx(50.5));
  CHECK(map.x(49, 0) == doctest::Approx(148.5));
  CHECK(map.y(0, 49) == doctest::Approx(98.5));
}

TEST_CASE("a picture's views depend on the seed, the epoch and the picture, not on its place in a batch") {
  const auto dataset = data::shapes({.count = 8, .size = 32});
  Rng rng(1);
  const tasks::Rotation<> task({.features = 8, .seed = 5}, rng), other({.features = 8, .seed = 6}, rng);
  test::check_draws(task, dataset, 4, 4);
  const auto inputs = [&](const auto& of) {
    return test::values_of(of.batch(dataset, plan({3, 1}, 2), true).inputs);
  };
  CHECK_FALSE(inputs(task) == inputs(other));
  CHECK_THROWS_WITH_AS(tasks::Rotation<>({.features = 0}, rng),
                       "rotation: features must be the channels of the backbone's last tap, not 0", Error);
}

TEST_CASE("the supervised task passes the set's labels through") {
  const auto dataset = data::shapes({.count = 30, .size = 32});
  Rng rng(1);
  const tasks::Supervised<> task({.features = 8}, rng);
  const auto batch = task.batch(dataset, plan({4, 29}), true);
  CHECK(batch.inputs.shape() == Shape{2, 32, 32, 3});
  CHECK(batch.labels.data()[0] == dataset.label(4));
  CHECK(batch.labels.data()[1] == dataset.label(29));
}
