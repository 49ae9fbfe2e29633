// SPDX-License-Identifier: MIT
// Learns from unlabelled pictures by telling patches of them apart, however they are moved, turned and
// coloured, then measures what the features are worth:
//
//   exemplar                    on procedural pictures, nothing to download; but their colours are drawn
//   at random, so that little is learnt
//   exemplar pictures/          on a folder with train/<class>/* and test/<class>/*, a .tar of one, or
//   CIFAR-10
#include <cstdio>
#include <pretext/pretext.hpp>

using namespace pretext;

namespace {

int run(const std::string& source) {
  const data::Dataset train = data::open(source, data::Split::train),
                      test = data::open(source, data::Split::test);
  const tasks::Seeds seeds = tasks::exemplar_seeds(train, {.count = 250, .seed = 42});
  Rng rng(42);
  auto backbone = models::nin({.blocks = 3, .width = 48}, rng);
  auto random = models::nin({.blocks = 3, .width = 48}, rng);
  tasks::Exemplar<> task({.features = 48, .seed = 42}, seeds, rng);

  const std::int64_t epochs = 160;
  train::fit(
      backbone, task, seeds.pictures, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
      {.epochs = epochs, .batch = 50, .seed = 42, .schedule = optim::Cosine{.lr = 0.05, .end = epochs}});
  const tasks::Score score = train::evaluate(backbone, task, seeds.pictures);
  std::printf("seeds recognised in new samples: %.1f %% (chance %.1f %%)\n", 100 * score.accuracy(),
              100.0 / static_cast<double>(seeds.pictures.size()));

  const tasks::PlainInputs inputs;
  for (auto [net, name] : {std::pair(&backbone, "exemplar"), std::pair(&random, "random weights")})
    for (const eval::Result& result :
         eval::evaluate(*net, name, train, eval::seal(train, test), inputs, {.features = {.budget = 1024}}))
      std::printf("%-16s %-8s %-24s %.1f %%\n", name, result.tap.c_str(), result.protocol.c_str(),
                  100 * result.accuracy());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "shapes");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "exemplar: %s\n", error.what());
    return 1;
  }
}
