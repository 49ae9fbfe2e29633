// SPDX-License-Identifier: MIT
// `pretext view TASK` draws what a network is shown, and what a trained one answers.
#include <cstdio>
#include <memory>
#include <optional>
#include <pretext/image/codec.hpp>

#include "saved_run.hpp"
#include "tasks.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct ViewSettings {
  TrainingSettings training;
  std::string run, out = "view.png";
  std::int64_t pictures = 8, epoch = 0;
  bool augment = true;
};

/// The settings of the run that is looked at; only its pictures may be named anew.
TrainingSettings settings_of_run(const ViewSettings& s, Settings& settings) {
  TrainingSettings training = read_run(s.run);
  require(training.task == s.training.task, s.run, ": is a run of ", training.task, ", not of ",
          s.training.task);
  for (const Settings::Field& field : settings.fields()) {
    if (field.name == "data" && field.given) training.source.data = s.training.source.data;
    require(!field.given || (field.name != "variant" && field.name != "size" && field.name != "seed"), "--",
            field.name, " is that of the run; leave it out, or --run");
  }
  require_pictures_of(s.run, training.source);
  return training;
}

int run(ViewSettings& s, Settings& settings) {
  require(s.epoch >= 0, "--epoch must be at least 0, not ", s.epoch);
  require(s.out.ends_with(".png"), "--out must name a .png, not '", s.out, "'");
  require(s.pictures >= 1 && s.pictures <= 1000, "--pictures must be 1 to 1000, not ", s.pictures);
  TrainingSettings training = s.run.empty() ? s.training : settings_of_run(s, settings);
  training.resolve();
  const data::Dataset dataset = training.open_training();
  require(s.pictures <= dataset.size(), "--pictures must be at most the ", dataset.size(), " of ",
          dataset.name(), ", not ", s.pictures);
  std::optional<Trained> trained;
  if (!s.run.empty()) trained = load_trained(training, s.run, dataset);
  const ViewRequest request{.dataset = dataset,
                            .plan = {s.epoch, 0, some_indices(dataset.size(), s.pictures)},
                            .training = s.augment,
                            .trained = trained ? &*trained : nullptr};
  const Image picture = tool_task(training.task).view(training, request);
  make_folder_of(s.out);
  write_png(s.out, picture);
  std::printf("%s: %s, asked: %s\n", s.out.c_str(), counted(s.pictures, "picture").c_str(),
              tool_task(training.task).question.c_str());
  return 0;
}

}  // namespace

Verb view_verb() {
  auto s = std::make_shared<ViewSettings>();
  Verb verb{"view", "Draw what the network is shown, with labels, as one PNG", {}, [s](Settings& settings) {
              return run(*s, settings);
            }};
  verb.settings.add_positional("task", &s->training.task, "The task; 'pretext info' lists them");
  s->training.source.add_to(verb.settings);
  verb.settings.add("variant", &s->training.variant, "Constants of the task; 'pretext info TASK' lists them");
  verb.settings.add("run", &s->run, "A run folder: its pictures, and what its network answers");
  verb.settings.add("out", &s->out, "The picture to write");
  verb.settings.add("pictures", &s->pictures, "How many source pictures");
  verb.settings.add("augment", &s->augment, "Move and mirror as in training");
  verb.settings.add("epoch", &s->epoch, "Which epoch's draws");
  verb.settings.add("seed", &s->training.seed, "Seed of the draws");
  return verb;
}
