// SPDX-License-Identifier: MIT
#include "pretext/eval/low_shot.hpp"

#include "eval_data.hpp"
#include "pretext/eval/probe.hpp"
#include "pretext/eval/svm_classifier.hpp"

namespace {

using namespace pretext;
using eval::LabelOrder;
using eval::LowShotOptions;
using X = Tensor<float, Cpu>;

/// What two_stages() makes of coloured pictures at its tap relu.
X render_relu(const data::Dataset& set, Span<const std::int64_t> indices) {
  X x = test::render_coloured(set, indices);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = std::max(0.0F, x.data()[i]);
  return x;
}

std::vector<eval::Result> low_shot_of(const data::Dataset& train, const data::Dataset& test,
                                      const LowShotOptions& o) {
  nn::Sequential<> net = test::two_stages();
  return eval::low_shot(net, "toy", train, eval::seal(train, test), test::render_coloured, o);
}

TEST_CASE("so many pictures of every class have labels, drawn by the seed or the first in the files") {
  const data::Dataset train = test::faint(200, 1);
  const auto drawn = eval::labelled_part(train, 7, LabelOrder::random, 3);
  CHECK(drawn.size() == 21);
  CHECK(std::ranges::is_sorted(drawn));
  for (int c = 0; c < 3; ++c)
    CHECK(std::ranges::count_if(drawn, [&](std::int64_t i) { return train.label(i) == c; }) == 7);
  CHECK(drawn == eval::labelled_part(train, 7, LabelOrder::random, 3));
  CHECK(drawn != eval::labelled_part(train, 7, LabelOrder::random, 4));
  const auto few = eval::labelled_part(train, 2, LabelOrder::random, 3);
  CHECK(std::ranges::includes(drawn, few));  // more labels keep those that were there

  std::vector<std::int64_t> first;
  std::int64_t seen[3] = {};
  for (std::int64_t i = 0; i < train.size(); ++i)
    if (seen[train.label(i)]++ < 7) first.push_back(i);
  CHECK(eval::labelled_part(train, 7, LabelOrder::file, 3) == first);
}

TEST_CASE("a row for every tap, number of labels and draw, each fitted to its labels alone") {
  const data::Dataset train = test::faint(300, 1), test = test::faint(150, 2);
  LowShotOptions o{.labels = {2, 20}, .draws = 3};
  o.eval = {.knn = false, .linear_probe = {.l2 = {1e-2}}, .seed = 5};
  const auto rows = low_shot_of(train, test, o);
  REQUIRE(rows.size() == 12);
  const auto relu = eval::pixels(test, render_relu);
  for (std::size_t i = 0; i < 12; ++i) {
    const eval::Result& r = rows[i];
    const std::int64_t k = i % 6 < 3 ? 2 : 20;
    CHECK(r.tap == (i < 6 ? "relu" : "pool"));
    CHECK(r.protocol == "linear probe (lbfgs), " + std::to_string(k) + " labels a class");
    CHECK(r.seed == 5 + i % 3);
    CHECK(r.train == 3 * k);
    CHECK(r.test == 150);
    const data::Dataset known = train.subset(eval::labelled_part(train, k, LabelOrder::random, r.seed));
    CHECK(r.train_hash == known.hash());
    if (i >= 6) continue;
    const auto f = eval::pixels(known, render_relu);
    const auto probe = eval::fit_linear_probe(f.x, f.labels, 3, {.l2 = {1e-2}});
    CHECK(r.correct == eval::count_equal(probe.predict(relu.x), relu.labels));
  }
  const auto summaries = eval::summarize(rows);
  REQUIRE(summaries.size() == 4);
  CHECK(summaries[0].accuracy.count == 3);
  CHECK(summaries[1].accuracy.mean > summaries[0].accuracy.mean);  // more labels
}

TEST_CASE("the labels of the test set decide no choice of any draw") {
  const data::Dataset train = test::faint(300, 1);
  LowShotOptions o{.labels = {20}, .draws = 2};
  o.eval = {.linear_probe = {.l2 = {1e-1, 1e-3}},
            .nearest = {.k = {3, 15}},
            .others = {eval::svm_classifier()},
            .seed = 5};
  const auto rows = low_shot_of(train, test::faint(150, 2), o),
             moved = low_shot_of(train, test::faint(150, 2, 1), o);
  REQUIRE(rows.size() == 12);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(rows[i].chosen == moved[i].chosen);
    CHECK(rows[i].accuracy() > moved[i].accuracy());
  }
}

TEST_CASE("more labels than there are, draws of a fixed order and an opened test set are refused") {
  const data::Dataset train = test::faint(60, 1), test = test::faint(20, 2);
  CHECK_THROWS_WITH_AS(eval::labelled_part(train, 50, LabelOrder::random, 0),
                       doctest::Contains("fewer than 50"), Error);
  CHECK_THROWS_WITH_AS(eval::labelled_part(train, 0, LabelOrder::random, 0),
                       doctest::Contains("at least one"), Error);
  CHECK_THROWS_AS(eval::labelled_part(data::Dataset(), 1, LabelOrder::random, 0), Error);
  CHECK_THROWS_WITH_AS(low_shot_of(train, test, {.labels = {5}, .order = LabelOrder::file}),
                       doctest::Contains("allows one draw, not 5"), Error);
  CHECK_THROWS_AS(low_shot_of(train, test, {.labels = {}}), Error);
  CHECK_THROWS_AS(low_shot_of(train, test, {.labels = {5}, .draws = 0}), Error);
  nn::Sequential<> net = test::two_stages();
  auto sealed = eval::seal(train, test);
  sealed.open();
  LowShotOptions o{.labels = {5}, .draws = 1};
  o.eval = {.knn = false, .linear_probe = {.l2 = {1e-2}}};
  CHECK_THROWS_WITH_AS(eval::low_shot(net, "toy", train, std::move(sealed), test::render_coloured, o),
                       doctest::Contains("was read already"), Error);
}

}  // namespace
