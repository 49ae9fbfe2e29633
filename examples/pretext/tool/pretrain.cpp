// SPDX-License-Identifier: MIT
// `pretext pretrain TASK` trains a network on pictures whose labels the task makes by itself.
#include <cstdio>
#include <iomanip>
#include <memory>
#include <pretext/eval/online_probes.hpp>
#include <pretext/pretext.hpp>
#include <sstream>

#include "run_facts.hpp"
#include "saved_run.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct PretrainSettings {
  TrainingSettings training;
  std::string out;
  bool force = false, resume = false, test = false, tensorboard = false;
  DryRun dry_run;
  std::int64_t threads = 0, loader_threads = 1, loader_depth = 2;
  double checkpoint_seconds = 60;
};

int dry_run(const PretrainSettings& s, const Settings& settings) {
  auto backbone = make_backbone(s.training);
  const ToolTask& task = tool_task(s.training.task);
  const std::int64_t size = s.training.source.size;
  if (task.head != nullptr)  // else its inputs are parts of a picture
    backbone(Tensor<float, Cpu>::zeros({1, size, size, task.channels}),
             [](const std::string&, const auto&) {});
  return s.dry_run.say(settings, message(nn::count_parameters(backbone),
                                         " parameters in the backbone; nothing was trained or written"));
}

/// Takes the settings of the run that is continued for what was not given.
void read_resumed(PretrainSettings& s, Settings& settings) {
  const auto config = std::filesystem::path(s.out) / "config.toml";
  if (!s.resume || !std::filesystem::exists(config)) return;
  const std::string given = std::exchange(s.training.source.data, "");
  settings.read_toml(config);
  std::string& data = s.training.source.data;
  if (data.empty())
    data = given;  // on the command line
  else
    require_pictures_of(s.out, s.training.source);
}

train::RunMode mode_of(const PretrainSettings& s) {
  return s.force ? train::RunMode::force : s.resume ? train::RunMode::resume : train::RunMode::fresh;
}

/// All that can be refused before pictures are opened.
void check(PretrainSettings& s, const Settings& settings) {
  for (const char* flag : {"size", "padding", "mirror"})
    require(s.training.variant == "fitted" || !settings.given(flag), "--", flag, ": the variant '",
            s.training.variant, "' of ", s.training.task, " has its own; leave it out");
  require(!(s.force && s.resume), "--force starts anew and --resume continues: give one of them");
  require(s.threads >= 0, "--threads must be at least 1, or 0 for one a core, not ", s.threads);
  require(s.loader_threads >= 1 && s.loader_threads <= 1024, "--loader-threads must be 1 to 1024, not ",
          s.loader_threads);
  require(s.loader_depth >= 0 && s.loader_depth <= 1024, "--loader-depth must be 0 to 1024, not ",
          s.loader_depth);
  require(s.checkpoint_seconds >= 0, "--checkpoint-seconds must be 0 or more, not ", s.checkpoint_seconds);
  s.training.resolve();
  require_apart(s.out, s.training.source);
  if (!s.dry_run.asked()) train::RunDir::check(s.out, mode_of(s));
}

/// What the test part said, kept with the run.
void write_test(const PretrainSettings& s, Trained& trained, const data::Dataset& test,
                const std::string& command) {
  const tasks::Score& score = trained.test;
  const auto result = JsonObject()
                          .add("command", command)
                          .add("task", s.training.task)
                          .add("dataset", test.name())
                          .add("test_hash", hash_text(test.hash()))
                          .add("pictures", test.size())
                          .add("count", score.count)
                          .add("correct", score.correct)
                          .add("accuracy", score.accuracy())
                          .add("loss", score.loss)
                          .add("epochs", s.training.epochs)
                          .add("weights_hash", hash_text(nn::hash_state(trained.backbone)));
  write_text(std::filesystem::path(s.out) / "test.json", result.text() + "\n");
}

/// What the training came to, in one line.
std::string summary(const std::string& task, const Trained& trained) {
  std::ostringstream text;
  text << std::fixed;
  const auto numbers = [&](double loss, double accuracy) {
    text << "loss " << std::setprecision(4) << loss << ", accuracy " << std::setprecision(2) << 100 * accuracy
         << " %";
  };
  const train::Record& last = trained.epochs.back();
  text << task << ": " << trained.parameters << " parameters, training ";
  numbers(last.loss, last.accuracy);
  if (last.validation_accuracy) {
    text << "; held out: ";
    numbers(*last.validation_loss, *last.validation_accuracy);
  }
  if (trained.test.count > 0) {
    text << "; on " << trained.tested << " ";
    numbers(trained.test.loss, trained.test.accuracy());
  }
  return text.str();
}

int run(PretrainSettings& s, Settings& settings) {
  if (s.out.empty()) s.out = "runs/" + s.training.task;
  read_resumed(s, settings);
  check(s, settings);
  if (s.threads > 0) set_num_threads(narrow<int>(s.threads, "--threads"));
  if (s.dry_run.asked()) return dry_run(s, settings);
  const data::Dataset train = s.training.open_training();
  const data::Dataset test = s.test ? s.training.source.open(data::Split::test) : data::Dataset();
  train::FitOptions how{.loader_depth = narrow<int>(s.loader_depth, "--loader-depth"),
                        .loader_threads = narrow<int>(s.loader_threads, "--loader-threads"),
                        .out = s.out,
                        .mode = mode_of(s),
                        .checkpoint_seconds = s.checkpoint_seconds,
                        .config = settings.toml(),
                        .tensorboard = s.tensorboard};
  const MakeCompanion probes = [&](nn::Sequential<>& backbone, const data::Dataset& pictures) {
    const std::int64_t size = s.training.source.size, channels = tool_task(s.training.task).channels;
    return std::make_unique<eval::OnlineProbes>(
        backbone, Shape{1, size, size, channels}, static_cast<int>(pictures.classes().size()),
        eval::OnlineProbeOptions{.seed = s.training.random_seed(),
                                 .file = std::filesystem::path(s.out) / online_probes_file});
  };
  Trained trained =
      train_network(s.training, train, test, std::move(how), s.training.online_probes ? probes : nullptr);
  if (trained.test.count > 0) write_test(s, trained, test, settings.command());
  const std::string line = summary(s.training.task, trained);
  train::add_to_log(s.out, line);
  std::printf("%s\nsaved in %s\n", line.c_str(), s.out.c_str());
  return 0;
}

}  // namespace

Verb pretrain_verb() {
  auto s = std::make_shared<PretrainSettings>();
  Verb verb{"pretrain",
            "Train a network on labels that a pretext task makes by itself",
            {},
            [s](Settings& settings) { return run(*s, settings); }};
  verb.settings.add_positional("task", &s->training.task,
                               "A pretext task, or supervised for the baseline; 'pretext info' lists them");
  s->training.add_to(verb.settings);
  verb.settings.add_unstored("out", &s->out,
                             "Run folder (default: runs/TASK); never overwritten without --force");
  verb.settings.add_unstored("force", &s->force, "Delete the run that is in the folder");
  verb.settings.add_unstored("resume", &s->resume,
                             "Continue the run in the folder with its settings, to the same bits");
  verb.settings.add_unstored("test", &s->test,
                             "Score the test part at the end, when nothing is left to choose: test.json");
  verb.settings.add_unstored("tensorboard", &s->tensorboard,
                             "Write metrics, weights, filters and inputs for TensorBoard into RUN/events");
  s->dry_run.add_to(verb.settings);
  verb.settings.add_unstored("threads", &s->threads, "Threads of all kernels; 0: one a core");
  verb.settings.add_unstored("recompute", &s->training.recompute,
                             "Keep only the inputs of blocks in a step, and compute the rest twice");
  verb.settings.add_unstored("loader-threads", &s->loader_threads, "Threads that make batches");
  verb.settings.add_unstored("loader-depth", &s->loader_depth, "Batches made ahead");
  verb.settings.add_unstored("checkpoint-seconds", &s->checkpoint_seconds, "Seconds between checkpoints");
  return verb;
}
