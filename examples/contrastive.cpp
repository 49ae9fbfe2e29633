// SPDX-License-Identifier: MIT
// Learns from unlabelled pictures by finding the other view of each among those of a batch, then measures
// what the features are worth. The task is one header: include/pretext/tasks/contrastive.hpp.
//
//   contrastive                    on procedural pictures, nothing to download; but their colours are drawn
//   at random, so that little is learnt
//   contrastive pictures/          on a folder with train/<class>/* and test/<class>/*, a .tar of one, or
//   CIFAR-10
#include <cstdio>
#include <pretext/pretext.hpp>

using namespace pretext;

namespace {

int run(const std::string& source) {
  const data::Dataset train = data::open(source, data::Split::train),
                      test = data::open(source, data::Split::test);

  Rng rng(42);
  auto backbone = models::nin({.blocks = 3, .width = 48}, rng);
  auto random = models::nin({.blocks = 3, .width = 48}, rng);
  tasks::ContrastiveOptions options{.features = 48, .seed = 42, .blurred = 0, .temperature = 0.5};
  options.crop.size = 32;
  options.jitter = {.brightness = 0.4F, .contrast = 0.4F, .saturation = 0.4F, .hue = 0.1F};
  tasks::Contrastive<> task(options, rng);

  const std::int64_t epochs = 8;
  train::fit(
      backbone, task, train, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
      {.epochs = epochs, .batch = 128, .seed = 42, .schedule = optim::Cosine{.lr = 0.1, .end = epochs}});
  const tasks::Score score = train::evaluate(backbone, task, test);
  std::printf("other views of new pictures found: %.1f %% (chance 0.4 %%)\n", 100 * score.accuracy());

  const tasks::PlainInputs inputs;
  for (auto [net, name] : {std::pair(&backbone, "contrastive"), std::pair(&random, "random weights")})
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
    std::fprintf(stderr, "contrastive: %s\n", error.what());
    return 1;
  }
}
