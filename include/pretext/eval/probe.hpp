// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/judge.hpp"

namespace pretext::eval {

/// Seals a test set for evaluate(), once it is known to fit the training set: labelled, with the same
/// classes.
inline Sealed<data::Dataset> seal(const data::Dataset& train, const data::Dataset& test) {
  detail::require_comparable(train, test);
  return Sealed<data::Dataset>(test, "test set " + test.name());
}

/// The rows of a table for one network: for every tap the test accuracy of each classifier. All learning and
/// choosing sees the training set alone; after it the test set is opened, once. A network without stages
/// stands for raw pixels. `render(dataset, indices)` makes the network's input [n, H, W, C].
template <class Render>
std::vector<Result> evaluate(nn::Sequential<Cpu, float>& net, const std::string& network,
                             const data::Dataset& train, Sealed<data::Dataset> test, Render&& render,
                             const EvalOptions& options = {}) {
  const std::vector<std::string> taps = detail::taps_of(net, options);
  Result row{.network = network, .dataset = train.name(), .train_hash = train.hash(), .seed = options.seed};
  row.train = train.size();
  const int classes = narrow<int>(train.classes().size(), "probe: classes");
  std::vector<Judge<float>> judges;
  for (Features& of_tap : features(net, taps, train, render, options.features)) {
    const Features f = std::exchange(of_tap, {});  // so that its memory is free before the next tap's
    detail::add_judges(judges, f, classes, options, row);
  }
  return detail::answer(judges, net, taps, train, std::move(test), render, options.features);
}

}  // namespace pretext::eval
