// SPDX-License-Identifier: MIT
#include "pretext/eval/published.hpp"

#include <map>
#include <set>

#include "eval_data.hpp"

namespace {

using namespace pretext;
using eval::Constant;

std::map<std::string, std::string> published_constants(const std::string& name) {
  std::map<std::string, std::string> values;
  for (const Constant& c : eval::protocol(name).options.constants()) {
    CHECK_FALSE(c.meaning.empty());
    CHECK(values.emplace(c.name, c.value).second);
  }
  return values;
}

TEST_CASE("every protocol has a name of its own, a source, one classifier and nothing to choose but C") {
  std::set<std::string> names;
  for (const eval::Protocol& p : eval::protocols()) {
    CHECK(names.insert(p.options.protocol).second);
    CHECK_FALSE(p.source.empty());
    CHECK(p.options.linear + p.options.knn + std::ssize(p.options.others) == 1);
    if (p.options.linear) CHECK_FALSE((p.options.linear_probe.has_choice()));
    if (p.options.knn) CHECK_FALSE(p.options.nearest.has_choice());
  }
  CHECK_THROWS_WITH_AS(eval::protocol("zang"),
                       doctest::Contains("no protocol 'zang'; there are zhang, rotnet"), Error);
}

TEST_CASE("constants are those of the publications") {
  auto rotnet = published_constants("rotnet");
  CHECK(rotnet["pool"] == "max");
  CHECK(rotnet["budget"] == "9600");
  CHECK(rotnet["solver"] == "sgd");
  CHECK(rotnet["l2"] == "0.0005");
  CHECK(rotnet["lr"] == "0.01");
  CHECK(rotnet["schedule"] == "times 0.2 at 5, 15, 25");
  CHECK(rotnet["epochs"] == "35");
  CHECK(rotnet["batch"] == "192");
  CHECK(rotnet["momentum"] == "0.9 (Nesterov)");
  auto goyal = published_constants("goyal");
  CHECK(goyal["budget"] == "9216");
  CHECK(goyal["l2"] == "0.0001");
  CHECK(goyal["batch"] == "256");
  CHECK(goyal["epochs"] == "28");
  auto kolesnikov = published_constants("kolesnikov");
  CHECK(kolesnikov["l2"] == "100 / weights");
  CHECK(kolesnikov["standardize"] == "no");
  CHECK(kolesnikov["solver"] == "lbfgs");
  CHECK(published_constants("zhang")["momentum"] == "0.9");
  CHECK(published_constants("goyal_svm")["positive weight"] == "2");
  CHECK(published_constants("goyal_svm")["folds"] == "3");
  CHECK(published_constants("vissl_svm")["C"] == "0.01, 0.1, 1, 2, 5, 10, 15, 20, 50, 100, 1000");
  CHECK(published_constants("npid")["k"] == "200");
  CHECK(published_constants("dino")["temperature"] == "0.07");
}

TEST_CASE("the pooled sizes of AlexNet's maps are the published ones") {
  // RotNet pools conv1 to conv5 to 12, 7, 5, 6 and 6 cells a side: 9216, 9408, 9600, 9216 and 9216 features.
  const auto& options = eval::protocol("rotnet").options.features;
  const std::int64_t maps[][2] = {{55, 64}, {27, 192}, {13, 384}, {13, 256}, {13, 256}};
  const std::int64_t dims[] = {9216, 9408, 9600, 9216, 9216};
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(eval::PoolGrid({1, maps[i][0], maps[i][0], maps[i][1]}, options.pool, options.budget).dims() ==
          dims[i]);
}

TEST_CASE("a penalty over the weights is divided by their number, and raw features are left as they are") {
  const auto f = test::clusters(300, 10, 4, 2, 1);
  const auto probe = eval::fit_linear_probe(f.x, f.labels, 4, {.l2_of_one_weight = 8, .standardize = false});
  CHECK(probe.chosen.l2 == doctest::Approx(8.0 / 40));
  CHECK(probe.validation == 0);
  const auto fit = eval::fit_lbfgs(f.x, f.labels, 4, 0.2, {});
  CHECK(probe.model.loss == doctest::Approx(fit.loss).epsilon(1e-6));
  CHECK(probe.predict(f.x) == fit.predict(f.x));
}

TEST_CASE("steps of SGD go by the schedule, and look ahead where they are told to") {
  const auto f = test::clusters(64, 5, 3, 1, 1);
  const eval::SgdOptions o{
      .lr = 0.1, .batch = 64, .epochs = 4, .milestones = {1, 3}, .factor = 0.5, .nesterov = true};
  CHECK(o.rate(0.9) == 0.1);
  CHECK(o.rate(1) == 0.05);
  CHECK(o.rate(3.5) == 0.025);
  const auto fit = eval::fit_sgd(f.x, f.labels, 3, 0.01, o);
  const eval::SoftmaxLoss<float> loss(f.x, f.labels, 3, 0.01);
  eval::Vector w(18), v(18), g;
  for (const double lr : {0.1, 0.05, 0.05, 0.025}) {
    loss(w, g);
    for (std::size_t i = 0; i < 18; ++i) {
      v[i] = 0.9 * v[i] + g[i];
      w[i] -= lr * (g[i] + 0.9 * v[i]);
    }
  }
  for (std::size_t i = 0; i < 18; ++i) CHECK(fit.parameters[i] == doctest::Approx(w[i]).epsilon(1e-5));
}

}  // namespace
