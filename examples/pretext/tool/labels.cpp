// SPDX-License-Identifier: MIT
// Training on few labels, for `pretext lowshot` and `pretext finetune`.
#include "labels.hpp"

#include <cstdio>

#include "tasks.hpp"

using namespace pretext;

void LabelSettings::add_to(Settings& settings) {
  settings.add("labels", &labels, "Labelled pictures of each class, with commas between them");
  settings.add("label-order", &order, "Which those are: random, or file: the first ones, in one draw");
  settings.add("draws", &draws, "How often they are drawn, by this many seeds from --seed on");
  settings.add("seed", &seed, "Draws the labelled pictures, and the validation part of them");
}

std::vector<std::int64_t> LabelSettings::counts() const {
  return split_numbers<std::int64_t>("labels", labels);
}

void LabelSettings::check() const {
  counts();
  label_order_of(order);
  require(draws >= 1 && draws <= 1000, "--draws must be 1 to 1000, not ", draws);
  require(order == "random" || draws == 1, "--label-order file allows --draws 1 alone, not ", draws);
  require(seed >= 0, "--seed must be at least 0, not ", seed);
}

TrainingSettings LabelTraining::of(const TrainingSettings& run, const WeightSettings& init,
                                   const LabelSettings& labels, std::int64_t count, std::int64_t draw) const {
  TrainingSettings s = run;
  s.epochs = epochs;
  s.warmup = 0;
  s.resolve();
  // What has one channel lends nothing to three.
  if (run.task != "supervised")
    s.colors_of = tool_task(run.task).channels == 3 ? run.task + ":" + run.variant : "";
  s.online_probes = false;
  s.task = "supervised";
  s.variant = "fitted";
  s.permutations = s.pictures = 0;
  s.part = "train";
  s.init = init.file;
  s.init_dict = init.dict;
  s.init_prefix = init.prefix;
  s.labels = count;
  s.label_order = labels.order;
  s.seed = labels.seed + draw;
  s.batch = batch;
  s.lr = lr;
  s.head_lr = head_lr;
  if (!schedule.empty()) s.schedule = schedule;
  s.frozen_at = frozen_at;
  s.head = head;
  s.validation = 0;
  s.resolve();
  return s;
}

namespace {

/// The row that a training on labels adds to a table.
eval::Result row_of(const TrainingSettings& s, const Trained& trained, const data::Dataset& train,
                    const data::Dataset& test) {
  const data::Dataset learnt = labelled_of(s, train);
  const bool frozen = !s.frozen_at.empty();
  eval::Result row{.network = s.init.empty() ? "random"
                              : frozen       ? "frozen"
                                             : "fine-tuned",
                   .tap = frozen ? s.frozen_at : "head",
                   .dataset = train.name()};
  const std::string learns = !frozen            ? "training"
                             : s.head == "none" ? "linear classifier of means"
                                                : s.head + " classifier";
  row.protocol =
      learns + (s.labels == 0 ? ", all labels" : eval::labels_text(s.labels, label_order_of(s.label_order)));
  row.constants = {
      {"epochs", message(s.epochs), "of as many pictures as the whole training part"},
      {"batch", message(s.batch), "pictures in a step"},
      {"schedule", s.schedule, "of the learning rate"},
      {"lr", message(s.lr), "highest learning rate"},
      {"head lr", message(s.head_lr), "of the head, over that of the rest"},
      {"momentum", message(s.momentum), "of SGD"},
      {"weight decay", message(s.weight_decay), "of all weights"},
      {"padding", message(s.padding), "pixels that crops move"},
      {"size", message(s.source.size), "pixels of the inputs' side"},
      {"colors of", s.colors_of.empty() ? "rotation" : s.colors_of, "by which inputs are normalised"},
      {"frozen", frozen ? "up to " + s.frozen_at : "nothing", "of the backbone"},
      {"head", s.head, "layers that learn before the linear one"},
      {"mirror", s.mirror ? "yes" : "no", "half of the pictures"}};
  row.train_hash = learnt.hash();
  row.test_hash = test.hash();
  row.seed = s.random_seed();
  row.train = learnt.size();
  row.test = test.size();
  row.correct = trained.test.correct;
  return row;
}

}  // namespace

std::vector<eval::Result> train_on_labels(const LabelTraining& how, const TrainingSettings& run,
                                          const WeightSettings& init, const LabelSettings& labels,
                                          const data::Dataset& train, const data::Dataset& test,
                                          const std::filesystem::path& out) {
  std::vector<eval::Result> results;
  for (const std::int64_t count : labels.counts())
    for (std::int64_t draw = 0; draw < labels.draws; ++draw) {
      TrainingSettings s = how.of(run, init, labels, count, draw);
      Settings stored;
      stored.add("task", &s.task, "");
      s.add_to(stored);
      const std::string name = message(init.file.empty() ? "random" : "finetuned", "-", count, "-", s.seed);
      const std::string known = count == 0 ? "all labels" : counted(count, "label") + " a class";
      std::fprintf(stderr, "%s, %s, seed %lld\n", init.file.empty() ? "random weights" : init.file.c_str(),
                   known.c_str(), static_cast<long long>(s.seed));
      const Trained trained =
          train_network(s, train, test, {.out = out.empty() ? out : out / name, .config = stored.toml()});
      results.push_back(row_of(s, trained, train, test));
    }
  return results;
}
