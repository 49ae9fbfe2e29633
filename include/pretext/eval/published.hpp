// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/eval_options.hpp"
#include "pretext/eval/svm_classifier.hpp"

namespace pretext::eval {

/// A measurement under the name by which papers speak of it.
struct Protocol {
  EvalOptions options;  ///< `options.protocol` is its name
  std::string source;   ///< the publication, and what is not as there
};

namespace detail {

/// Logistic regression by SGD with one penalty and one learning rate, as papers on ImageNet have it.
inline LinearProbeOptions published_sgd(double l2, SgdOptions sgd) {
  return {.solver = Solver::sgd, .l2 = {l2}, .lr = {sgd.lr}, .sgd = std::move(sgd)};
}

inline EvalOptions published_linear(std::string name, Pool pool, std::int64_t budget,
                                    LinearProbeOptions probe) {
  return {.protocol = std::move(name),
          .features = {.pool = pool, .budget = budget},
          .knn = false,
          .linear_probe = std::move(probe)};
}

inline EvalOptions published_svm(std::string name, std::vector<double> cost) {
  return {.protocol = std::move(name),
          .features = {.budget = 9216},
          .linear = false,
          .knn = false,
          .others = {svm_classifier({.cost = std::move(cost)})}};
}

inline EvalOptions published_knn(std::string name, std::int64_t k, double temperature) {
  return {.protocol = std::move(name),
          .features = {.budget = 1},
          .linear = false,
          .nearest = {.k = {k}, .temperature = {temperature}}};
}

}  // namespace detail

/// The measurements that have a name. Steps of a data set are given as epochs of it; crops are in the middle
/// and no picture is moved or mirrored, for features are computed once.
inline const std::vector<Protocol>& protocols() {
  using namespace detail;
  static const std::vector<Protocol> table{
      {published_linear("zhang", Pool::average, 9600,
                        published_sgd(5e-4, {.lr = 0.01, .epochs = 28, .milestones = {8, 16, 24}})),
       "Zhang, Isola and Efros, ECCV 2016; cells are averaged, where they resize bilinearly"},
      {published_linear("rotnet", Pool::max, 9600,
                        published_sgd(5e-4, {.lr = 0.01,
                                             .batch = 192,
                                             .epochs = 35,
                                             .milestones = {5, 15, 25},
                                             .factor = 0.2,
                                             .nesterov = true})),
       "Gidaris, Singh and Komodakis, ICLR 2018: the linear classifiers of ImageNet"},
      {published_linear("kolesnikov", Pool::average, 1, {.l2_of_one_weight = 100, .standardize = false}),
       "Kolesnikov, Zhai and Beyer, CVPR 2019: L-BFGS on global averages; theirs is of the last tap"},
      {published_linear(
           "goyal", Pool::average, 9216,
           published_sgd(1e-4, {.lr = 0.01, .epochs = 28, .milestones = {8, 16, 24}, .nesterov = true})),
       "Goyal, Mahajan, Gupta and Misra, ICCV 2019: linear classifiers of a ResNet-50"},
      {published_svm("goyal_svm", goyal_costs()),
       "the same: a support vector machine a class, as on VOC07, where a picture has one class"},
      {published_svm("vissl_svm", {0.01, 0.1, 1, 2, 5, 10, 15, 20, 50, 100, 1000}),
       "VISSL's costs for goyal_svm, from which other numbers follow"},
      {published_knn("npid", 200, 0.1), "Wu, Xiong, Yu and Lin, CVPR 2018: k and temperature"},
      {published_knn("dino", 20, 0.07), "Caron et al., ICCV 2021: k and temperature"}};
  return table;
}

inline std::vector<std::string> protocol_names() {
  std::vector<std::string> names;
  for (const Protocol& p : protocols()) names.push_back(p.options.protocol);
  return names;
}

/// The measurement of a name; throws where there is none, and says which there are.
inline const Protocol& protocol(const std::string& name) {
  for (const Protocol& p : protocols())
    if (p.options.protocol == name) return p;
  fail("there is no protocol '", name, "'; there are ", list_text(protocol_names()));
}

}  // namespace pretext::eval
