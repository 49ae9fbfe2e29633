// SPDX-License-Identifier: MIT
// Learns from unlabelled pictures by putting puzzles of nine tiles together, then measures what the features
// are worth:
//
//   jigsaw               on procedural pictures of 96 pixels, nothing to download
//   jigsaw pictures/     on a folder with train/<class>/* and test/<class>/*, or a .tar of one
#include <cstdio>
#include <pretext/pretext.hpp>

using namespace pretext;

namespace {

int run(const std::string& source) {
  const auto train = data::open(source, data::Split::train), test = data::open(source, data::Split::test);
  Rng rng(42);
  auto backbone = models::nin({.blocks = 3, .width = 32}, rng);
  auto random = models::nin({.blocks = 3, .width = 32}, rng);
  const int side = 96, tile = 24;  // pictures of any size are scaled to the side
  const Normalization by_tile{.statistics = Statistics::tile};
  const auto norm = tasks::DenseNorm::batch;
  tasks::JigsawOptions options{.features = tasks::tile_features(backbone, tile), .seed = 42};
  options.tile = tile;
  options.gap = options.jitter = 8;
  options.channel_shift = 1;
  options.short_side = side, options.mirror = true;
  options.permutations = 24;
  options.spacing = tasks::Spacing::max_min;
  options.shown = 4;
  options.normalization = by_tile;
  options.fc6 = {.width = 64, .norm = norm};
  options.fc7 = {.width = 256, .norm = norm};
  tasks::Jigsaw<> task(options, rng);

  const std::int64_t epochs = 4;
  train::fit(
      backbone, task, train, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
      {.epochs = epochs, .batch = 16, .seed = 42, .schedule = optim::Cosine{.lr = 0.05, .end = epochs}});
  const tasks::Score score = train::evaluate(backbone, task, test);
  std::printf("puzzles of new pictures solved: %.1f %% (chance 4.2 %%)\n", 100 * score.accuracy());

  const tasks::PlainInputs inputs{.crop = tasks::SquareCrop{.size = side}, .normalization = by_tile};
  for (auto [net, name] : {std::pair(&backbone, "jigsaw"), std::pair(&random, "random weights")})
    for (const eval::Result& r : eval::evaluate(*net, name, train, eval::seal(train, test), inputs,
                                                {.features = {.budget = 1024}, .knn = false}))
      std::printf("%-16s %-8s %.1f %%\n", name, r.tap.c_str(), 100 * r.accuracy());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "shapes:96:3000");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "jigsaw: %s\n", error.what());
    return 1;
  }
}
