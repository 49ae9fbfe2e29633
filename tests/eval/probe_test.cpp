// SPDX-License-Identifier: MIT
#include "pretext/eval/probe.hpp"

#include "eval_data.hpp"
#include "pretext/cpu/map.hpp"
#include "pretext/cpu/pool.hpp"
#include "pretext/eval/svm_classifier.hpp"
#include "pretext/nn/activation.hpp"
#include "pretext/nn/pool.hpp"

namespace {

using namespace pretext;
using eval::EvalOptions;
using eval::Result;
using X = Tensor<float, Cpu>;

const EvalOptions few{.linear_probe = {.l2 = {1e-1, 1e-2, 1e-3}}, .nearest = {.k = {3, 30}}, .seed = 11};

std::vector<Result> run(const data::Dataset& train, const data::Dataset& test, const EvalOptions& o = few) {
  nn::Sequential<> net = test::two_stages();
  return eval::evaluate(net, "toy", train, eval::seal(train, test), test::render_coloured, o);
}

TEST_CASE("a table has a row for every tap and protocol, each with all that is needed to read it") {
  const data::Dataset train = test::coloured(300, 1), test = test::coloured(200, 2);
  const auto rows = run(train, test);
  REQUIRE(rows.size() == 4);
  const char* expected[][2] = {{"relu", "linear probe (lbfgs)"},
                               {"relu", "kNN (cosine)"},
                               {"pool", "linear probe (lbfgs)"},
                               {"pool", "kNN (cosine)"}};
  for (std::size_t i = 0; i < 4; ++i) {
    const Result& r = rows[i];
    CHECK(r.tap == expected[i][0]);
    CHECK(r.protocol == expected[i][1]);
    CHECK(r.network == "toy");
    CHECK(r.dataset == "coloured");
    CHECK(r.seed == 11);
    CHECK(r.train == 300);
    CHECK(r.validation == 30);
    CHECK(r.test == 200);
    CHECK(r.train_hash == train.hash());
    CHECK(r.test_hash == test.hash());
    CHECK(r.dims == (i < 2 ? 48 : 12));
    CHECK(r.pooling == (i < 2 ? "flat 4 x 4 x 3" : "flat 2 x 2 x 3"));
    CHECK(r.accuracy() > 0.75);
    CHECK(r.validation_accuracy > 0.6);
    CHECK(r.seconds > 0);
    CHECK(r.chosen.at(0).first == (i % 2 == 0 ? "l2" : "k"));
  }
}

TEST_CASE("the labels of the test set decide the accuracy and nothing else") {
  const data::Dataset train = test::coloured(300, 1);
  const auto rows = run(train, test::coloured(200, 2)), moved = run(train, test::coloured(200, 2, 1));
  REQUIRE(rows.size() == moved.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(moved[i].chosen == rows[i].chosen);
    CHECK(moved[i].validation_accuracy == rows[i].validation_accuracy);
    CHECK(moved[i].accuracy() < 0.25);
    CHECK(rows[i].accuracy() > 0.75);
  }
}

TEST_CASE("a machine a class is measured by accuracy and mean precision, and chooses without the test set") {
  EvalOptions o = few;
  o.linear = o.knn = false;
  o.others = {eval::svm_classifier()};
  const data::Dataset train = test::coloured(300, 1);
  const auto rows = run(train, test::coloured(200, 2), o), moved = run(train, test::coloured(200, 2, 1), o);
  REQUIRE(rows.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(rows[i].protocol == "SVM a class");
    CHECK(rows[i].validation == 300);
    CHECK(rows[i].accuracy() > 0.75);
    CHECK(rows[i].precision > 0.85);
    CHECK(rows[i].validation_precision > 0.85);
    CHECK(rows[i].chosen.size() == 3);
    CHECK(rows[i].chosen[2].first == "C of class 2");
    CHECK(moved[i].chosen == rows[i].chosen);
    CHECK(moved[i].validation_precision == rows[i].validation_precision);
    CHECK(moved[i].precision < 0.6);
  }
  CHECK(eval::to_json(rows[0]).text().find("\"precision\":" + json_number(rows[0].precision)) !=
        std::string::npos);
}

TEST_CASE("test accuracy is that of the probes fitted by hand") {
  const data::Dataset train = test::coloured(200, 1), test = test::coloured(150, 2);
  const auto rows =
      run(train, test, {.taps = {"pixels"}, .linear_probe = {.l2 = {1e-2}}, .nearest = {.k = {9}}});
  const auto known = eval::pixels(train, test::render_coloured),
             asked = eval::pixels(test, test::render_coloured);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].correct ==
        eval::count_equal(eval::fit_linear_probe(known.x, known.labels, 3, {.l2 = {1e-2}}).predict(asked.x),
                          asked.labels));
  CHECK(
      rows[1].correct ==
      eval::count_equal(eval::fit_knn(known.x, known.labels, 3, {.k = {9}}).predict(asked.x), asked.labels));
}

TEST_CASE("a network without stages stands for pixels, and protocols can be left out") {
  const data::Dataset train = test::coloured(100, 1), test = test::coloured(50, 2);
  nn::Sequential<> none;
  const auto rows =
      eval::evaluate(none, "raw pixels", train, eval::seal(train, test), test::render_coloured,
                     {.knn = false, .linear_probe = {.solver = eval::Solver::sgd, .l2 = {1e-3}}});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].tap == "pixels");
  CHECK(rows[0].protocol == "linear probe (sgd)");
  CHECK(rows[0].chosen.at(1).first == "lr");
}

TEST_CASE("a test set that was read, has no labels or other classes is refused") {
  const data::Dataset train = test::coloured(100, 1), test = test::coloured(50, 2);
  nn::Sequential<> net = test::two_stages();
  auto sealed = eval::seal(train, test);
  sealed.open();
  CHECK_THROWS_WITH_AS(eval::evaluate(net, "toy", train, std::move(sealed), test::render_coloured, few),
                       doctest::Contains("was read already"), Error);
  data::DatasetBuilder other("other", {"red", "green"}), bare("bare", test::colours);
  std::fill_n(other.add(4, 4, 0), 48, std::uint8_t{1});
  std::fill_n(bare.add(4, 4), 48, std::uint8_t{1});
  const data::Dataset two = std::move(other).build(), unlabelled = std::move(bare).build();
  CHECK_THROWS_WITH_AS(eval::seal(train, two),
                       doctest::Contains("classes of coloured and other are not the same"), Error);
  CHECK_THROWS_WITH_AS(eval::seal(train, unlabelled), doctest::Contains("some without a label"), Error);
  CHECK_THROWS_AS(eval::seal(data::Dataset(), data::Dataset()), Error);
  CHECK_THROWS_AS(
      eval::evaluate(net, "toy", train, eval::Sealed<data::Dataset>(two), test::render_coloured, few), Error);
}

}  // namespace
