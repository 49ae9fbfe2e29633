// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "pretext/cpu/concat.hpp"
#include "pretext/cpu/gather.hpp"
#include "pretext/eval/blind_features.hpp"
#include "pretext/eval/shortcuts.hpp"
#include "pretext/tasks/patches.hpp"

namespace pretext::eval {

/// How a task is audited: probes learn from some pictures and are scored on others, all drawn as in training.
struct AuditOptions {
  double held_out = 0.25;        ///< part of the pictures that is scored
  std::int64_t answers = 20000;  ///< that a probe learns from at least: pictures are drawn again until then
  std::uint64_t seed = 0;        ///< of the choice of pictures
};

namespace detail {

/// What one kind of probe is asked of a batch: rows x[M, dims] with their labels, the same number a picture.
struct Question {
  std::string name{};
  int classes = 0;
  double chance = 0;  ///< of labels that are drawn; 0: what answering the commonest label scores
  Tensor<float, Cpu> x{};
  std::vector<int> labels{};
};

/// The share of the most common label.
inline double largest_share(Span<const int> labels, int classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes));
  for (const int label : labels) ++counts[static_cast<std::size_t>(label)];
  return static_cast<double>(*std::max_element(counts.begin(), counts.end())) /
         static_cast<double>(labels.size());
}

/// The chance of labels that a program draws, 0 where it draws none.
template <class Program>
double chance_of(const Program& program) {
  if constexpr (requires { program.permutations; })
    return 1.0 / program.permutations;
  else
    return 0;
}

/// The cell of the grid that a view of a picture shows.
template <class Program>
int cell_of(const Program& program, std::int64_t view) {
  if constexpr (requires { program.pairs; })
    return program.pairs.cell_of(static_cast<int>(view % program.pairs.patches()));
  else
    return static_cast<int>(view % program.grid.cells());
}

inline std::vector<int> labels_of(const tasks::Batch<>& batch) {
  return {batch.labels.data(), batch.labels.data() + batch.labels.size()};
}

/// Questions about every input by itself.
template <class Program>
std::vector<Question> ask(const tasks::ViewClassifier<Program>& task, const tasks::Batch<>& batch) {
  const std::vector<int> labels = labels_of(batch);
  const int classes = task.program().classes();
  return {{"tile statistics", classes, 0, tile_statistics(batch.inputs), labels},
          {"colour fringes", classes, 0, color_fringes(batch.inputs), labels},
          {"sharpness", classes, 0, sharpness(batch.inputs), labels}};
}

/// Questions about groups of patches; and, by colour fringes, where a patch lies: what tells that tells more.
template <class Program>
std::vector<Question> ask(const tasks::PatchClassifier<Program>& task, const tasks::Batch<>& batch) {
  const Program& program = task.program();
  const std::vector<int> labels = labels_of(batch);
  const Tensor<std::int32_t, Cpu> members = task.members(batch.labels);
  const auto gathered = [&](const Tensor<float, Cpu>& x) { return apply(ops::Gather{}, x, members); };
  const auto side_by_side = [&](const Tensor<float, Cpu>& x) {
    return gathered(x).reshape({batch.labels.size(), Program::group * x.dim(1)});
  };
  const Tensor<float, Cpu> statistics = tile_statistics(batch.inputs), fringes = color_fringes(batch.inputs);
  const Tensor<float, Cpu> distances = pair_distances(gathered(statistics), Program::group);
  std::vector<int> cells;
  for (std::int64_t i = 0; i < fringes.dim(0); ++i) cells.push_back(cell_of(program, i % program.views));
  const int classes = program.classes(), places = program.grid.cells();
  const double chance = chance_of(program);
  return {
      {"tile statistics", classes, chance, apply(ops::Concat{}, side_by_side(statistics), distances), labels},
      {"border continuity", classes, chance,
       border_matches(gathered(border_profiles(batch.inputs)), Program::group), labels},
      {"colour fringes", classes, chance, side_by_side(fringes), labels},
      {"place by fringes", places, 0, fringes, cells}};
}

/// The questions of many batches, put together.
struct Asked {
  Question question{};
  std::vector<float> values{};
  std::vector<int> labels{};
  std::vector<std::int64_t> pictures{};

  void add(Question more, Span<const std::int64_t> indices) {
    const std::size_t each = more.labels.size() / indices.size();
    values.insert(values.end(), more.x.data(), more.x.data() + more.x.size());
    labels.insert(labels.end(), more.labels.begin(), more.labels.end());
    for (std::size_t i = 0; i < more.labels.size(); ++i) pictures.push_back(indices[i / each]);
    question = std::move(more);
  }

  BlindRows<float> rows() const {
    return {Tensor<float, Cpu>::from({std::ssize(labels), question.x.dim(1)}, values), labels, pictures};
  }
};

/// Asks about these pictures, each drawn as in training and so often that there are `answers` to the task.
template <class Task>
std::vector<Asked> ask_all(const Task& task, const data::Dataset& dataset, Span<const std::int64_t> pictures,
                           std::int64_t answers) {
  constexpr std::size_t together = 8;  // a batch of large patches is a few hundred MB
  std::vector<Asked> asked;
  const std::int64_t each = std::ssize(pictures) * task.program().labels,
                     draws = std::max<std::int64_t>(1, (answers + each - 1) / each);
  for (std::int64_t draw = 0; draw < draws; ++draw)
    for (std::size_t first = 0; first < pictures.size(); first += together) {
      const auto some = pictures.subspan(first, std::min(together, pictures.size() - first));
      std::vector<Question> questions =
          ask(task, task.batch(dataset, {draw, 0, {some.begin(), some.end()}}, true));
      asked.resize(questions.size());
      for (std::size_t i = 0; i < questions.size(); ++i) asked[i].add(std::move(questions[i]), some);
    }
  return asked;
}

template <class Task>
std::vector<Shortcut> audit(const Task& task, const data::Dataset& dataset, const AuditOptions& o) {
  require(o.answers >= 1, "audit: ", o.answers, " answers to learn from");
  const data::IndexSplit split = data::take_split(dataset.size(), o.held_out, o.seed);
  require(split.train.size() >= 2 && split.held_out.size() >= 2, "audit: ", o.held_out, " of ",
          dataset.size(), " pictures; there must be two or more to learn from and to score");
  const auto train = ask_all(task, dataset, Span<const std::int64_t>(split.train), o.answers),
             test = ask_all(task, dataset, Span<const std::int64_t>(split.held_out), o.answers / 2);
  std::vector<Shortcut> shortcuts;
  for (std::size_t i = 0; i < train.size(); ++i) {
    const Question& q = train[i].question;
    const double chance = q.chance > 0 ? q.chance : largest_share(test[i].labels, q.classes);
    shortcuts.push_back(find_shortcut(q.name, train[i].rows(), test[i].rows(), q.classes, chance, o.seed));
  }
  return shortcuts;
}

}  // namespace detail

/// How well a task is solved without seeing, by linear probes of what each input has whatever is in it: its
/// tile statistics, colour fringes and sharpness. Above chance, a network may learn that instead.
template <class Program>
std::vector<Shortcut> audit(const tasks::ViewClassifier<Program>& task, const data::Dataset& dataset,
                            const AuditOptions& options = {}) {
  return detail::audit(task, dataset, options);
}

/// The same for a task of patches: by tile statistics, by how borders go on into each other, by colour
/// fringes; and how well fringes tell in which cell of its grid a patch lies.
template <class Program>
std::vector<Shortcut> audit(const tasks::PatchClassifier<Program>& task, const data::Dataset& dataset,
                            const AuditOptions& options = {}) {
  return detail::audit(task, dataset, options);
}

}  // namespace pretext::eval
