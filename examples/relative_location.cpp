// SPDX-License-Identifier: MIT
// Learns from unlabelled pictures by telling where one patch lies, seen from another, then measures what the
// features are worth:
//
//   relative_location            on procedural pictures of 96 pixels, nothing to download
//   relative_location pictures/  on a folder with train/<class>/* and test/<class>/*, or a .tar of one
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
  auto options = tasks::relative_location_options(tasks::Variant::revisited);
  options.features = tasks::tile_features(backbone, tile);
  options.seed = 42, options.averaged = false;
  options.tile = tile;
  options.gap = options.jitter = 8;
  options.short_side = side;
  options.pairs = tasks::Pairs::all;
  options.colors = {.dropping = 1};
  options.normalization = by_tile;
  options.fc6 = {.width = 64, .norm = norm};
  options.fc7 = {.width = 128, .norm = norm};
  tasks::RelativeLocation<> task(options, rng);

  const std::int64_t epochs = 4;
  train::fit(
      backbone, task, train, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
      {.epochs = epochs, .batch = 16, .seed = 42, .schedule = optim::Cosine{.lr = 0.05, .end = epochs}});
  const tasks::Score score = train::evaluate(backbone, task, test);
  std::printf("pairs of new pictures placed: %.1f %% (best constant answer 15 %%)\n", 100 * score.accuracy());

  const tasks::PlainInputs inputs{.crop = tasks::SquareCrop{.size = side}, .normalization = by_tile};
  for (auto [net, name] : {std::pair(&backbone, "patches"), std::pair(&random, "random weights")})
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
    std::fprintf(stderr, "relative_location: %s\n", error.what());
    return 1;
  }
}
