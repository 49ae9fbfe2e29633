// SPDX-License-Identifier: MIT
// `pretext view TASK` draws what a network is shown, before any training.
#include <cstdio>
#include <memory>
#include <pretext/cpu/render.hpp>
#include <pretext/image/codec.hpp>
#include <pretext/report/grid.hpp>
#include <pretext/tasks/rotation.hpp>
#include <pretext/tasks/supervised.hpp>

#include "training.hpp"
#include "verbs.hpp"

using namespace pretext;

namespace {

struct ViewSettings {
  DataSettings source;
  std::string task = "rotation", out = "view.png";
  std::int64_t pictures = 8, epoch = 0, seed = 0;
  bool augment = true;
};

/// One row a picture: its views in the order of the task, each with its label under it.
template <class Program>
void draw(const Program& program, const ViewSettings& s, const data::Dataset& dataset,
          const std::vector<std::string>& names, const std::string& title) {
  const data::BatchPlan plan{s.epoch, 0, some_indices(dataset.size(), s.pictures)};
  const int size = program.crop.size;
  const auto batch = tasks::draw_batch<Cpu, float>(
      program, dataset, plan, {{size, size, cifar_normalization}, static_cast<std::uint64_t>(s.seed)},
      s.augment);
  std::vector<Image> images;
  report::GridOptions grid{.columns = Program::views == 1 ? 8 : Program::views, .title = title};
  for (std::int64_t v = 0; v < batch.inputs.dim(0); ++v) {
    images.push_back(to_image(batch.inputs.rows(v, v + 1).reshape({size, size, 3}), cifar_normalization));
    const auto label = static_cast<std::size_t>(batch.labels.data()[v]);
    grid.captions.push_back(label < names.size() ? names[label] : "no label");
  }
  make_folder_of(s.out);
  write_png(s.out, report::grid(images, grid));
  std::printf("%s: %s of %s\n", s.out.c_str(), counted(std::ssize(images), "view").c_str(),
              counted(std::ssize(plan.indices), "picture").c_str());
}

int run(const ViewSettings& s) {
  require(s.pictures >= 1 && s.pictures <= 1000, "--pictures must be 1 to 1000, not ", s.pictures);
  require_known("task", s.task, task_names());
  const data::Dataset dataset = s.source.open(data::Split::train);
  require(s.pictures <= dataset.size(), "--pictures must be at most the ", dataset.size(), " of ",
          dataset.name(), ", not ", s.pictures);
  const tasks::SquareCrop crop{.size = static_cast<int>(s.source.size)};
  if (s.task == "rotation")
    draw(tasks::RotationViews{crop}, s, dataset, {"0: up", "1: left", "2: down", "3: right"},
         "rotation: which way up?");
  else
    draw(tasks::SupervisedViews{crop, static_cast<int>(dataset.classes().size())}, s, dataset,
         dataset.classes(), "supervised: what is it?");
  return 0;
}

}  // namespace

Verb view_verb() {
  auto s = std::make_shared<ViewSettings>();
  Verb verb{"view", "Draw what the network is shown, with labels, as one PNG", {}, [s](const Settings&) {
              return run(*s);
            }};
  verb.settings.add_positional("task", &s->task, "The task: rotation or supervised");
  s->source.add_to(verb.settings);
  verb.settings.add("out", &s->out, "The picture to write");
  verb.settings.add("pictures", &s->pictures, "How many source pictures");
  verb.settings.add("augment", &s->augment, "Move and mirror as in training");
  verb.settings.add("epoch", &s->epoch, "Which epoch's draws");
  verb.settings.add("seed", &s->seed, "Seed of the draws");
  return verb;
}
