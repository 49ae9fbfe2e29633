// SPDX-License-Identifier: MIT
#pragma once

#include "pretext/eval/judge.hpp"

namespace pretext::eval {

/// Which pictures of a class get their labels: drawn by chance, or the first in the order of the files, as
/// RotNet's semi-supervised experiment has it.
enum class LabelOrder { random, file };

inline const char* to_string(LabelOrder order) { return order == LabelOrder::random ? "random" : "file"; }

/// The places of `per_class` pictures of each class, in rising order; a function of the seed. Throws where a
/// class has fewer.
inline std::vector<std::int64_t> labelled_part(const data::Dataset& dataset, std::int64_t per_class,
                                               LabelOrder order, std::uint64_t seed) {
  require(dataset.labelled(), "labels: data set ", dataset.name(),
          " has no pictures, or some without a label; every one needs a class");
  require(per_class >= 1, "labels: a class must have at least one, not ", per_class);
  const Permutation shuffled(static_cast<std::uint64_t>(dataset.size()), seed, 0);
  std::vector<std::int64_t> count(dataset.classes().size()), chosen;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const std::int64_t at =
        order == LabelOrder::file ? i : static_cast<std::int64_t>(shuffled(static_cast<std::uint64_t>(i)));
    if (count[static_cast<std::size_t>(dataset.label(at))]++ < per_class) chosen.push_back(at);
  }
  for (std::size_t c = 0; c < count.size(); ++c)
    require(count[c] >= per_class, "labels: class ", dataset.classes()[c], " of ", dataset.name(), " has ",
            count[c], " pictures, fewer than ", per_class);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

/// How a result says what labels there were.
inline std::string labels_text(std::int64_t per_class, LabelOrder order) {
  return message(", ", per_class, per_class == 1 ? " label" : " labels", " a class",
                 order == LabelOrder::file ? " in file order" : "");
}

struct LowShotOptions {
  std::vector<std::int64_t> labels = {20, 100, 400};  ///< a class
  std::int64_t draws = 5;  ///< of the pictures that have them, by seeds that follow each other
  LabelOrder order = LabelOrder::random;
  EvalOptions eval{};  ///< `seed` is that of the first draw
};

namespace detail {

/// One draw of labelled pictures.
struct LabelDraw {
  std::int64_t per_class = 0;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> indices{};
};

inline std::vector<LabelDraw> label_draws(const data::Dataset& train, const LowShotOptions& o) {
  require(!o.labels.empty() && o.draws >= 1, "low-shot: there are ", o.labels.size(),
          " numbers of labels and ", o.draws, " draws; expected one of each at least");
  require(o.order == LabelOrder::random || o.draws == 1,
          "low-shot: the order of the files allows one draw, not ", o.draws);
  std::vector<LabelDraw> draws;
  for (const std::int64_t k : o.labels)
    for (std::int64_t d = 0; d < o.draws; ++d) {
      const std::uint64_t seed = o.eval.seed + static_cast<std::uint64_t>(d);
      draws.push_back({k, seed, labelled_part(train, k, o.order, seed)});
    }
  return draws;
}

/// The pictures of any draw, in rising order: whose features are wanted.
inline std::vector<std::int64_t> all_drawn(const std::vector<LabelDraw>& draws) {
  std::vector<std::int64_t> all;
  for (const LabelDraw& draw : draws) all.insert(all.end(), draw.indices.begin(), draw.indices.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// The rows of `all` whose pictures a draw has; row r of `all` is picture known[r].
inline Features rows_of(const Features& all, const std::vector<std::int64_t>& known, const LabelDraw& draw) {
  const std::int64_t d = all.x.dim(1);
  Features some{all.tap, all.pooling, Tensor<float, Cpu>({std::ssize(draw.indices), d}), {}};
  for (std::size_t i = 0; i < draw.indices.size(); ++i) {
    const auto row = std::lower_bound(known.begin(), known.end(), draw.indices[i]) - known.begin();
    std::copy_n(all.x.data() + row * d, d, some.x.data() + static_cast<std::int64_t>(i) * d);
    some.labels.push_back(all.labels[static_cast<std::size_t>(row)]);
  }
  return some;
}

}  // namespace detail

/// evaluate() with few labels: each classifier learns, and chooses, from so many pictures of each class; one
/// row for each draw of them, whose seed it carries. The test set is opened once, after all draws.
template <class Render>
std::vector<Result> low_shot(nn::Sequential<Cpu, float>& net, const std::string& network,
                             const data::Dataset& train, Sealed<data::Dataset> test, Render&& render,
                             const LowShotOptions& options = {}) {
  const std::vector<std::string> taps = detail::taps_of(net, options.eval);
  const auto draws = detail::label_draws(train, options);
  const std::vector<std::int64_t> known = detail::all_drawn(draws);
  const int classes = narrow<int>(train.classes().size(), "low-shot: classes");
  std::vector<Judge<float>> judges;
  for (Features& of_tap : features(net, taps, train.subset(known), render, options.eval.features)) {
    const Features f = std::exchange(of_tap, {});  // so that its memory is free before the next tap's
    for (const detail::LabelDraw& draw : draws) {
      Result row{.network = network,
                 .protocol = labels_text(draw.per_class, options.order),
                 .dataset = train.name(),
                 .train_hash = train.subset(draw.indices).hash(),
                 .seed = draw.seed};
      row.train = std::ssize(draw.indices);
      detail::add_judges(judges, detail::rows_of(f, known, draw), classes, options.eval, row);
    }
  }
  return detail::answer(judges, net, taps, train, std::move(test), render, options.eval.features);
}

}  // namespace pretext::eval
