// SPDX-License-Identifier: MIT
// What predict_step() says of a training step beside what one takes: memory and time of models of the
// registry, forward and backward, at a batch well above those that it was predicted from. usage: step_cost
// [MODEL:SIZE:BATCH...]
#include <pretext/cpu/render.hpp>
#include <pretext/pretext.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include "pretext/nn/step_cost.hpp"

using namespace pretext;

namespace {

/// MODEL:SIZE:BATCH
struct Case {
  std::string model;
  std::int64_t size, batch;

  explicit Case(const std::string& text) {
    const std::size_t first = text.find(':'), second = text.find(':', first + 1);
    require(first != std::string::npos && second != std::string::npos, text, ": expected MODEL:SIZE:BATCH");
    model = text.substr(0, first);
    size = std::stoll(text.substr(first + 1));
    batch = std::stoll(text.substr(second + 1));
  }
};

void print(const Case& c) {
  Rng rng(1);
  nn::Sequential<> net = models::backbone(c.model, {}, rng);
  const Shape input{1, c.size, c.size, 3};
  const nn::StepCost predicted = nn::predict_step(net, input),
                     measured = nn::detail::measure_step<float, Cpu>(net, input, c.batch, 3);
  const double mega = 1.0 / (1 << 20), ms = 1000 * predicted.seconds_of(c.batch),
               mib = mega * predicted.bytes_of(c.batch);
  std::printf("| %s | %lld | %lld | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n", c.model.c_str(),
              static_cast<long long>(c.size), static_cast<long long>(c.batch), ms, 1000 * measured.seconds,
              ms / (1000 * measured.seconds), mib, mega * measured.bytes, mib / (mega * measured.bytes));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> cases(argv + 1, argv + argc);
  if (cases.empty())
    cases = {"nin3:32:128",          "nin4:32:128",           "nin5:32:128",    "resnet20:32:128",
             "resnet18_small:32:64", "vgg11_bn_small:32:128", "alexnet:224:32", "vgg11_bn:224:8",
             "resnet18:224:16",      "resnet50:224:8"};
  std::printf(
      "| model | size | batch | ms, predicted | measured | ratio | MiB, predicted | measured | ratio |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|\n");
  try {
    for (const std::string& text : cases) print(Case(text));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "step_cost: %s\n", error.what());
    return 1;
  }
  return 0;
}
