// SPDX-License-Identifier: MIT
// `pretext finetune` trains all of a network on labels, or what stands on a frozen part of it, from the
// weights of a run, beside random ones.
#include <cstdio>
#include <memory>
#include <pretext/eval/probe.hpp>

#include "labels.hpp"
#include "network.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct FinetuneSettings {
  LabelSettings labels{.labels = "0", .draws = 1};
  LabelTraining tuned{.lr = 0, .head_lr = 0};
  double random_lr = 0.1;
  NetworkSettings network;
  std::string out, keep;
  bool baselines = true;

  /// The rates that suit what learns, where nobody said.
  void resolve() {
    const bool all = tuned.frozen_at.empty();
    if (tuned.lr == 0) tuned.lr = all ? 0.01 : 0.1;
    if (tuned.head_lr == 0) tuned.head_lr = all ? 10 : 1;
  }
  /// From random weights nothing is kept carefully, and a frozen part asks of others what it asks of itself.
  LabelTraining random() const {
    LabelTraining how = tuned;
    if (!tuned.frozen_at.empty()) return how;
    how.lr = random_lr;
    how.head_lr = 1;
    return how;
  }
};

int run(FinetuneSettings& s, const Settings& settings) {
  s.labels.check();
  const TrainingSettings training = s.network.read(settings, s.labels.seed);
  const std::string out = s.network.place(s.out, "finetune.json");
  s.resolve();
  const LabelTraining random = s.random();
  for (const std::int64_t count : s.labels.counts()) {  // whatever is wrong with the settings, before hours
    s.tuned.of(training, s.network.from(), s.labels, count, 0);
    make_network(random.of(training, {}, s.labels, count, 0));
  }
  const Restored restored = s.network.load(training);
  if (s.network.dry_run.asked()) return s.network.say_dry_run(settings, "finetune", out);
  require_writable(out);
  const data::Dataset train = training.source.open(data::Split::train),
                      test = training.source.open(data::Split::test);
  eval::seal(train, test);  // refuses what has no labels, or other classes
  auto results = train_on_labels(s.tuned, training, s.network.from(), s.labels, train, test, s.keep);
  if (s.baselines)
    for (auto& row : train_on_labels(random, training, {}, s.labels, train, test, s.keep))
      results.push_back(std::move(row));
  print_table(results, true);
  write_results(out, results, settings.command(), settings.toml(),
                weights_of(s.network.from().file, training, restored));
  std::printf("\nevery number with its protocol: %s\n", out.c_str());
  return 0;
}

}  // namespace

Verb finetune_verb() {
  auto s = std::make_shared<FinetuneSettings>();
  Verb verb{"finetune",
            "Train a network on labels, or a head on a frozen part of it, from a run's weights and from "
            "random ones",
            {},
            [s](const Settings& settings) { return run(*s, settings); }};
  s->network.add_to(verb.settings, "Labelled pictures with a train and a test part");
  s->labels.add_to(verb.settings);
  verb.settings.add("epochs", &s->tuned.epochs, "Epochs, each as long as with all labels");
  verb.settings.add("batch", &s->tuned.batch, "Pictures in a step");
  verb.settings.add(
      "frozen-at", &s->tuned.frozen_at,
      "The tap up to which the backbone stays as it is, and which is its last; empty: all learns");
  verb.settings.add("head", &s->tuned.head,
                    "What learns on that tap: none but the classifier, mlp or conv, as RotNet's");
  verb.settings.add("schedule", &s->tuned.schedule,
                    "Of the learning rate, as in pretrain; empty: that of the run");
  verb.settings.add("lr", &s->tuned.lr,
                    "Highest learning rate from the run's weights; 0: 0.01, or 0.1 on a frozen part");
  verb.settings.add("head-lr", &s->tuned.head_lr,
                    "Learning rate of the new head, over that of the rest; 0: 10, or 1 on a frozen part");
  verb.settings.add("random-lr", &s->random_lr, "Highest learning rate from random weights");
  verb.settings.add("baselines", &s->baselines, "Train from random weights as well");
  verb.settings.add_unstored("keep", &s->keep, "Folder for the runs, one a training; empty: none is kept");
  verb.settings.add_unstored("out", &s->out, "Result file (default: finetune.json in the run folder)");
  return verb;
}
