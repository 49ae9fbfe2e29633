// SPDX-License-Identifier: MIT
// Learns from unlabelled pictures by giving colours to grey ones, writes colorization.png (a new picture as
// the network colours it, and as it was), and measures what the features are worth:
//
//   colorization                    on procedural pictures, nothing to download; but their colours are drawn
//   at random, so that little is learnt
//   colorization pictures/          on a folder with train/<class>/* and test/<class>/*, a .tar of one, or
//   CIFAR-10
#include <cstdio>
#include <pretext/pretext.hpp>

using namespace pretext;

namespace {

int run(const std::string& source) {
  const data::Dataset train = data::open(source, data::Split::train),
                      test = data::open(source, data::Split::test);

  Rng rng(42);
  auto backbone = models::nin({.blocks = 3, .width = 48, .channels = 1}, rng);
  auto random = models::nin({.blocks = 3, .width = 48, .channels = 1}, rng);
  tasks::Colorization<> task({.features = 48, .prior = tasks::ab_prior(train), .seed = 42}, rng);

  const std::int64_t epochs = 8;
  train::fit(
      backbone, task, train, optim::Sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
      {.epochs = epochs, .batch = 32, .seed = 42, .schedule = optim::Cosine{.lr = 0.1, .end = epochs}});
  const tasks::Score score = train::evaluate(backbone, task, test);
  std::printf("share of new pixels in the right one of 313 bins: %.1f %%\n", 100 * score.accuracy());

  const Image as_it_was = Image::from(test.image(0)), coloured = task.colorize(backbone, as_it_was);
  Image strip(as_it_was.height(), 2 * as_it_was.width());
  for (int y = 0; y < strip.height(); ++y)
    for (int x = 0; x < as_it_was.width(); ++x)
      for (int c = 0; c < 3; ++c) {
        strip.at(y, x, c) = coloured.at(y, x, c);
        strip.at(y, x + as_it_was.width(), c) = as_it_was.at(y, x, c);
      }
  write_png("colorization.png", strip);

  for (auto [net, name] : {std::pair(&backbone, "colorization"), std::pair(&random, "random weights")})
    for (const eval::Result& result : eval::evaluate(*net, name, train, eval::seal(train, test),
                                                     task.plain_inputs(), {.features = {.budget = 1024}}))
      std::printf("%-16s %-8s %-24s %.1f %%\n", name, result.tap.c_str(), result.protocol.c_str(),
                  100 * result.accuracy());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "shapes");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "colorization: %s\n", error.what());
    return 1;
  }
}
