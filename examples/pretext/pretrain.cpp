// SPDX-License-Identifier: MIT
// `pretext pretrain TASK` trains a network on pictures whose labels the task makes by itself.
#include <cstdio>
#include <memory>
#include <pretext/pretext.hpp>

#include "training.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct PretrainSettings {
  TrainingSettings training;
  std::string out;
  bool force = false, resume = false, dry_run = false, test = false;
  std::int64_t threads = 0, loader_threads = 1, loader_depth = 2;
  double checkpoint_seconds = 60;
};

int dry_run(const PretrainSettings& s, const std::string& config) {
  auto backbone = make_backbone(s.training);
  s.training.check({});
  std::printf("%s\n# %lld parameters in the backbone; nothing was trained or written\n", config.c_str(),
              static_cast<long long>(nn::count_parameters(backbone)));
  return 0;
}

int run(PretrainSettings& s, Settings& settings) {
  if (s.out.empty()) s.out = "runs/" + s.training.task;
  if (const auto config = std::filesystem::path(s.out) / "config.toml";
      s.resume && std::filesystem::exists(config))
    settings.read_toml(config);
  require(!(s.force && s.resume), "--force starts anew and --resume continues: give one of them");
  require(s.threads >= 0, "--threads must be at least 1, or 0 for one a core, not ", s.threads);
  if (s.threads > 0) set_num_threads(narrow<int>(s.threads, "--threads"));
  if (s.dry_run) return dry_run(s, settings.toml());
  const data::Dataset train = s.training.source.open(data::Split::train);
  const data::Dataset test = s.test ? s.training.source.open(data::Split::test) : data::Dataset();
  train::FitOptions how{.loader_depth = narrow<int>(s.loader_depth, "--loader-depth"),
                        .loader_threads = narrow<int>(s.loader_threads, "--loader-threads"),
                        .out = s.out,
                        .mode = s.force    ? train::RunMode::force
                                : s.resume ? train::RunMode::resume
                                           : train::RunMode::fresh,
                        .checkpoint_seconds = s.checkpoint_seconds,
                        .config = settings.toml()};
  const Trained trained = train_network(s.training, train, test, std::move(how));
  const train::Record& last = trained.epochs.back();
  std::printf("%s: %lld parameters, training loss %.4f, accuracy %.2f %%", s.training.task.c_str(),
              static_cast<long long>(trained.parameters), last.loss, 100 * last.accuracy);
  if (last.validation_accuracy)
    std::printf("; held out: loss %.4f, accuracy %.2f %%", *last.validation_loss,
                100 * *last.validation_accuracy);
  if (trained.test.count > 0)
    std::printf("; on %lld test pictures loss %.4f, accuracy %.2f %%", static_cast<long long>(test.size()),
                trained.test.loss, 100 * trained.test.accuracy());
  std::printf("\nsaved in %s\n", s.out.c_str());
  return 0;
}

}  // namespace

Verb pretrain_verb() {
  auto s = std::make_shared<PretrainSettings>();
  Verb verb{"pretrain",
            "Train a network on labels that a pretext task makes by itself",
            {},
            [s](Settings& settings) { return run(*s, settings); }};
  verb.settings.add_positional("task", &s->training.task, "rotation, or supervised for the baseline");
  s->training.add_to(verb.settings);
  verb.settings.add_unstored("out", &s->out,
                             "Run folder (default: runs/TASK); never overwritten without --force");
  verb.settings.add_unstored("force", &s->force, "Delete the run that is in the folder");
  verb.settings.add_unstored("resume", &s->resume,
                             "Continue the run in the folder with its settings, to the same bits");
  verb.settings.add_unstored("test", &s->test,
                             "Score the test part at the end: when nothing is left to choose");
  verb.settings.add_unstored("dry-run", &s->dry_run, "Print the resolved config and stop");
  verb.settings.add_unstored("threads", &s->threads, "Threads of all kernels; 0: one a core");
  verb.settings.add_unstored("loader-threads", &s->loader_threads, "Threads that make batches");
  verb.settings.add_unstored("loader-depth", &s->loader_depth, "Batches made ahead");
  verb.settings.add_unstored("checkpoint-seconds", &s->checkpoint_seconds, "Seconds between checkpoints");
  return verb;
}
